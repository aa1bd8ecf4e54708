//! The mailbox when things go wrong: dead peers, roles that are waited for, vanished and replaced
//! objects, frames that are cut short.

use test_support::shm::{attached_reader, attached_writer, expect_cut_off, reader, writer};
use test_support::{Name, until};

#[test]
fn a_reader_takes_what_a_killed_writer_left_and_says_that_it_died() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\ntwo\n");
    until("both are committed", || name.sent() == 2);
    writer.kill();
    expect_cut_off(&name, "one\ntwo\n");
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
    writer(&name, &["-m", "to the second"]).wait_for_success(b"");
    second.wait_for_success(b"to the second\n");
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
    writer.wait_for_failure(3, &[name.as_str()]);
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
fn a_frame_that_is_cut_short_is_refused_after_those_before_it() {
    for cut in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x05", b"\0\0\0\x05four"] {
        let name = Name::new();
        let mut reader = attached_reader(&name, &["--length-delimited"]);
        let mut writer = writer(&name, &["--length-delimited"]);
        writer.send([b"\0\0\0\x03one", cut].concat());
        writer.finish().expect_failure(8, &[name.as_str()]);
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
    reader.wait_for_success(&fits);
}
