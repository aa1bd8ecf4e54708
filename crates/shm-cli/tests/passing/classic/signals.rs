//! The classic layout when somebody wants to stop: signals that end a program leave the channel
//! clean, and are seen as deaths by signal.

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use test_support::shm::{
    ENDING_SIGNALS, classic_reader, classic_writer, into_closed_pipe, reader, shm,
};
use test_support::{Name, Signal, assert_same, lines};

#[test]
fn an_interrupted_reader_withdraws_its_request() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = classic_writer(&name, &[]);
        let mut interrupted = classic_reader(&name);
        interrupted.signal(signal);
        interrupted.wait().expect_signal(signal).expect_output(b"");
        assert_eq!(name.flag(), Some(0), "the request is withdrawn");
        let mut next = classic_reader(&name);
        writer.send("one\n");
        writer.finish().expect_code(0);
        next.wait_for_success(b"one\n");
    }
}

#[test]
fn a_reader_interrupted_before_there_is_an_object_leaves_none() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut reader = reader(&name, &["--classic"]);
        reader.wait_until_asleep();
        reader.signal(signal);
        reader.wait().expect_signal(signal);
        assert!(!name.exists());
    }
}

#[test]
fn an_interrupted_writer_removes_the_object_and_ends_the_reader() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = classic_writer(&name, &[]);
        let mut reader = classic_reader(&name);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        assert!(!name.exists());
        reader.wait_for_success(b"");
    }
}

#[test]
fn no_line_is_lost_or_doubled_when_readers_are_interrupted_in_mid_stream() {
    let (name, text) = (Name::new(), lines(30_000, 2));
    let mut writer = classic_writer(&name, &[]);
    writer.feed(text.clone());
    let mut random = Rng::with_seed(2);
    let mut received = Vec::new();
    for _ in 0..150 {
        let mut reader = reader(&name, &[]);
        reader.wait_for_output("a line", |output| !output.is_empty());
        // A moment to be interrupted at, not a wait for anything.
        thread::sleep(Duration::from_micros(random.u64(..) % 2000));
        reader.signal(Signal::SIGTERM);
        received.extend(reader.wait().output);
    }
    if writer.is_running() {
        received.extend(reader(&name, &[]).wait().expect_code(0).output);
    }
    writer.wait().expect_code(0);
    assert_same(&received, &text);
}

#[test]
fn a_closed_output_pipe_is_a_quiet_end() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    let mut reader = into_closed_pipe(shm(["reader", name.as_str()]));
    writer.send("one\ntwo\n");
    reader.wait_for_success(b"");
}
