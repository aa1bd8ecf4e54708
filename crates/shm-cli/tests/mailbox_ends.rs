//! How a channel ends, by plan or by signal, and what is still there afterwards.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::{
    ENDING_SIGNALS, Name, Process, SHM, attached_reader, attached_writer, lines, reader,
    reader_into_closed_pipe, until, writer,
};

/// Leaves these lines in the mailbox, for a reader that comes later.
fn leave(name: &Name, lines: &str) {
    let mut writer = writer(name, &["--keep"]);
    writer.send(lines);
    writer.finish().expect_code(0).expect_quiet();
}

/// Takes what is there.
#[track_caller]
fn expect_left(name: &Name, lines: &str) {
    reader(name, &[])
        .wait()
        .expect_code(0)
        .expect_output(lines.as_bytes());
}

#[test]
fn a_writer_at_the_end_of_its_input_leaves_nothing() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    writer(&name, &["-m", "x"])
        .wait()
        .expect_code(0)
        .expect_quiet();
    assert!(!name.exists(), "unlinked, although the reader made it");
    reader
        .wait()
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"x\n");

    let name = Name::new();
    writer(&name, &[]).finish().expect_code(0).expect_quiet();
    assert!(
        !name.exists(),
        "also when there was no reader and nothing to read"
    );
}

#[test]
fn keep_leaves_at_once_and_everything_stays() {
    let name = Name::new();
    leave(&name, "one\ntwo\n");
    assert!(name.exists());
    leave(&name, "three\n");
    expect_left(&name, "one\ntwo\nthree\n");
}

#[test]
fn drain_without_a_reader_ends_in_time_and_everything_stays() {
    let name = Name::new();
    let start = Instant::now();
    writer(&name, &["--drain", "200ms", "-m", "one", "-m", "two"])
        .wait()
        .expect_code(6)
        .expect_errors(&[name.as_str(), "2"]);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(name.exists());
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn drain_with_a_reader_ends_as_soon_as_all_is_taken() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    writer(&name, &["--drain", "1h", "-m", "one"])
        .wait()
        .expect_code(0)
        .expect_quiet();
    reader.wait().expect_code(0).expect_output(b"one\n");
    assert!(!name.exists());
}

#[test]
fn a_reader_in_a_loop_takes_each_message_exactly_once() {
    let (name, text) = (Name::new(), lines(50, 10));
    let mut writer = writer(&name, &[]);
    writer.feed(text.clone());
    name.wait_for_sender();
    let script = "for i in $(seq 50); do \"$0\" reader -c 1 \"$1\" || exit; done";
    Process::spawn(Command::new("sh").args(["-c", script, SHM, name.as_str()]))
        .wait()
        .expect_code(0)
        .expect_quiet()
        .expect_output(&text);
    writer.wait().expect_code(0).expect_quiet();
    assert!(!name.exists());
}

#[test]
fn a_count_ends_the_reader_after_so_many_messages() {
    let name = Name::new();
    leave(&name, "one\ntwo\nthree\nfour\n");
    reader(&name, &["-c", "3"])
        .wait()
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"one\ntwo\nthree\n");
    reader(&name, &["--count", "1"])
        .wait()
        .expect_code(0)
        .expect_output(b"four\n");
}

#[test]
fn the_time_out_is_for_the_next_message() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\n");
    let start = Instant::now();
    reader(&name, &["--timeout", "300ms"])
        .wait()
        .expect_code(124)
        .expect_errors(&[name.as_str(), "300ms"])
        .expect_output(b"one\n");
    assert!(start.elapsed() >= Duration::from_millis(300));
    writer.finish().expect_code(0);
}

#[test]
fn the_writer_waits_for_the_next_reader() {
    let (name, text) = (Name::new(), lines(200, 11));
    let mut writer = writer(&name, &["--slots", "4"]);
    writer.feed(text.clone());
    name.wait_for_sender();
    let first = reader(&name, &["-c", "50"]).wait().expect_code(0).output;
    let second = reader(&name, &["-c", "50"]).wait().expect_code(0).output;
    assert!(writer.is_running());
    let third = reader(&name, &[]).wait().expect_code(0).output;
    writer.wait().expect_code(0).expect_quiet();
    support::process::assert_same(&[first, second, third].concat(), &text);
}

