//! Taking what is there, and sending only while there is room: with `--no-wait`, `--timeout` and
//! `--drain`, and 0s is now.

use test_support::shm::{attached_writer, expect_left, leave, reader, shm, writer};
use test_support::{Name, Process, until};

#[test]
fn a_reader_that_does_not_wait_takes_what_is_there_and_ends() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    reader(&name, &["--no-wait"]).wait_for_success(b"");
    writer.send("one\ntwo\n");
    until("both are sent", || name.sent() == 2);
    reader(&name, &["--no-wait"]).wait_for_success(b"one\ntwo\n");
    reader(&name, &["--no-wait"]).wait_for_success(b"");
    writer.finish().expect_code(0);
}

#[test]
fn a_reader_that_does_not_wait_leaves_what_it_was_not_asked_for() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\n");
    reader(&name, &["--no-wait", "-c", "1"]).wait_for_success(b"one\n");
    expect_left(&name, "two\n");
}

#[test]
fn a_reader_that_does_not_wait_makes_no_object() {
    let name = Name::new();
    reader(&name, &["--no-wait"]).wait_for_failure(3, &[name.as_str(), "does not exist", "next: "]);
    assert!(!name.exists());
}

#[test]
fn nothing_is_ever_queued_in_the_lessons_object() {
    let name = Name::new();
    name.fill(&[0; 1028]);
    reader(&name, &["--no-wait"]).wait_for_failure(7, &["nothing is queued", "next: --timeout"]);
    reader(&name, &["--no-wait", "--classic"])
        .wait()
        .expect_code(2);
}

#[test]
fn a_time_out_of_0_takes_what_is_there_now() {
    let name = Name::new();
    leave(&name, &[], "one\n");
    reader(&name, &["--timeout", "0s", "-c", "1"]).wait_for_success(b"one\n");
    let mut writer = attached_writer(&name, &[]);
    reader(&name, &["--timeout", "0s"]).wait_for_failure(124, &["no message", "within 0s"]);
    writer.finish().expect_code(0);
}

#[test]
fn draining_for_0_leaves_what_is_not_taken_now() {
    let name = Name::new();
    writer(&name, &["--drain", "0s", "-m", "one"])
        .wait_for_failure(6, &["messages are left", "after 0s: 1"]);
    expect_left(&name, "one\n");
    writer(&name, &["--drain", "0s"]).finish().expect_code(0);
    assert!(!name.exists(), "nothing was left");
}

#[test]
fn a_message_without_room_ends_with_124_and_the_ones_before_are_sent() {
    for limit in ["0s", "20ms"] {
        let name = Name::new();
        let mut writer = writer(&name, &["--slots", "2", "--timeout", limit]);
        writer.feed(b"one\ntwo\nthree\nfour\n".to_vec());
        let told = format!("within {limit} for message 3 of the input");
        writer.wait_for_failure(124, &[name.as_str(), &told, "next: shm reader"]);
        reader(&name, &["--no-wait"])
            .wait()
            .expect_output(b"one\ntwo\n");
    }
}

#[test]
fn with_room_a_time_out_of_0_is_enough() {
    let name = Name::new();
    writer(
        &name,
        &["--timeout", "0s", "--keep", "-m", "one", "-m", "two"],
    )
    .finish()
    .expect_code(0)
    .expect_quiet();
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn with_a_time_out_no_line_is_half_sent() {
    let name = Name::new();
    let mut long = writer(&name, &["--slots", "2", "--timeout", "20ms"]);
    long.feed([vec![b'x'; 5000], b"\n".to_vec()].concat());
    long.wait_for_failure(8, &["longer than 1024 bytes", "--timeout"]);
    assert!(!name.exists(), "nothing was sent, so nothing is left");
    writer(&name, &["--timeout", "1s", "--oversize", "split"])
        .wait_for_failure(2, &["a part of a line"]);
}

#[test]
fn a_writer_that_sent_nothing_leaves_nothing_unless_it_keeps() {
    let long = [b'x'; 3000];
    let too_long = [&1025_u32.to_be_bytes()[..], &[b'x'; 1025]].concat();
    let inputs: [(&[&str], &[u8], i32); 7] = [
        (&[], b"", 0),
        (&["--length-delimited"], b"\0\0", 8),
        (&["--length-delimited"], b"\0\0\xff\0", 8),
        (&["--length-delimited"], &[0xff; 8], 8),
        (&["--length-delimited"], &too_long, 8),
        (&["--oversize", "error"], &long, 8),
        (&["--oversize", "error", "-0"], &long, 8),
    ];
    for (args, input, code) in inputs {
        for keep in [false, true] {
            let name = Name::new();
            let mut command = shm([&["writer", name.as_str()], args].concat());
            command.args(keep.then_some("--keep"));
            let mut writer = Process::spawn(&mut command);
            writer.feed(input.to_vec());
            writer.wait().expect_code(code);
            assert_eq!(name.exists(), keep, "{args:?}");
        }
    }
}

#[test]
fn a_classic_writer_gives_up_too() {
    let name = Name::new();
    writer(&name, &["--classic", "--timeout", "20ms", "-m", "one"]).wait_for_failure(
        124,
        &["message 1 of the input", "next: shm reader --classic"],
    );
    assert!(!name.contains("one"));
}
