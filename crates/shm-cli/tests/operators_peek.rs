//! `shm peek`: what is queued is shown, and stays; nobody notices.

mod support;

use std::fs;

use serde_json::Value;
use support::terminal::shown;
use support::{Name, Process, attached_writer, expect_left, shm, until, writer};

/// Runs `shm peek NAME ARGS`.
fn peek(name: &Name, args: &[&str]) -> support::process::Ended {
    let mut command = shm([&["peek", name.as_str()], args].concat());
    Process::spawn(&mut command).finish()
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
    support::reader(&name, &["-c", "1"]).wait_for_success(b"one\n");
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
    writer(&name, &["--keep", "-m", "one", "-m", "two"])
        .wait()
        .expect_code(0);
    support::reader(&name, &["-c", "1"]).wait_for_success(b"one\n");
    let ended = peek(&name, &["--json"]).expect_code(0);
    let record: Value = serde_json::from_slice(&ended.output).expect("one line of JSON");
    let id: String = name.bytes()[32..48]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        record,
        serde_json::json!({"schema": 1, "id": id, "seq": 1, "len": 4, "data": {"text": "two\n"}})
    );
}

#[test]
fn nothing_queued_is_no_failure() {
    let name = Name::new();
    writer(&name, &["--keep"]).finish().expect_code(0);
    peek(&name, &[])
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"");
}

#[test]
fn what_has_no_queue_is_told() {
    let name = Name::new();
    peek(&name, &[])
        .expect_code(3)
        .expect_errors(&["does not exist", "next: "]);
    for contents in [&b"foreign"[..], &[0; 1028]] {
        name.fill(contents);
        peek(&name, &[]).expect_code(7).expect_errors(&[
            name.as_str(),
            "no mailbox",
            "next: shm stat",
        ]);
    }
}

#[test]
fn a_damaged_message_is_told_after_those_before_it() {
    let name = Name::new();
    writer(&name, &["--keep", "-m", "one", "-m", "two"])
        .wait()
        .expect_code(0);
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
    if !support::has_other_users() {
        return;
    }
    let program = support::PublicProgram::new();
    for (mode, code) in [("0644", 0), ("0600", 5)] {
        let name = Name::new();
        writer(&name, &["--keep", "--mode", mode, "-m", "one"])
            .wait()
            .expect_code(0);
        let mut command = program.as_nobody(&["peek", name.as_str()]);
        Process::spawn(&mut command).finish().expect_code(code);
    }
}

#[test]
fn a_terminal_sees_no_control_bytes() {
    let name = Name::new();
    writer(&name, &["--keep", "-m", "\x1b[2J"])
        .wait()
        .expect_code(0);
    for args in [&["peek"][..], &["peek", "--json"]] {
        assert!(!shown(shm(args).arg(name.as_str())).contains('\x1b'));
    }
}
