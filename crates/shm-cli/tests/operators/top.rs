//! `shm top`: rates, ages and holders of all mailboxes, again and again, on a terminal or not.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use test_support::shm::{
    ENDING_SIGNALS, attached_reader, attached_writer, into_closed_pipe, leave, printed, run, shm,
};
use test_support::{Name, Process, Terminal, until};

use super::json;

/// What `shm top` draws on, and how it gives it back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

#[test]
fn a_look_shows_who_holds_the_roles_and_what_is_queued() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "8"]);
    writer.send("one\ntwo\n");
    until("both are sent", || name.sent() == 2);
    let looks = printed(["top", "-n", "2", "--interval", "1ms", name.as_str()]);
    let looks: Vec<_> = looks.split("\n\n").collect();
    assert_eq!(looks.len(), 2);
    let fields = |look: &str| -> Vec<_> {
        let mut lines = look.lines();
        let headings = lines.next().expect("headings");
        let headings = headings.split_whitespace().map(str::to_owned);
        let row = lines.next().expect("a row").split_whitespace();
        headings.zip(row.map(str::to_owned)).collect()
    };
    let holds = |fields: &[(String, String)], column: &str, value: &str| {
        let found = fields.iter().find(|(name, _)| name == column);
        assert_eq!(
            found.map(|(_, value)| value.as_str()),
            Some(value),
            "{column}"
        );
    };
    for (at, look) in looks.into_iter().enumerate() {
        let fields = fields(look);
        for (column, value) in [
            ("NAME", name.as_str()),
            ("SENT/S", ["-", "0"][at]),
            ("RECEIVED/S", ["-", "0"][at]),
            ("QUEUED", "2"),
            ("SLOTS", "8"),
            ("WRITER", &writer.pid().to_string()),
            ("READER", "-"),
            ("SENT", "2"),
        ] {
            holds(&fields, column, value);
        }
        // It was there before the first look, and may be older than that.
        let (_, age) = fields
            .iter()
            .find(|(name, _)| name == "OLDEST")
            .expect("one");
        assert!(age.starts_with('>') && age.ends_with('s'), "{age}");
    }
    writer.kill();
}

#[test]
fn json_has_the_fields_of_ls_and_the_figures_of_the_look() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let listed = &json(&printed(["ls", "--json", name.as_str()]))[0];
    let looks = json(&printed(["top", "--json", "-n", "1", name.as_str()]));
    let expected = json!({
        "schema": 1,
        "interval_ms": 1000,
        "mailboxes": [{
            "name": name.as_str(),
            "sent_per_second": null,
            "received_per_second": null,
            "oldest_ms": 0,
            "oldest_is_older": true,
            "owner": listed["owner"],
            "mailbox": listed["mailbox"],
        }],
    });
    assert_eq!(looks, [expected]);
}

#[test]
fn the_busiest_is_first() {
    let (idle, busy) = (Name::new(), Name::new());
    leave(&idle, &["-m", "one"], "");
    let mut writer = attached_writer(&busy, &["--slots", "64"]);
    let names = [idle.as_str(), busy.as_str()];
    let mut top = Process::spawn(shm(["top", "--json", "--interval", "10ms"]).args(names));
    top.wait_for_output("a look", |output| output.contains(&b'\n'));
    writer.send("one\ntwo\n");
    let is_first = |line: &[u8]| {
        let look: Value = serde_json::from_slice(line).expect("a line is JSON");
        let first = &look["mailboxes"][0];
        let rate = first["sent_per_second"].as_f64();
        first["name"] == busy.as_str() && rate.is_some_and(|rate| rate > 0.0)
    };
    top.wait_for_output("the busy one first", |output| {
        let mut lines = output.split_inclusive(|byte| *byte == b'\n');
        lines.any(|line| line.ends_with(b"\n") && is_first(line))
    });
    top.kill();
    writer.kill();
}

