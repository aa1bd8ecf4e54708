//! The command never dies of SIGBUS: an object that somebody cuts off is an error with a text and a
//! status, in either layout, also when the command was busy with its input meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use test_support::shm::{
    LESSON, attached_reader, attached_writer, classic_reader, classic_writer, reader,
};
use test_support::{Ended, Name, is_torture, until};

/// An error of status 1 that names the object and says what happened to it.
#[track_caller]
fn expect_lost(ended: Ended, name: &Name, word: &str) {
    ended.expect_failure(1, &[&format!("object {:?} was {word}", name.as_str())]);
}

#[test]
fn a_writer_that_waits_for_input_survives_and_tells() {
    for size in [0, 100, 4096] {
        let name = Name::new();
        let mut writer = attached_writer(&name, &["--slots", "64"]);
        writer.wait_until_asleep();
        name.resize(size);
        writer.send("for nobody\n".repeat(65));
        writer.end_input();
        expect_lost(writer.wait(), &name, "truncated");
    }
}

#[test]
fn a_writer_tells_when_the_object_has_its_size_again() {
    for size in [0, 4096] {
        let name = Name::new();
        let mut writer = attached_writer(&name, &[]);
        writer.wait_until_asleep();
        let before = name.size().expect("the object is there");
        name.resize(size);
        name.resize(before);
        writer.send("for nobody\n");
        writer.end_input();
        // It waits until the message is taken, looks after the object, and finds memory missing.
        expect_lost(writer.wait(), &name, "truncated or lost memory");
    }
}

#[test]
fn a_reader_whose_output_nobody_takes_survives_and_tells() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "256"]);
    let mut reader = attached_reader(&name, &[]);
    // Opened while it has a name for sure: the two may be done before it happens.
    let object = name.file();
    writer.feed(vec![b'\n'; 1000]);
    reader.wait_for_output("something", |output| !output.is_empty());
    object.set_len(0).expect("tmpfs can truncate");
    // The writer has nothing more to send, or finds out first.
    for ended in [reader.wait(), writer.wait()] {
        let code = ended.status.code().expect("no signal");
        assert!([0, 1, 6].contains(&code), "{code}: {}", ended.errors);
    }
}

#[test]
fn both_ends_survive_a_truncation_at_any_moment_of_a_stream() {
    let rounds = if is_torture() { 200 } else { 20 };
    for round in 0..rounds {
        let name = Name::new();
        let mut reader = attached_reader(&name, &["--raw", "--wait", "spin"]);
        let mut writer = attached_writer(&name, &["--raw", "--wait", "spin"]);
        writer.feed(vec![7; 1 << 24]);
        reader.wait_for_output("some bytes", |output| output.len() > 10_000 * round);
        name.resize(0);
        let (read, written) = (reader.wait(), writer.wait());
        expect_lost(read, &name, "truncated");
        expect_lost(written, &name, "truncated");
    }
}

#[test]
fn a_reader_that_sleeps_survives_and_tells() {
    let name = Name::new();
    let _writer = attached_writer(&name, &["--slots", "1", "--wait", "block"]);
    let mut reader = attached_reader(&name, &["--wait", "block"]);
    reader.wait_until_asleep();
    name.resize(0);
    expect_lost(reader.wait(), &name, "truncated");
}

#[test]
fn a_classic_end_that_waits_survives_and_tells() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    writer.wait_until_asleep();
    let mut reader = classic_reader(&name);
    reader.wait_until_asleep();
    name.resize(0);
    expect_lost(reader.wait(), &name, "resized");
    writer.send("for nobody\n");
    expect_lost(writer.wait(), &name, "resized");
}

/// Truncates and mends the lesson's object as quickly as it can, as C writers do when they start,
/// while two of ours exchange messages: between their look at its size and their access there are
/// nanoseconds, and a thousand truncations find them.
#[test]
fn classic_ends_survive_an_object_that_is_truncated_all_the_time() {
    let began = Instant::now();
    let mut rounds = 0;
    let limit = Duration::from_secs(if is_torture() { 120 } else { 2 });
    while began.elapsed() < limit {
        rounds += 1;
        let name = Name::new();
        let mut writer = classic_writer(&name, &["--wait", "spin"]);
        let mut reader = reader(&name, &["--classic", "--wait", "spin"]);
        writer.feed(b"a message\n".repeat(100_000));
        reader.wait_for_output("something", |output| !output.is_empty());
        let object = name.file();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    object.set_len(0).expect("tmpfs can truncate");
                    object.set_len(LESSON).expect("tmpfs can grow a file");
                }
            });
            // The first that notices; the other may wait for it.
            until("one has noticed", || {
                !reader.is_running() || !writer.is_running()
            });
            over.store(true, Ordering::Relaxed);
        });
        // Who still runs is killed with its test.
        for process in [&mut reader, &mut writer] {
            if !process.is_running() {
                let ended = process.wait();
                let code = ended.status.code().expect("no signal");
                assert!([0, 1].contains(&code), "{code}: {}", ended.errors);
            }
        }
    }
    println!("{rounds} pairs survived");
}
