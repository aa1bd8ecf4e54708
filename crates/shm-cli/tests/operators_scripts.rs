//! What scripts need of the operators' commands: plain columns, names, patterns, JSON that tells everything apart.

mod support;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::process::Ended;
use support::terminal::Terminal;
use support::{Name, Process, shm, writer};

/// What `shm ARGS` prints, in success and without a word on standard error.
#[track_caller]
fn printed(args: &[&str]) -> String {
    let ended = Process::spawn(shm(args).env("LC_ALL", "C.UTF-8")).finish();
    text(ended.expect_code(0).expect_quiet())
}

fn text(ended: Ended) -> String {
    String::from_utf8(ended.output).expect("UTF-8")
}

/// What `shm ls ARGS` shows on a terminal of this width, in this locale.
fn on_terminal(columns: u16, locale: &str, args: &[&str]) -> String {
    let terminal = Terminal::of_width(columns);
    let mut command = shm([&["ls"], args].concat());
    command.env("LC_ALL", locale);
    command.stdout(terminal.stdio()).stderr(terminal.stdio());
    let mut list = Process::spawn_as_is(&mut command);
    drop(command);
    list.wait().expect_code(0);
    terminal.finish()
}

/// A mailbox with these messages.
#[track_caller]
fn mailbox(name: &Name, lines: &str) {
    let mut writer = writer(name, &["--keep"]);
    writer.send(lines);
    writer.finish().expect_code(0);
}

#[test]
fn a_pipe_gets_headings_and_rows_and_no_rule() {
    let name = Name::new();
    mailbox(&name, "one\n");
    let lines = printed(&["ls", name.as_str()]);
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[0].starts_with("NAME"), "{lines:?}");
    assert!(lines[1].starts_with(name.as_str()), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let bare = printed(&["ls", "--no-headings", name.as_str()]);
    assert_eq!(bare.split_whitespace().next(), Some(name.as_str()));
    assert_eq!(bare.lines().count(), 1, "{bare}");
    let rule = on_terminal(100, "C.UTF-8", &[name.as_str()]);
    assert!(
        rule.lines()
            .nth(1)
            .is_some_and(|rule| rule.starts_with("──")),
        "{rule}"
    );
}

#[test]
fn only_the_columns_that_were_asked_for_are_shown_in_that_order() {
    let name = Name::new();
    mailbox(&name, "one\ntwo\n");
    let line = printed(&[
        "ls",
        "--no-headings",
        "-o",
        "queued,name,slots",
        name.as_str(),
    ]);
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["2", name.as_str(), "256"]);
    let ended = Process::spawn(&mut shm(["ls", "-o", "colour"])).finish();
    ended
        .expect_code(2)
        .expect_errors(&["colour", "name", "received", "size"]);
}

#[test]
fn quiet_shows_names_that_rm_takes() {
    let names = [Name::new(), Name::new()];
    names.iter().for_each(|name| mailbox(name, ""));
    let patterns = names.each_ref().map(|name| format!("{}*", name.as_str()));
    let quiet = printed(&["ls", "-q", &patterns[0], &patterns[1]]);
    let mut shown: Vec<_> = quiet.lines().collect();
    shown.sort_unstable();
    let mut expected = names.each_ref().map(Name::as_str);
    expected.sort_unstable();
    assert_eq!(shown, expected);
    Process::spawn(&mut shm([&["rm"], &shown[..]].concat()))
        .finish()
        .expect_code(0)
        .expect_quiet();
    assert!(names.iter().all(|name| !name.exists()));
    assert_eq!(printed(&["ls", "-q", &patterns[0], &patterns[1]]), "");
}

#[test]
fn nothing_but_ascii_is_shown_where_the_locale_says_so() {
    let name = Name::new();
    let other = format!(
        "{}-grün-and-much-longer-than-there-is-room-for",
        name.as_str()
    );
    let path = Path::new("/dev/shm").join(&other);
    fs::write(&path, b"foreign").expect("an object can be made");
    let glob = format!("{}*", name.as_str());
    let [narrow, wide, utf8] = [(40, "C"), (200, "POSIX"), (200, "C.UTF-8")]
        .map(|(columns, locale)| on_terminal(columns, locale, &[&glob]));
    let piped = Process::spawn(shm(["ls", &glob]).env("LC_ALL", "C")).finish();
    fs::remove_file(&path).expect("it is there");
    assert!(narrow.is_ascii() && narrow.contains('~'), "{narrow}");
    assert!(
        wide.is_ascii() && wide.contains(r"gr\u{fc}n") && wide.contains("---"),
        "{wide}"
    );
    assert!(utf8.contains("grün") && utf8.contains("──"), "{utf8}");
    assert!(text(piped).is_ascii());
}

#[test]
fn on_a_terminal_there_are_headings_also_over_nothing() {
    let name = Name::new();
    let shown = on_terminal(100, "C", &[name.as_str()]);
    assert!(shown.starts_with("NAME"), "{shown}");
    assert!(shown.contains("shm: no such object"), "{shown}");
    assert_eq!(printed(&["ls", name.as_str()]), "");
}

#[test]
fn at_80_columns_the_owner_goes_before_a_name_is_cut() {
    let name = Name::new();
    mailbox(&name, "one\n");
    let shown = on_terminal(80, "C", &[name.as_str()]);
    assert!(shown.contains(name.as_str()), "{shown}");
    assert!(
        !shown.contains("OWNER") && shown.contains("READER"),
        "{shown}"
    );
}