#[test]
fn follow_waits_for_the_next_writer() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &["--follow"]);
    let mut expected = Vec::new();
    for run in 0..5 {
        let text = format!("run {run}\n");
        expected.extend(text.as_bytes());
        let mut writer = writer(&name, &[]);
        writer.send(&text);
        writer.finish().expect_code(0).expect_quiet();
        reader.wait_for_exactly(&expected);
    }
    // Also when a writer was killed instead of ending.
    let mut killed = attached_writer(&name, &[]);
    killed.send("killed\n");
    expected.extend(b"killed\n");
    reader.wait_for_exactly(&expected);
    killed.kill();
    writer(&name, &["-m", "last"])
        .wait()
        .expect_code(0)
        .expect_quiet();
    expected.extend(b"last\n");
    reader.wait_for_exactly(&expected);
    reader.signal(Signal::TERM);
    reader
        .wait()
        .expect_signal(Signal::TERM)
        .expect_output(&expected);
    until("nothing is left", || !name.exists());
}

#[test]
fn a_closed_output_pipe_leaves_the_message_for_the_next_reader() {
    let name = Name::new();
    leave(&name, "one\ntwo\n");
    reader_into_closed_pipe(&name, &[])
        .wait()
        .expect_code(0)
        .expect_quiet();
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn the_writer_survives_a_reader_whose_output_is_closed() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\n");
    reader_into_closed_pipe(&name, &[])
        .wait()
        .expect_code(0)
        .expect_quiet();
    let mut reader = attached_reader(&name, &[]);
    writer.send("two\n");
    writer.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"one\ntwo\n");
}

#[test]
fn an_interrupted_writer_closes_and_leaves_nothing_that_was_taken() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut reader = attached_reader(&name, &[]);
        let mut writer = attached_writer(&name, &[]);
        writer.send("one\n");
        until("the message was acknowledged", || name.received() == 1);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        assert!(!name.exists());
        reader
            .wait()
            .expect_code(0)
            .expect_quiet()
            .expect_output(b"one\n");
    }
}

#[test]
fn what_an_interrupted_writer_had_sent_stays() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &["--slots", "2"]);
        // One more than there is room for: the writer blocks in sending.
        writer.send("one\ntwo\nthree\n");
        until("the mailbox is full", || name.sent() == 2);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        expect_left(&name, "one\ntwo\n");
    }
}

#[test]
fn a_writer_interrupted_while_it_waits_for_the_last_reader_leaves_the_messages() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = writer(&name, &["-m", "one", "-m", "two"]);
        name.wait_for_sender();
        until("both are in the mailbox", || name.sent() == 2);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        expect_left(&name, "one\ntwo\n");
    }
}

#[test]
fn an_interrupted_reader_closes_and_the_next_one_carries_on() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &[]);
        let mut reader = attached_reader(&name, &[]);
        writer.send("one\n");
        reader.wait_for_exactly(b"one\n");
        reader.signal(signal);
        reader.wait().expect_signal(signal).expect_output(b"one\n");
        let mut next = attached_reader(&name, &[]);
        writer.send("two\n");
        writer.finish().expect_code(0);
        next.wait().expect_code(0).expect_output(b"two\n");
    }
}

#[test]
fn an_interrupted_reader_removes_what_no_writer_ever_used() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut reader = attached_reader(&name, &[]);
        reader.signal(signal);
        reader.wait().expect_signal(signal);
        assert!(!name.exists());
    }
}

#[test]
fn a_writer_that_only_waits_for_input_notices_a_signal() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.wait_until_asleep();
    writer.signal(Signal::INT);
    writer.wait().expect_signal(Signal::INT).expect_quiet();
    assert!(!name.exists());
}
