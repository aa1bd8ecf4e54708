//! `shm peek`: what is queued is shown, and stays; nobody notices.

use std::fs;

use serde_json::Value;
use test_support::shm::{PublicProgram, attached_writer, expect_left, leave, reader, run};
use test_support::{Ended, Name, has_other_users, until};

/// Runs `shm peek NAME ARGS`.
fn peek(name: &Name, args: &[&str]) -> Ended {
    run([&["peek", name.as_str()], args].concat())
}

#[test]
fn what_is_queued_is_shown_and_the_reader_gets_it_all_the_same() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "4"]);
    writer.send("one\ntwo\nthree\n");
    until("all are sent", || name.sent() == 3);
    let before = name.bytes();
    peek(&name, &[])
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"one\ntwo\nthree\n");
    peek(&name, &["-c", "1"])
        .expect_code(0)
        .expect_output(b"one\n");
    assert!(
        name.bytes() == before,
        "not a byte of the object has changed"
    );
    reader(&name, &["-c", "1"]).wait_for_success(b"one\n");
    peek(&name, &[])
        .expect_code(0)
        .expect_output(b"two\nthree\n");
    writer.end_input();
    expect_left(&name, "two\nthree\n");
    writer.wait().expect_code(0);
}

#[test]
fn json_tells_the_numbers() {
    let name = Name::new();
    leave(&name, &["-m", "one", "-m", "two"], "");
    reader(&name, &["-c", "1"]).wait_for_success(b"one\n");
    let ended = peek(&name, &["--json"]).expect_code(0);
    let record: Value = serde_json::from_slice(&ended.output).expect("one line of JSON");
    let id = name.id();
    assert_eq!(
        record,
        serde_json::json!({"schema": 1, "id": id, "seq": 1, "len": 4, "data": {"text": "two\n"}})
    );
}

#[test]
fn nothing_queued_is_no_failure() {
    let name = Name::new();
    leave(&name, &[], "");
    peek(&name, &[])
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"");
}

#[test]
fn what_has_no_queue_is_told() {
    let name = Name::new();
    peek(&name, &[]).expect_failure(3, &["does not exist", "next: "]);
    for contents in [&b"foreign"[..], &[0; 1028]] {
        name.fill(contents);
        peek(&name, &[]).expect_failure(7, &[name.as_str(), "no mailbox", "next: shm stat"]);
    }
}

#[test]
fn a_damaged_message_is_told_after_those_before_it() {
    let name = Name::new();
    leave(&name, &["-m", "one", "-m", "two"], "");
    let mut bytes = name.bytes();
    // The stamp of the second slot.
    bytes[640 + 1088..640 + 1088 + 8].fill(0);
    fs::write(name.path(), bytes).expect("it is ours");
    peek(&name, &[])
        .expect_code(7)
        .expect_output(b"one\n")
        .expect_errors(&["is corrupt", "; remove it"]);
}

#[test]
fn who_may_only_read_the_object_may_peek_and_nobody_else() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    for (mode, code) in [("0644", 0), ("0600", 5)] {
        let name = Name::new();
        leave(&name, &["--mode", mode, "-m", "one"], "");
        let mut peek = program.as_nobody(&["peek", name.as_str()]);
        peek.finish().expect_code(code);
    }
}
