//! A bus in the output of each operator: a line in the lists, a line for each lane and each place,
//! and advice.

use std::os::unix::fs::FileExt as _;

use serde_json::Value;
use shm_mailbox::Options;
use shm_mailbox::bus::{self, Bus};
use test_support::shm::{printed, run, shm, writer};
use test_support::{Name, Process, until};

use super::tap::wait_until_it_looks;

fn options(name: &Name) -> Options<Bus> {
    let options = Bus::options(name.as_str()).senders(4).receivers(3);
    options.slots(2)
}

/// Two writers, one of them with a label; a reader that has taken nothing of the first writer's
/// full lane, and an absent reader with a label.
fn bus() -> (Name, Vec<bus::Sender>, bus::Receiver) {
    let name = Name::new();
    let reader = options(&name).receiver().expect("a place");
    let billing = options(&name).label("billing").receiver();
    drop(billing.expect("a place"));
    let mut first = options(&name).sender().expect("a lane");
    let mut second = options(&name).label("sensor").sender().expect("a lane");
    first.send("one\n").expect("there is room");
    first.send("two\n").expect("there is room");
    second.send("three\n").expect("there is room");
    (name, vec![first, second], reader)
}

fn json(name: &Name, command: &str) -> Value {
    let mut values = crate::json(&printed([command, "--json", name.as_str()]));
    values.remove(0)
}

#[test]
fn a_bus_is_a_line_of_the_list_with_the_lane_that_is_furthest_behind() {
    let (name, _senders, _reader) = bus();
    let columns = "kind,slots,queued,sent,received,writer,reader";
    let row = printed(["ls", "--no-headings", "-o", columns, name.as_str()]);
    let words: Vec<_> = row.split_whitespace().collect();
    let expected = "bus 2 2 2 0 2/4 alive 1/3 alive, 1 kept";
    assert_eq!(words.join(" "), expected);
    let top = printed(["top", "-n", "1", name.as_str()]);
    assert!(
        top.contains("2/4 alive") && top.contains("1/3 alive, 1 kept"),
        "{top}"
    );
    assert_eq!(printed(["ls", "--stale", "-q", name.as_str()]), "");
}

#[test]
fn each_lane_and_each_place_has_a_line_and_who_holds_back_is_marked() {
    let (name, _senders, _reader) = bus();
    let page = printed(["stat", name.as_str()]);
    let line = |label: &str| {
        let line = page
            .lines()
            .find(|line| line.trim_start().starts_with(label));
        line.unwrap_or_else(|| panic!("no {label} in {page}"))
    };
    assert!(line("kind").ends_with("bus, layout version 1"));
    assert!(line("room for").ends_with("4 writers, 3 readers"));
    assert!(line("lane 0").ends_with("2 sent, 2 queued"), "{page}");
    let lane = line("lane 1");
    assert!(
        lane.contains(" sensor, alive") && lane.ends_with("1 sent, 1 queued"),
        "{page}"
    );
    assert!(line("place 0").contains("alive, process"), "{page}");
    assert!(line("place 0").ends_with("2 behind; HOLDS BACK"), "{page}");
    assert!(line("place 1").contains(" billing, closed"), "{page}");
    assert!(
        line("place 1").ends_with("2 behind; kept; HOLDS BACK"),
        "{page}"
    );
}

#[test]
fn the_json_has_the_lanes_and_the_places() {
    let (name, _senders, _reader) = bus();
    for command in ["ls", "stat"] {
        let seen = json(&name, command);
        assert_eq!(seen["kind"], "bus");
        let bus = &seen["bus"];
        assert_eq!((&bus["senders"], &bus["receivers"]), (&4.into(), &3.into()));
        assert_eq!(bus["lanes"][1]["label"], "sensor");
        assert_eq!(bus["lanes"][0]["queued"], 2);
        let [first, second] = [&bus["places"][0], &bus["places"][1]];
        assert_eq!(
            (&first["holds_back"], &first["kept"]),
            (&true.into(), &false.into())
        );
        assert_eq!(
            (&second["label"], &second["kept"]),
            (&"billing".into(), &true.into())
        );
        assert_eq!(second["reader"]["state"], "closed");
        // The system shows the holder of each lock, which is the test's process.
        assert_eq!(first["reader"]["pid"], std::process::id());
        assert_eq!(first["reader"]["confirmed"], true);
    }
    let top = crate::json(&printed(["top", "-n", "1", "--json", name.as_str()])).remove(0);
    assert_eq!(top["mailboxes"][0]["bus"]["senders"], 4);
}