#[test]
fn patterns_show_and_remove_what_matches_and_is_not_in_use() {
    let (one, two, used) = (Name::new(), Name::new(), Name::new());
    let in_group = |name: &Name| name.as_str().starts_with(one.as_str());
    assert!(!in_group(&two), "a name is no prefix of another");
    mailbox(&one, "");
    mailbox(&two, "");
    let holder = support::attached_writer(&used, &[]);
    let prefix = one.as_str().rsplit_once('-').expect("a count").0;
    let numbers = [&one, &two, &used].map(|name| name.as_str()[prefix.len() + 1..].to_owned());
    // One pattern for exactly these three, since the other tests make objects, too.
    let each = numbers
        .each_ref()
        .map(|number| format!("{prefix}-[{}]{}", &number[..1], &number[1..]));
    let all = |command: &str| -> Vec<String> {
        [command]
            .into_iter()
            .map(str::to_owned)
            .chain(each.clone())
            .collect()
    };
    let shown = Process::spawn(&mut shm(all("stat")))
        .finish()
        .expect_code(0);
    let shown = text(shown);
    for name in [&one, &two, &used] {
        assert!(shown.contains(name.as_str()), "{shown}");
    }
    let ended = Process::spawn(&mut shm(all("rm"))).finish().expect_code(4);
    assert!(!one.exists() && !two.exists() && used.exists());
    let told = format!("removed {}\nremoved {}\n", one.as_str(), two.as_str());
    ended
        .expect_output(told.as_bytes())
        .expect_errors(&[used.as_str(), "it has a writer"]);
    let ended = Process::spawn(&mut shm(["rm", &each[0]])).finish();
    ended
        .expect_code(3)
        .expect_errors(&["no object matches", "next: "]);
    drop(holder);
}

#[test]
fn a_name_with_wildcards_is_itself_first() {
    let name = Name::new();
    mailbox(&name, "");
    let literal = format!("{}*", name.as_str());
    let path = Path::new("/dev/shm").join(&literal);
    fs::write(&path, b"foreign").expect("an object can be made");
    let removed = Process::spawn(&mut shm(["rm", &literal])).finish();
    let stays = path.exists();
    let _ = fs::remove_file(&path);
    removed.expect_code(0).expect_quiet();
    assert!(!stays && name.exists());
}

#[test]
fn the_environment_names_what_stat_and_peek_show_and_nothing_that_rm_removes() {
    let name = Name::new();
    mailbox(&name, "one\n");
    let run = |args: &[&str]| {
        let mut command = shm(args);
        Process::spawn(command.env("SHM_NAME", name.as_str())).finish()
    };
    assert!(text(run(&["stat"]).expect_code(0)).starts_with(name.as_str()));
    run(&["peek"]).expect_code(0).expect_output(b"one\n");
    run(&["rm"])
        .expect_code(2)
        .expect_errors(&["$SHM_NAME is not used here", "--stale"]);
    assert!(name.exists());
}

#[test]
fn the_doctor_tells_scripts_what_it_tells_people() {
    let page = Process::spawn(&mut shm(["doctor"])).finish();
    let json = Process::spawn(&mut shm(["doctor", "--json"])).finish();
    assert_eq!(page.status.code(), json.status.code());
    let json = text(json);
    let findings: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let page = text(page);
    let shown = page
        .lines()
        .filter(|line| !line.trim_start().starts_with("next: "));
    assert_eq!(findings.len(), shown.count(), "{json}");
    for finding in findings {
        let verdict = finding["verdict"].as_str().expect("a verdict");
        assert!(["ok", "warning", "problem"].contains(&verdict), "{finding}");
        assert_eq!(finding["next"].is_null(), verdict == "ok", "{finding}");
        let topic = finding["topic"].as_str().expect("a topic");
        assert!(page.contains(topic), "{topic} is not in {page}");
    }
}

/// Two objects of another program whose names differ in bytes that are not UTF-8; gone afterwards.
struct Foreign([PathBuf; 2]);

impl Foreign {
    fn new(name: &Name) -> Self {
        let file = |byte| {
            let bytes = [name.as_str().as_bytes(), &[byte]].concat();
            let path = Path::new("/dev/shm").join(OsString::from_vec(bytes));
            fs::write(&path, b"foreign").expect("an object can be made");
            path
        };
        Self([file(0xff), file(0xfe)])
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

#[test]
fn names_that_are_not_utf_8_are_told_apart_and_can_be_removed() {
    let name = Name::new();
    let foreign = Foreign::new(&name);
    let glob = format!("{}*", name.as_str());
    let listed = printed(&["ls", "--all", "--json", &glob]);
    let mut names: Vec<_> = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["name_bytes"].clone())
        .collect();
    assert!(names.iter().all(Value::is_string), "{listed}");
    names.dedup();
    assert_eq!(names.len(), 2, "{listed}");
    let shown = printed(&["ls", "--all", &glob]);
    assert!(
        shown.contains(r"\xff") && shown.contains(r"\xfe"),
        "{shown}"
    );

    let [one, other] = &foreign.0;
    let bare = |path: &Path| path.file_name().expect("a name").to_owned();
    let run = |args: &[OsString]| Process::spawn(&mut shm(args)).finish();
    let stat = run(&["stat".into(), "--json".into(), bare(one)]).expect_code(0);
    let stat: Value = serde_json::from_slice(&stat.output).expect("JSON");
    assert!(names.contains(&stat["name_bytes"]));
    run(&["rm".into(), "--dry-run".into(), bare(one)]).expect_code(0);
    assert!(one.exists());
    run(&["rm".into(), bare(one)]).expect_code(0).expect_quiet();
    assert!(!one.exists() && other.exists());
    run(&["rm".into(), bare(one)])
        .expect_code(3)
        .expect_errors(&["does not exist", "next: "]);

    // One that a process has open stays.
    let held = fs::File::open(other).expect("it can be opened");
    run(&["rm".into(), bare(other)])
        .expect_code(4)
        .expect_errors(&["is open in process"]);
    drop(held);
}
