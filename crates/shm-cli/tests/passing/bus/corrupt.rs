//! A lane that no correct writer left so: the reader reports it, and continues with the others.

use std::os::unix::fs::FileExt as _;

use test_support::{Name, Process, Signal, until};

use super::seen::{attached_reader, attached_writer, wait_for_lane};

const ARGS: [&str; 6] = ["--senders", "2", "--receivers", "1", "--slots", "2"];

/// A bus of two lanes of two slots each, with a reader and a writer for each lane.
fn bus() -> (Name, Process, [Process; 2]) {
    let name = Name::new();
    let reader = attached_reader(&name, 0, &ARGS);
    let writers = [0, 1].map(|others| attached_writer(&name, others, &[]));
    (name, reader, writers)
}

/// Puts a stamp far ahead into the first slot of a lane, see `docs/protocol-bus.md`.
fn damage(name: &Name, lane: u64) {
    let slots = 128 + 256 * 2 + 128 * 2 + 128;
    let stamp: u64 = 9 << 11;
    let written = name
        .file()
        .write_at(&stamp.to_ne_bytes(), slots + 2 * 1088 * lane);
    assert_eq!(written.expect("it is ours"), 8);
}

fn end(writers: [Process; 2]) {
    for mut writer in writers {
        writer.kill();
    }
}

#[test]
fn a_corrupt_lane_is_reported_and_the_other_goes_on() {
    let (name, mut reader, mut writers) = bus();
    damage(&name, 1);
    for line in ["one\n", "two\n", "three\n"] {
        writers[0].send(line);
    }
    reader.wait_for_exactly(b"one\ntwo\nthree\n");
    reader.wait_for_error("of lane 1 is 9");
    assert!(reader.is_running());
    end(writers);
    reader.wait_for_failure(7, &[name.as_str(), "had corrupt lanes (1)", "next: shm rm"]);
    // So it is after a restart.
    let mut writer = attached_writer(&name, 0, &[]);
    let mut reader = attached_reader(&name, 0, &["-c", "1"]);
    writer.send("four\n");
    reader.wait_for_exactly(b"four\n");
    writer.finish().expect_code(0);
    reader.wait_for_failure(7, &["of lane 1 is 9", "had corrupt lanes (1)"]);
}

#[test]
fn a_corrupt_lane_is_reported_that_is_found_behind_a_message() {
    let (name, mut reader, mut writers) = bus();
    reader.signal(Signal::SIGSTOP);
    until("it stands still", || reader.state() == Some('T'));
    damage(&name, 1);
    writers[0].send("one\n");
    wait_for_lane(&name, 0, 1, 1);
    reader.signal(Signal::SIGCONT);
    reader.wait_for_exactly(b"one\n");
    end(writers);
    reader.wait_for_failure(7, &["of lane 1 is 9", "had corrupt lanes (1)"]);
}

#[test]
fn a_bus_of_which_every_lane_is_corrupt_ends_the_reader() {
    let (name, mut reader, writers) = bus();
    reader.signal(Signal::SIGSTOP);
    until("it stands still", || reader.state() == Some('T'));
    damage(&name, 0);
    damage(&name, 1);
    reader.signal(Signal::SIGCONT);
    reader.wait_for_failure(7, &["of lane 0 is 9", "of lane 1 is 9"]);
    end(writers);
}
