//! How a channel ends, and what is still there afterwards.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_support::shm::{
    attached_reader, attached_writer, expect_left, into_closed_pipe, leave, program, reader, shm,
    writer,
};
use test_support::{Name, Process, Signal, assert_same, lines, until};

#[test]
fn a_writer_at_the_end_of_its_input_leaves_nothing() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    writer(&name, &["-m", "x"]).wait_for_success(b"");
    assert!(!name.exists(), "unlinked, although the reader made it");
    reader.wait_for_success(b"x\n");

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
    leave(&name, &[], "one\ntwo\n");
    assert!(name.exists());
    leave(&name, &[], "three\n");
    expect_left(&name, "one\ntwo\nthree\n");
}

#[test]
fn drain_without_a_reader_ends_in_time_and_everything_stays() {
    let name = Name::new();
    let start = Instant::now();
    writer(&name, &["--drain", "200ms", "-m", "one", "-m", "two"])
        .wait_for_failure(6, &[name.as_str(), "2"]);
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(name.exists());
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn drain_with_a_reader_ends_as_soon_as_all_is_taken() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    writer(&name, &["--drain", "1h", "-m", "one"]).wait_for_success(b"");
    reader.wait_for_success(b"one\n");
    assert!(!name.exists());
}

#[test]
fn a_reader_in_a_loop_takes_each_message_exactly_once() {
    let (name, text) = (Name::new(), lines(50, 10));
    let mut writer = writer(&name, &[]);
    writer.feed(text.clone());
    name.wait_for_sender();
    let script = "for i in $(seq 50); do \"$0\" reader -c 1 \"$1\" || exit; done";
    Process::spawn(Command::new("sh").args(["-c", script, program(), name.as_str()]))
        .wait_for_success(&text);
    writer.wait_for_success(b"");
    assert!(!name.exists());
}

#[test]
fn a_count_ends_the_reader_after_so_many_messages() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\nthree\nfour\n");
    reader(&name, &["-c", "3"]).wait_for_success(b"one\ntwo\nthree\n");
    reader(&name, &["--count", "1"]).wait_for_success(b"four\n");
}

#[test]
fn the_time_out_is_for_the_next_message() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\n");
    let start = Instant::now();
    reader(&name, &["--timeout", "300ms"])
        .wait_for_failure(124, &[name.as_str(), "300ms"])
        .expect_output(b"one\n");
    assert!(start.elapsed() >= Duration::from_millis(300));
    writer.finish().expect_code(0);
}

#[test]
fn writers_that_come_and_go_without_a_message_do_not_prolong_the_time_out() {
    for layout in [&[][..], &["--classic"]] {
        let name = Name::new();
        let args = [&["--follow", "--timeout", "300ms"], layout].concat();
        let mut reader = reader(&name, &args);
        until("its time is up", || {
            writer(&name, layout).finish().expect_code(0);
            !reader.is_running()
        });
        reader.wait().expect_code(124).expect_output(b"");
    }
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
    writer.wait_for_success(b"");
    assert_same(&[first, second, third].concat(), &text);
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
    writer(&name, &["-m", "last"]).wait_for_success(b"");
    expected.extend(b"last\n");
    reader.wait_for_exactly(&expected);
    reader.signal(Signal::SIGTERM);
    reader
        .wait()
        .expect_signal(Signal::SIGTERM)
        .expect_output(&expected);
    until("nothing is left", || !name.exists());
}

#[test]
fn a_closed_output_pipe_leaves_the_message_for_the_next_reader() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\n");
    into_closed_pipe(shm(["reader", name.as_str()])).wait_for_success(b"");
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn the_figures_are_of_what_was_written() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\n");
    into_closed_pipe(shm(["reader", "--stats", name.as_str()]))
        .wait()
        .expect_code(0)
        .expect_errors(&["shm: 0 messages, 0 bytes in"]);
    reader(&name, &["--stats"])
        .wait()
        .expect_code(0)
        .expect_errors(&["shm: 2 messages, 8 bytes in"])
        .expect_output(b"one\ntwo\n");
}

#[test]
fn an_output_that_fails_leaves_the_message_for_the_next_reader() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\n");
    let full = File::options().write(true).open("/dev/full");
    let mut command = shm(["reader", name.as_str()]);
    Process::spawn_as_is(
        command
            .stdout(full.expect("Linux has it"))
            .stderr(Stdio::piped()),
    )
    .wait_for_failure(1, &["No space left on device"]);
    expect_left(&name, "one\ntwo\n");
}

#[test]
fn the_writer_survives_a_reader_whose_output_is_closed() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\n");
    into_closed_pipe(shm(["reader", name.as_str()])).wait_for_success(b"");
    let mut reader = attached_reader(&name, &[]);
    writer.send("two\n");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"one\ntwo\n");
}
