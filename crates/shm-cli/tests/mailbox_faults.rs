//! The mailbox when things go wrong: dead peers, taken roles, foreign, truncated and vanished objects, no
//! space, no permission, messages that do not fit.

mod support;

use std::fs::OpenOptions;

use support::{
    Name, Process, PublicProgram, attached_reader, attached_writer, reader, until, writer,
};
use support::{has_mount_namespaces, has_other_users, shm_with_small_dev_shm};

#[test]
fn a_reader_takes_what_a_killed_writer_left_and_says_that_it_died() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\ntwo\n");
    until("both are committed", || name.sent() == 2);
    writer.kill();
    reader(&name, &[])
        .wait()
        .expect_code(6)
        .expect_errors(&[name.as_str(), "died"])
        .expect_output(b"one\ntwo\n");
}

#[test]
fn a_second_writer_is_told_who_the_first_is() {
    let name = Name::new();
    let mut first = attached_writer(&name, &[]);
    let pid = first.pid().to_string();
    writer(&name, &["-m", "x"])
        .wait()
        .expect_code(4)
        .expect_errors(&[name.as_str(), &pid, "a writer"]);
    let mut reader = attached_reader(&name, &[]);
    first.send("from the first\n");
    first.finish().expect_code(0);
    reader
        .wait()
        .expect_code(0)
        .expect_output(b"from the first\n");
}

#[test]
fn a_role_that_is_taken_is_asked_for_again_for_as_long_as_was_said() {
    let name = Name::new();
    let mut first = attached_reader(&name, &[]);
    reader(&name, &["--attach-timeout", "0s"])
        .wait()
        .expect_code(4);
    let mut second = reader(&name, &["--attach-timeout", "1h"]);
    second.wait_until_asleep();
    first.kill();
    writer(&name, &["-m", "to the second"])
        .wait()
        .expect_code(0);
    second
        .wait()
        .expect_code(0)
        .expect_output(b"to the second\n");
}

#[test]
fn a_second_reader_is_told_who_the_first_is() {
    let name = Name::new();
    let mut first = attached_reader(&name, &[]);
    let pid = first.pid().to_string();
    reader(&name, &[])
        .wait()
        .expect_code(4)
        .expect_errors(&[name.as_str(), &pid, "a reader"]);
    writer(&name, &["-m", "to the first"]).wait().expect_code(0);
    first.wait().expect_code(0).expect_output(b"to the first\n");
}

#[test]
fn a_foreign_object_is_refused_and_not_touched() {
    let mut other_version = vec![0; 20480];
    other_version[..16].copy_from_slice(b"shm-mbox\x63\0\0\0\x01\0\0\0");
    for contents in [
        b"foreign".to_vec(),
        vec![7; 1029],
        vec![7; 20480],
        other_version,
    ] {
        let name = Name::new();
        name.fill(&contents);
        writer(&name, &["-m", "x"])
            .wait()
            .expect_code(7)
            .expect_errors(&[name.as_str()]);
        reader(&name, &[])
            .wait()
            .expect_code(7)
            .expect_errors(&[name.as_str()]);
        assert_eq!(name.bytes(), contents);
    }
}

#[test]
fn the_two_layouts_refuse_each_other() {
    let name = Name::new();
    let mut classic = writer(&name, &["--classic"]);
    until("the writer has made the object", || {
        name.size() == Some(1028)
    });
    writer(&name, &["-m", "x"])
        .wait()
        .expect_code(7)
        .expect_errors(&[name.as_str(), "classic"]);
    classic.kill();

    let name = Name::new();
    let _mailbox = attached_writer(&name, &[]);
    for command in [writer, reader] {
        command(&name, &["--classic"])
            .wait()
            .expect_code(7)
            .expect_errors(&[name.as_str()]);
    }
}

#[test]
fn a_truncated_object_is_an_error_and_no_signal_in_a_blocked_call() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "1", "--wait", "block"]);
    let mut reader = attached_reader(&name, &["--wait", "block"]);
    reader.wait_until_asleep();
    let object = OpenOptions::new()
        .write(true)
        .open(name.path())
        .expect("the object is there");
    object.set_len(0).expect("tmpfs can truncate");
    reader
        .wait()
        .expect_code(1)
        .expect_errors(&[name.as_str(), "truncated"]);
    writer.kill();
}

#[test]
fn an_object_that_vanished_is_an_error_when_the_peer_is_gone_too() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    let mut writer = attached_writer(&name, &[]);
    name.unlink();
    // The two still have each other.
    writer.send("one\n");
    reader.wait_for_exactly(b"one\n");
    reader.kill();
    writer.send("two\n");
    writer.end_input();
    writer.wait().expect_code(3).expect_errors(&[name.as_str()]);
    assert!(!name.exists());
}

