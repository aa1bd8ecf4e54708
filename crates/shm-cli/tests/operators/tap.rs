//! `shm tap`: what passes is shown, and goes its way; what is missed is counted; nobody notices.

use std::fs;

use serde_json::Value;
use test_support::shm::{
    ENDING_SIGNALS, attached_writer, expect_cut_off, expect_left, expect_passed, into_closed_pipe,
    leave, program, reader, run, shm, writer,
};
use test_support::{Name, Process, Scratch, Signal, has_strace, until};

/// Starts `shm tap NAME ARGS`.
fn tap(name: &Name, args: &[&str]) -> Process {
    Process::spawn(shm(["tap", name.as_str()]).args(args))
}

/// Waits until the tap looks at this object, and has seen what is in it.
#[track_caller]
pub(super) fn wait_until_it_looks(tap: &Process, name: &Name) {
    until("the tap has the object open", || {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", tap.pid()));
        let mut links = descriptors.into_iter().flatten().flatten();
        links.any(|link| fs::read_link(link.path()).is_ok_and(|path| path == *name.path()))
    });
    tap.wait_until_asleep();
}

#[test]
fn what_passes_is_shown_and_the_reader_gets_it_all_the_same() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "4"]);
    writer.send("one\ntwo\nthree\n");
    until("all are sent", || name.sent() == 3);
    let before = name.bytes();
    let mut tap = tap(&name, &["--from", "oldest"]);
    tap.wait_for_exactly(b"one\ntwo\nthree\n");
    assert!(
        name.bytes() == before,
        "not a byte of the object has changed"
    );
    let mut reader = reader(&name, &[]);
    reader.wait_for_exactly(b"one\ntwo\nthree\n");
    writer.send("four\n");
    tap.wait_for_exactly(b"one\ntwo\nthree\nfour\n");
    writer.end_input();
    expect_passed(&mut writer, &mut reader, b"one\ntwo\nthree\nfour\n");
    tap.wait_for_success(b"one\ntwo\nthree\nfour\n");
}

#[test]
fn it_begins_with_what_comes_next() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "4"]);
    writer.send("old\n");
    until("it is sent", || name.sent() == 1);
    let mut tap = tap(&name, &["-c", "1"]);
    wait_until_it_looks(&tap, &name);
    writer.send("new\nnewer\n");
    tap.wait_for_success(b"new\n");
    writer.kill();
}

#[test]
fn a_tap_locks_nothing_maps_nothing_and_opens_for_reading_alone() {
    if !has_strace() {
        return;
    }
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    for args in [
        &["tap", "--from", "oldest", "-c", "1", name.as_str()][..],
        &["top", "-n", "2", "--interval", "1ms", name.as_str()],
    ] {
        let trace = Scratch::new("trace");
        let mut strace = std::process::Command::new("strace");
        strace.args(["-f", "-o"]).arg(trace.path()).arg("--");
        strace.arg(program()).args(args);
        Process::spawn(&mut strace).finish().expect_code(0);
        let calls = fs::read_to_string(trace.path()).expect("there is a trace");
        let object = format!("{}\"", name.path().display());
        let opened: Vec<_> = calls
            .lines()
            .filter(|call| call.contains(&object))
            .collect();
        assert!(
            opened.iter().any(|call| call.contains("O_RDONLY")),
            "{args:?}"
        );
        for call in opened {
            assert!(
                !call.contains("O_RDWR") && !call.contains("O_WRONLY"),
                "{call}"
            );
        }
        for forbidden in [
            "F_OFD_SETLK",
            "F_SETLK",
            "flock(",
            "MAP_SHARED,",
            "pwrite",
            "futex_wake",
        ] {
            let found = calls.lines().find(|call| call.contains(forbidden));
            assert_eq!(found, None, "{args:?}");
        }
    }
}

#[test]
fn json_tells_the_numbers() {
    let name = Name::new();
    leave(&name, &["-m", "one", "-m", "two"], "");
    reader(&name, &["-c", "1"]).wait_for_success(b"one\n");
    let ended = run([
        "tap",
        "--json",
        "--from",
        "oldest",
        "-c",
        "1",
        name.as_str(),
    ]);
    let record: Value =
        serde_json::from_slice(&ended.expect_code(0).output).expect("one line of JSON");
    let expected = serde_json::json!({
        "schema": 1, "id": name.id(), "seq": 1, "missed": 0, "len": 4, "data": {"text": "two\n"}
    });
    assert_eq!(record, expected);
}

#[test]
fn a_length_can_go_before_each_message() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    run([
        "tap",
        "--length-delimited",
        "--from",
        "oldest",
        "-c",
        "1",
        name.as_str(),
    ])
    .expect_code(0)
    .expect_output(b"\0\0\0\x04one\n");
}