#[test]
fn a_holder_that_comes_or_goes_is_seen_at_the_next_look() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let mut top = Process::spawn(&mut shm([
        "top",
        "--json",
        "--interval",
        "5ms",
        name.as_str(),
    ]));
    let seen = |top: &Process, what: &str| {
        top.wait_for_output(what, |output| {
            String::from_utf8_lossy(output).contains(what)
        });
    };
    seen(&top, r#""reader":{"state":"none","pid":null"#);
    let mut writer = attached_writer(&name, &[]);
    let mut reader = attached_reader(&name, &[]);
    for process in [&writer, &reader] {
        let pid = process.pid();
        seen(
            &top,
            &format!(r#""state":"alive","pid":{pid},"confirmed":true"#),
        );
    }
    reader.kill();
    seen(&top, r#""reader":{"state":"dead""#);
    writer.kill();
    top.kill();
}

#[test]
fn a_look_changes_nothing_in_an_object() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let before = name.bytes();
    run(["top", "-n", "3", "--interval", "1ms", name.as_str()]).expect_code(0);
    assert!(name.bytes() == before, "not a byte has changed");
}

/// The modes of the terminal, as `stty` prints them.
fn modes(terminal: &Terminal) -> String {
    let stty = Command::new("stty")
        .arg("-a")
        .stdin(terminal.stdio())
        .output();
    let output = stty.expect("there is stty").stdout;
    String::from_utf8(output).expect("text")
}

/// `shm top` with its three streams on this terminal.
fn on(terminal: &Terminal, args: &[&str]) -> Process {
    let mut command = shm([&["top"], args].concat());
    command.env("LC_ALL", "C.UTF-8").stdin(terminal.stdio());
    let process = terminal.with_output_of(&mut command);
    command.stdin(Stdio::null());
    process
}

#[test]
fn on_a_terminal_it_takes_the_page_and_q_gives_it_back() {
    let names: Vec<_> = (0..30).map(|_| Name::new()).collect();
    for name in &names {
        leave(name, &["--slots", "1", "-m", "one"], "");
    }
    let mut terminal = Terminal::of_width(80);
    let before = modes(&terminal);
    let args: Vec<_> = names.iter().map(Name::as_str).collect();
    let mut top = on(&terminal, &args);
    // 24 lines, less two above the table, two of its head, and this one.
    terminal.wait_for("and 11 more");
    assert_ne!(modes(&terminal), before, "keys come one by one");
    terminal.types("xq");
    top.wait().expect_code(0);
    assert_eq!(modes(&terminal), before);
    let shown = terminal.finish();
    let page = shown.strip_prefix(ENTER).expect("a page of its own");
    let page = page.strip_suffix(LEAVE).expect("the page of before");
    let mut drawn = page.split("\x1b[H").filter(|page| !page.is_empty());
    let first = drawn.next().expect("a page");
    assert!(first.starts_with("shm top: 30 mailboxes, 0 messages/s, every 1s; q quits"));
    let lines: Vec<_> = first.split("\r\n").collect();
    assert_eq!(lines.len(), 24);
    for line in lines {
        let line = line.replace("\x1b[K", "").replace("\x1b[J", "");
        let line = line.trim_end_matches('\r');
        assert!(
            line.chars().count() <= 80 && !line.contains('\x1b'),
            "{line:?}"
        );
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ENDING_SIGNALS {
        let mut terminal = Terminal::of_width(80);
        let before = modes(&terminal);
        let mut top = on(&terminal, &["no-such-name"]);
        terminal.wait_for("SENT/S");
        top.signal(signal);
        top.wait().expect_signal(signal);
        assert_eq!(modes(&terminal), before, "{signal}");
        assert!(terminal.finish().ends_with(LEAVE), "{signal}");
    }
}

#[test]
fn for_a_number_of_looks_a_terminal_keeps_its_page() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let terminal = Terminal::of_width(80);
    let mut top = on(&terminal, &["-n", "1", name.as_str()]);
    top.wait().expect_code(0);
    let shown = terminal.finish();
    assert!(
        shown.contains(name.as_str()) && !shown.contains('\x1b'),
        "{shown:?}"
    );
}

#[test]
fn an_output_that_nobody_reads_ends_it_without_a_word() {
    let mut top = into_closed_pipe(shm(["top", "no-such-name"]));
    top.wait().expect_code(0).expect_quiet();
}