#[test]
fn an_object_that_was_replaced_is_not_touched() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    let mut writer = attached_writer(&name, &[]);
    name.unlink();
    name.fill(b"somebody else's");
    writer.send("one\n");
    reader.wait_for_exactly(b"one\n");
    writer.finish();
    reader.wait();
    assert_eq!(name.bytes(), b"somebody else's");
}

#[test]
fn a_full_dev_shm_is_an_error_that_says_so_and_leaves_nothing() {
    if !has_mount_namespaces() {
        return;
    }
    let script = "\"$0\" \"$@\"; code=$?; ls /dev/shm; exit $code";
    for program in ["writer", "reader"] {
        let args = [program, "--slots", "4096", "orders"];
        Process::spawn(&mut shm_with_small_dev_shm("256k", script, &args))
            .wait()
            .expect_code(1)
            .expect_errors(&["\"orders\"", "space"])
            .expect_output(b"");
    }
}

#[test]
fn another_users_object_needs_permission_and_consent() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let name = Name::new();
    let ours = attached_writer(&name, &[]);
    assert_eq!(name.mode() & 0o777, 0o600);
    for role in ["writer", "reader"] {
        Process::spawn(&mut program.as_nobody(&[role, name.as_str()]))
            .wait()
            .expect_code(5)
            .expect_errors(&[name.as_str(), "ermission"]);
    }
    drop(ours);

    // Root may open anything, and is asked all the same.
    let name = Name::new();
    let mut theirs = Process::spawn(&mut program.as_nobody(&["writer", name.as_str()]));
    name.wait_for_sender();
    reader(&name, &[])
        .wait()
        .expect_code(5)
        .expect_errors(&[name.as_str(), "--any-owner"]);
    let mut reader = attached_reader(&name, &["--any-owner"]);
    theirs.send("hello\n");
    theirs.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"hello\n");
}

#[test]
fn an_object_that_others_may_write_to_needs_consent() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--mode", "0666", "--any-owner"]);
    assert_eq!(name.mode() & 0o777, 0o666);
    reader(&name, &[])
        .wait()
        .expect_code(5)
        .expect_errors(&[name.as_str(), "--any-owner"]);
    let mut reader = attached_reader(&name, &["--any-owner"]);
    writer.send("hello\n");
    writer.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"hello\n");
}

#[test]
fn a_mode_of_ones_own_is_exact() {
    let name = Name::new();
    let _writer = attached_writer(&name, &["--mode", "0660"]);
    assert_eq!(name.mode() & 0o777, 0o660);
}

#[test]
fn slots_are_for_who_creates() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "4"]);
    let mut reader = attached_reader(&name, &["--slots", "8"]);
    writer.send("one\n");
    reader.wait_for_exactly(b"one\n");
    writer.finish().expect_code(0).expect_quiet();
    reader.wait().expect_code(0).expect_errors(&["4", "8"]);
}

#[test]
fn what_does_not_fit_into_a_message_is_refused() {
    let long = [&[b'x'; 1024][..], b"\n"].concat();
    let too_long_frame = [&1025_u32.to_be_bytes()[..], &[b'x'; 1025]].concat();
    let cases: [(&[&str], &[u8]); 4] = [
        (&["--oversize", "error"], &long),
        (&["--oversize", "error", "-0"], &long),
        (&["--length-delimited"], &too_long_frame),
        (&["--length-delimited"], &[0xff; 8]),
    ];
    for (args, bytes) in cases {
        let name = Name::new();
        let mut writer = writer(&name, args);
        writer.send(bytes);
        writer
            .finish()
            .expect_code(8)
            .expect_errors(&[name.as_str(), "1024"]);
        assert!(!name.exists(), "nothing was queued, so nothing is left");
    }
}

#[test]
fn a_frame_that_is_cut_short_is_refused_after_those_before_it() {
    for cut in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x05", b"\0\0\0\x05four"] {
        let name = Name::new();
        let mut reader = attached_reader(&name, &["--length-delimited"]);
        let mut writer = writer(&name, &["--length-delimited"]);
        writer.send([b"\0\0\0\x03one", cut].concat());
        writer
            .finish()
            .expect_code(8)
            .expect_errors(&[name.as_str()]);
        // The reader learns that the stream was cut off.
        reader.wait().expect_code(6).expect_output(b"\0\0\0\x03one");
    }
}

#[test]
fn lines_that_fit_are_sent_with_oversize_error_too() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    let mut writer = writer(&name, &["--oversize", "error"]);
    let fits = [&[b'x'; 1023][..], b"\n"].concat();
    writer.send(&fits);
    writer.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(&fits);
}