#[test]
fn what_passes_while_it_cannot_look_is_missed_and_counted() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "4"]);
    let mut tap = tap(&name, &[]);
    wait_until_it_looks(&tap, &name);
    tap.signal(Signal::SIGSTOP);
    until("the tap is stopped", || tap.state() == Some('T'));
    let mut reader = reader(&name, &[]);
    let lines: String = (0..100).map(|n| format!("{n}\n")).collect();
    writer.feed(lines.clone().into_bytes());
    expect_passed(&mut writer, &mut reader, lines.as_bytes());
    tap.signal(Signal::SIGCONT);
    let ended = tap.wait().expect_code(0);
    let shown = ended.output.iter().filter(|byte| **byte == b'\n').count();
    assert!(
        shown < 4,
        "no more can be left than there are slots, less one: {shown}"
    );
    assert!(lines.as_bytes().ends_with(&ended.output));
    ended.expect_errors(&[&format!("missed {} of 100 messages", 100 - shown)]);
}

#[test]
fn a_writer_that_dies_ends_it_with_status_6() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    let mut tap = tap(&name, &["--from", "oldest"]);
    writer.send("one\n");
    tap.wait_for_exactly(b"one\n");
    writer.kill();
    tap.wait_for_failure(
        6,
        &["the writer of object", "died", "next: shm tap --follow"],
    )
    .expect_output(b"one\n");
    expect_cut_off(&name, "one\n");
}

#[test]
fn an_object_that_is_removed_before_a_writer_comes_ends_it_with_status_3() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let mut tap = tap(&name, &[]);
    wait_until_it_looks(&tap, &name);
    name.unlink();
    tap.wait_for_failure(3, &["was removed", "next: shm tap --follow"]);
}

#[test]
fn with_follow_it_goes_from_one_writer_and_object_to_the_next() {
    let name = Name::new();
    let mut tap = tap(&name, &["--follow", "--from", "oldest"]);
    let mut shown = String::new();
    for text in ["one\n", "two\n"] {
        let mut writer = attached_writer(&name, &[]);
        writer.send(text);
        shown += text;
        tap.wait_for_exactly(shown.as_bytes());
        let mut reader = reader(&name, &[]);
        writer.end_input();
        expect_passed(&mut writer, &mut reader, text.as_bytes());
        assert!(!name.exists());
    }
    // Two writers of one object.
    leave(&name, &["-m", "three"], "");
    leave(&name, &["-m", "four"], "");
    tap.wait_for_exactly(b"one\ntwo\nthree\nfour\n");
    expect_left(&name, "three\nfour\n");
    tap.signal(Signal::SIGINT);
    tap.wait().expect_signal(Signal::SIGINT).expect_quiet();
}

#[test]
fn a_signal_ends_it_and_nothing_that_was_shown_is_lost() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &[]);
        writer.send("one\n");
        let mut tap = tap(&name, &["--from", "oldest"]);
        tap.wait_for_exactly(b"one\n");
        tap.signal(signal);
        tap.wait().expect_signal(signal).expect_output(b"one\n");
        writer.kill();
    }
}

#[test]
fn nothing_that_passes_in_time_is_told() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    run(["tap", "--timeout", "1ms", name.as_str()])
        .expect_failure(124, &[name.as_str(), "within 1ms"])
        .expect_output(b"");
    run(["tap", "--timeout", "0s", "--from", "oldest", name.as_str()])
        .expect_code(124)
        .expect_output(b"one\n");
}

#[test]
fn what_nothing_passes_through_is_told() {
    let name = Name::new();
    run(["tap", name.as_str()]).expect_failure(3, &["does not exist", "next: "]);
    for contents in [&b"foreign"[..], &[0; 1028]] {
        name.fill(contents);
        run(["tap", name.as_str()]).expect_failure(7, &["no mailbox", "next: shm stat"]);
    }
}

#[test]
fn a_damaged_or_truncated_mailbox_is_told() {
    let name = Name::new();
    leave(&name, &["-m", "one", "-m", "two"], "");
    let mut bytes = name.bytes();
    // The stamp of the second slot.
    bytes[640 + 1088..640 + 1088 + 8].fill(0);
    fs::write(name.path(), bytes).expect("it is ours");
    run(["tap", "--from", "oldest", name.as_str()])
        .expect_failure(7, &["is corrupt", "; remove it"])
        .expect_output(b"one\n");
    let mut tap = tap(&name, &[]);
    wait_until_it_looks(&tap, &name);
    name.resize(0);
    tap.wait_for_failure(1, &["was truncated to 0 bytes"]);
}

#[test]
fn an_output_that_nobody_reads_ends_it_without_a_word() {
    let name = Name::new();
    leave(&name, &["-m", "one"], "");
    let mut tap = into_closed_pipe(shm(["tap", "--from", "oldest", name.as_str()]));
    tap.wait().expect_code(0).expect_quiet();
    let mut writer = writer(&name, &["--keep", "-m", "two"]);
    writer.wait_for_success(b"");
    expect_left(&name, "one\ntwo\n");
}