#[test]
fn a_peek_and_a_tap_show_the_messages_of_all_lanes() {
    let (name, mut senders, mut reader) = bus();
    run(["peek", name.as_str()])
        .expect_code(0)
        .expect_output(b"one\ntwo\nthree\n");
    let lines = crate::json(&printed(["peek", "--json", name.as_str()]));
    let numbers = |lines: &[Value]| -> Vec<(Value, Value)> {
        let pair = |line: &Value| (line["lane"].clone(), line["seq"].clone());
        lines.iter().map(pair).collect()
    };
    let expected = [(0, 0), (0, 1), (1, 0)].map(|(lane, seq)| (lane.into(), seq.into()));
    assert_eq!(numbers(&lines), expected);
    let tap = printed([
        "tap",
        "--from",
        "oldest",
        "-c",
        "3",
        "--json",
        name.as_str(),
    ]);
    // Between two lanes there is no order.
    let mut shown = crate::json(&tap);
    shown.sort_by_key(|line| (line["lane"].as_u64(), line["seq"].as_u64()));
    assert_eq!(numbers(&shown), expected);
    // The reader gets all of them.
    let mut message = shm_mailbox::Message::new();
    for _ in 0..3 {
        reader.try_recv(&mut message).expect("a message");
    }
    drop(reader);
    printed(["forget", name.as_str(), "billing"]);
    drop(senders.split_off(1));
    senders.remove(0).close().expect("it closes");
}

#[test]
fn a_tap_ends_as_the_writers_end_that_it_has_met() {
    for (when, args, code) in [
        ("before the tap", &[][..], 0),
        (
            "before the tap, which shows its message",
            &["--from", "oldest"],
            6,
        ),
        ("beside the tap", &[], 6),
    ] {
        let name = Name::new();
        let mut living = options(&name).sender().expect("a lane");
        let mut killed = writer(&name, &["-m", "old"]);
        until("it has sent", || {
            json(&name, "stat")["bus"]["lanes"][1]["sent"] == 1
        });
        let tap = || {
            let tap = Process::spawn(&mut shm([&["tap", name.as_str()], args].concat()));
            wait_until_it_looks(&tap, &name);
            tap
        };
        let mut tap = if when == "beside the tap" {
            let tap = tap();
            killed.kill();
            tap
        } else {
            killed.kill();
            tap()
        };
        living.send("new\n").expect("there is room");
        living.keep().expect("it closes");
        let ended = tap.wait();
        assert_eq!(ended.status.code(), Some(code), "{when}: {}", ended.errors);
        assert!(ended.output.ends_with(b"new\n"), "{when}");
    }
}

#[test]
fn a_tap_reports_counts_that_no_writer_writes() {
    let (name, _senders, _reader) = bus();
    let file = name.file();
    for lane in 0..2 {
        // The count of messages, and that of the lane's writers; see `docs/protocol-bus.md`.
        for offset in [128 + 256 * lane, 256 + 256 * lane] {
            let written = file.write_at(&u64::MAX.to_ne_bytes(), offset);
            assert_eq!(written.expect("it is ours"), 8);
        }
    }
    run(["tap", name.as_str()]).expect_failure(7, &["is corrupt", "of lane 0"]);
}

#[test]
fn the_doctor_names_a_bus_whose_messages_wait_or_whose_reader_holds_back() {
    let (name, _senders, _reader) = bus();
    let findings = crate::json(&printed(["doctor", "--json"]));
    for topic in ["kept", "held back"] {
        let finding = findings.iter().find(|finding| finding["topic"] == topic);
        let finding = finding.unwrap_or_else(|| panic!("no {topic} in {findings:?}"));
        assert_eq!(finding["verdict"], "warning");
        let what = finding["what"].as_str().unwrap_or_default();
        // Other tests have objects, too, and only the first few are named.
        assert!(
            what.contains(name.as_str()) || what.contains("more"),
            "{what}"
        );
    }
}

#[test]
fn a_bus_is_removed_if_nobody_uses_it_and_nothing_is_kept() {
    let (name, senders, reader) = bus();
    run(["rm", name.as_str()]).expect_failure(4, &["in use"]);
    drop(reader);
    for sender in senders {
        sender.keep().expect("it closes");
    }
    run(["rm", "--stale", "--dry-run"]).expect_errors(&["kept", name.as_str(), "messages (3)"]);
    run(["rm", name.as_str()])
        .expect_code(0)
        .expect_errors(&["had messages (3)"]);
    assert!(!name.exists());
}

#[test]
fn a_place_that_is_kept_keeps_an_empty_bus() {
    let name = Name::new();
    let billing = options(&name).label("billing").receiver();
    drop(billing.expect("a place"));
    run(["rm", "--stale", "--dry-run"]).expect_errors(&[name.as_str(), "billing", "shm forget"]);
    assert!(name.exists());
    printed(["forget", name.as_str(), "billing"]);
    assert!(!name.exists());
}
