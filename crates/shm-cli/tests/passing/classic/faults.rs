//! The classic layout when things go wrong: killed and replaced processes, vanished and replaced
//! objects, messages that nobody takes.

use test_support::shm::peers::{c_reader, c_writer, has_c};
use test_support::shm::{attached_reader, classic_reader, classic_writer};
use test_support::{Name, Process, until};

/// A reader that waits for the answer to a request that was there. Until it does, a writer that
/// answers would answer the dead.
fn reader_in_place_of_the_dead(name: &Name) -> Process {
    let reader = attached_reader(name, &[]);
    reader.wait_until_asleep();
    reader
}

#[test]
fn a_reader_killed_while_waiting_is_replaced_by_the_next() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    for _ in 0..3 {
        classic_reader(&name).kill();
        assert_eq!(
            name.flag(),
            Some(1),
            "the request of the dead reader is still there"
        );
    }
    let mut reader = reader_in_place_of_the_dead(&name);
    writer.send("one\ntwo\n");
    reader.wait_for_exactly(b"one\ntwo\n");
    until("the reader takes over the request", || {
        name.flag() == Some(1)
    });
    writer.finish().expect_code(0);
    reader.wait_for_success(b"one\ntwo\n");
}

#[test]
fn a_reader_killed_while_a_c_writer_waits_is_replaced_by_either_kind() {
    if !has_c() {
        return;
    }
    let name = Name::new();
    let mut writer = c_writer(&name);
    classic_reader(&name).kill();
    let mut ours = reader_in_place_of_the_dead(&name);
    writer.send("to ours\n");
    ours.wait_for_exactly(b"to ours\n");
    until("our reader asks again", || name.flag() == Some(1));
    ours.kill();
    let theirs = c_reader(&name);
    until("the C reader adds its request", || name.flag() == Some(2));
    writer.send("to theirs\n");
    theirs.wait_for_exactly(b"to theirs\n");
}

#[test]
fn a_killed_writer_is_replaced_by_the_next() {
    let name = Name::new();
    let mut first = classic_writer(&name, &[]);
    let mut reader = classic_reader(&name);
    first.send("one\n");
    reader.wait_for_exactly(b"one\n");
    first.kill();
    let mut second = classic_writer(&name, &[]);
    second.send("two\n");
    second.finish().expect_code(0);
    reader.wait_for_success(b"one\ntwo\n");
    assert!(!name.exists(), "the second writer unlinks the object");
}

#[test]
fn a_c_writer_that_truncates_the_object_does_not_kill_our_reader() {
    if !has_c() {
        return;
    }
    for _ in 0..5 {
        let name = Name::new();
        let mut first = c_writer(&name);
        let mut reader = classic_reader(&name);
        first.send("one\n");
        reader.wait_for_exactly(b"one\n");
        until("the reader asks again", || name.flag() == Some(1));
        reader.wait_until_asleep();
        first.kill();
        let mut second = c_writer(&name);
        second.send("two\n");
        until("the reader carries on or gives up", || {
            reader.output() == b"one\ntwo\n" || !reader.is_running()
        });
        second.end_input();
        let ended = reader.wait();
        let code = ended
            .status
            .code()
            .expect("the reader was not killed by a signal");
        if code == 0 {
            ended.expect_output(b"one\ntwo\n");
        } else {
            ended.expect_errors(&[name.as_str(), "resized"]);
        }
    }
}

#[test]
fn an_object_that_vanished_ends_both_sides() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    let mut reader = classic_reader(&name);
    name.unlink();
    reader.wait_for_success(b"");
    writer.send("for nobody\n");
    writer.wait_for_failure(3, &[name.as_str()]);
}

#[test]
fn an_object_that_was_replaced_is_not_touched() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    let mut reader = classic_reader(&name);
    name.unlink();
    name.fill(b"somebody else's");
    reader.wait().expect_code(0);
    writer.send("for nobody\n");
    writer.finish().expect_code(3);
    assert_eq!(name.bytes(), b"somebody else's");
}

#[test]
fn a_message_that_nobody_takes_in_time_stays() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &["--drain", "200ms"]);
    classic_reader(&name).kill();
    writer.send("for the dead\n");
    writer.finish().expect_failure(6, &[name.as_str()]);
    assert_eq!(&name.bytes()[4..17], b"for the dead\n");
}
