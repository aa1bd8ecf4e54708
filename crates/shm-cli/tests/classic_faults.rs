//! The lesson's layout when things go wrong: killed and replaced processes, objects that
//! are cut, full or somebody else's.

mod support;

use std::fs::OpenOptions;

use support::peers::{SIZE, c_reader, c_writer, has_c};
use support::{
    Name, Process, PublicProgram, attached_reader, classic_reader, classic_writer, reader, until,
    writer,
};
use support::{has_mount_namespaces, has_other_users, shm_with_small_dev_shm};

/// A reader that waits for the answer to a request that was there. Until it does, a writer that answers
/// would answer the dead.
fn reader_in_place_of_the_dead(name: &Name) -> Process {
    let reader = attached_reader(name, &[]);
    reader.wait_until_asleep();
    reader
}

#[test]
fn a_reader_killed_while_waiting_is_replaced_by_the_next() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
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
    reader.wait().expect_code(0).expect_output(b"one\ntwo\n");
}

#[test]
fn a_reader_killed_while_a_c_writer_waits_is_replaced_by_either_kind() {
    if !has_c() {
        return;
    }
    let name = Name::new();
    let mut writer = c_writer(&name);
    until("the C writer has made the object", || {
        name.size() == Some(SIZE)
    });
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
    let mut first = classic_writer(&name);
    let mut reader = classic_reader(&name);
    first.send("one\n");
    reader.wait_for_exactly(b"one\n");
    first.kill();
    let mut second = classic_writer(&name);
    second.send("two\n");
    second.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"one\ntwo\n");
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
        until("the C writer has made the object", || {
            name.size() == Some(SIZE)
        });
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
fn an_object_that_stays_empty_is_an_error_and_no_signal() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
    let mut reader = classic_reader(&name);
    reader.wait_until_asleep();
    let object = OpenOptions::new()
        .write(true)
        .open(name.path())
        .expect("the object is there");
    object.set_len(0).expect("tmpfs can truncate");
    reader
        .wait()
        .expect_code(1)
        .expect_errors(&[name.as_str(), "resized"]);
    writer.send("one\n");
    writer
        .wait()
        .expect_code(1)
        .expect_errors(&[name.as_str(), "resized"]);
}

#[test]
fn an_object_that_vanished_ends_both_sides() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
    let mut reader = classic_reader(&name);
    name.unlink();
    reader.wait().expect_code(0).expect_output(b"");
    writer.send("for nobody\n");
    writer.wait().expect_code(3).expect_errors(&[name.as_str()]);
}

#[test]
fn an_object_that_was_replaced_is_not_touched() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
    let mut reader = classic_reader(&name);
    name.unlink();
    name.fill(b"somebody else's");
    reader.wait().expect_code(0);
    writer.send("for nobody\n");
    writer.finish().expect_code(3);
    assert_eq!(name.bytes(), b"somebody else's");
}

#[test]
fn a_foreign_object_is_refused_and_not_touched() {
    for contents in [&b"foreign"[..], &[7; 1027], &[7; 1029], &[7; 4096]] {
        let name = Name::new();
        name.fill(contents);
        writer(&name, &["--classic", "-m", "x"])
            .wait()
            .expect_code(7)
            .expect_errors(&[name.as_str()]);
        reader(&name, &["--classic"])
            .wait()
            .expect_code(7)
            .expect_errors(&[name.as_str()]);
        assert_eq!(name.bytes(), contents);
    }
}

#[test]
fn a_full_dev_shm_is_an_error_that_says_so() {
    if !has_mount_namespaces() {
        return;
    }
    let script =
        "head -c 4096 /dev/zero > /dev/shm/filler; \"$0\" \"$@\"; code=$?; ls /dev/shm; exit $code";
    let args = ["writer", "--classic", "-m", "x", "orders"];
    Process::spawn(&mut shm_with_small_dev_shm("4k", script, &args))
        .wait()
        .expect_code(1)
        .expect_errors(&["\"orders\"", "space"])
        .expect_output(b"filler\n");
}

#[test]
fn another_users_object_needs_permission_and_consent() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let name = Name::new();
    let ours = classic_writer(&name);
    Process::spawn(&mut program.as_nobody(&["reader", name.as_str()]))
        .wait()
        .expect_code(5)
        .expect_errors(&[name.as_str(), "ermission"]);
    drop(ours);

    // Root may open anything, and is asked all the same.
    let name = Name::new();
    let mut theirs =
        Process::spawn(&mut program.as_nobody(&["writer", "--classic", name.as_str()]));
    until("the writer has made the object", || {
        name.size() == Some(SIZE)
    });
    let errors = [name.as_str(), "--any-owner"];
    reader(&name, &[])
        .wait()
        .expect_code(5)
        .expect_errors(&errors);
    let mut reader = attached_reader(&name, &["--any-owner"]);
    theirs.send("hello\n");
    theirs.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"hello\n");
}

#[test]
fn a_second_reader_or_writer_is_told_who_the_first_is() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
    let mut reader = classic_reader(&name);
    support::reader(&name, &[])
        .wait()
        .expect_code(4)
        .expect_errors(&[
            name.as_str(),
            &format!("a reader, process {}", reader.pid()),
        ]);
    support::writer(&name, &["--classic"])
        .wait()
        .expect_code(4)
        .expect_errors(&[
            name.as_str(),
            &format!("a writer, process {}", writer.pid()),
        ]);
    assert_eq!(name.flag(), Some(1), "the request is the first reader's");
    writer.send("to the first\n");
    writer.finish().expect_code(0);
    reader
        .wait()
        .expect_code(0)
        .expect_output(b"to the first\n");
}

#[test]
fn a_nul_is_refused() {
    let name = Name::new();
    let mut writer = classic_writer(&name);
    let _reader = classic_reader(&name);
    writer.send(b"a\0b\n");
    writer.wait().expect_code(8).expect_errors(&[name.as_str()]);
}

#[test]
fn a_message_that_nobody_takes_in_time_stays() {
    let name = Name::new();
    let mut writer = writer(&name, &["--classic", "--drain", "200ms"]);
    until("the writer has made the object", || {
        name.size() == Some(SIZE)
    });
    classic_reader(&name).kill();
    writer.send("for the dead\n");
    writer
        .finish()
        .expect_code(6)
        .expect_errors(&[name.as_str()]);
    assert_eq!(&name.bytes()[4..17], b"for the dead\n");
}

#[test]
fn the_time_to_drain_runs_from_the_end_of_the_input_with_or_without_a_request() {
    let name = Name::new();
    writer(&name, &["--classic", "--drain", "200ms", "-m", "x"])
        .wait()
        .expect_code(6)
        .expect_errors(&[name.as_str(), "200ms"]);
}
