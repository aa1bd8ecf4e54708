//! One end of ours, and one of the lesson's C programs at the other.

use std::thread;
use std::time::Duration;

use shm_mailbox::Wait;
use shm_mailbox::classic::{Classic, DEFAULT_NAME};

use crate::support::c_peer::{CPeer, ask, recv, send};
use crate::support::{Name, PATIENCE, until};

/// Every way to wait; a C peer wakes nobody, so the intervals are short.
fn strategies() -> [Wait; 4] {
    let interval = Duration::from_millis(1);
    [Wait::Spin, Wait::Yield, Wait::Poll(interval), Wait::Block]
}

#[test]
fn the_lessons_name_is_the_default() {
    assert_eq!(DEFAULT_NAME, "shm-file");
    assert!(format!("{:?}", Classic::options(DEFAULT_NAME)).contains("shm-file"));
}

#[test]
fn our_reader_reads_what_the_c_writer_writes() {
    for wait in strategies() {
        let name = Name::new();
        let c_writer = CPeer::writer(&name);
        let options = name.classic().wait(wait).interval(Duration::from_millis(1));
        let mut reader = options.reader().expect("a reader");
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..30 {
                    c_writer.write(format!("line {number}\n").as_bytes());
                }
            });
            for number in 0..30 {
                assert_eq!(recv(&mut reader), format!("line {number}\n").as_bytes());
            }
        });
    }
}

#[test]
fn the_c_reader_reads_what_our_writer_writes() {
    for wait in strategies() {
        let name = Name::new();
        let options = name.classic().wait(wait).interval(Duration::from_millis(1));
        let mut writer = options.writer().expect("a writer");
        let c_reader = CPeer::reader(&name);
        thread::scope(|scope| {
            scope.spawn(move || {
                for number in 0..30 {
                    let line = format!("line {number}\n");
                    send(&mut writer, line.as_bytes());
                }
                writer.drain(Some(PATIENCE)).expect("drain");
                writer.close().expect("close");
            });
            for number in 0..30 {
                assert_eq!(c_reader.read(), format!("line {number}\n").as_bytes());
            }
            // It asks again as soon as it has printed; that is how our writer knows.
            c_reader.ask();
        });
        assert!(!name.exists());
    }
}

#[test]
fn a_short_line_leaves_nothing_of_a_long_one_behind() {
    let name = Name::new();
    let mut writer = name.writer();
    let c_reader = CPeer::reader(&name);
    for line in [&[b'x'; 1023][..], b"short"] {
        c_reader.ask();
        send(&mut writer, line);
        assert_eq!(c_reader.text(), line);
    }
    let object = std::fs::read(name.path()).expect("read the object");
    assert!(object[4 + 5..].iter().all(|&byte| byte == 0));
}

#[test]
fn our_writer_answers_a_request_that_was_there_before_it() {
    let name = Name::new();
    name.sized(1028);
    let c_reader = CPeer::reader(&name);
    c_reader.ask();
    let mut writer = name.writer();
    assert_eq!(c_reader.flag(), 1, "it does not reset the flag");
    send(&mut writer, b"hello\n");
    assert_eq!(c_reader.text(), b"hello\n");
}

#[test]
fn our_reader_takes_over_a_request_left_behind() {
    let name = Name::new();
    let c_writer = CPeer::writer(&name);
    c_writer.set_flag(3);
    let mut reader = name.reader();
    ask(&mut reader);
    assert_eq!(c_writer.flag(), 1);
    c_writer.write(b"hello\n");
    assert_eq!(recv(&mut reader), b"hello\n");
}

#[test]
fn a_message_that_is_already_there_is_not_taken_for_an_answer() {
    let name = Name::new();
    let c_writer = CPeer::writer(&name);
    c_writer.set_text(b"read by somebody else\n");
    let mut reader = name.reader();
    ask(&mut reader);
}

#[test]
fn a_text_without_nul_is_taken_whole() {
    let name = Name::new();
    let c_writer = CPeer::writer(&name);
    let mut reader = name.reader();
    ask(&mut reader);
    c_writer.write(&[b'x'; 1024]);
    assert_eq!(recv(&mut reader), [b'x'; 1024]);
}

#[test]
fn a_reset_is_not_a_message() {
    for wait in strategies() {
        let name = Name::new();
        let c_writer = CPeer::writer(&name);
        c_writer.set_text(b"old\n");
        let mut reader = name.classic().wait(wait).reader().expect("a reader");
        thread::scope(|scope| {
            scope.spawn(|| {
                for expected in [&b"first\n"[..], b"second\n"] {
                    assert_eq!(recv(&mut reader), expected);
                }
            });
            c_writer.write(b"first\n");
            until("there is the second request", || c_writer.flag() == 1);
            c_writer.set_flag(0);
            until("there is one after the reset", || c_writer.flag() == 1);
            c_writer.write(b"second\n");
        });
    }
}

#[test]
fn a_c_writer_may_start_over_under_our_reader() {
    let name = Name::new();
    let first = CPeer::writer(&name);
    let mut reader = name.reader();
    thread::scope(|scope| {
        scope.spawn(|| {
            for expected in [&b"first\n"[..], b"second\n"] {
                assert_eq!(recv(&mut reader), expected);
            }
        });
        first.write(b"first\n");
        until("there is the second request", || first.flag() == 1);
        // O_TRUNC and ftruncate, on the same object: the request is gone.
        let second = CPeer::writer(&name);
        second.write(b"second\n");
    });
}

#[test]
fn our_writer_waits_for_the_c_readers_next_request() {
    let name = Name::new();
    let options = name.classic().interval(Duration::from_millis(1));
    let mut writer = options.writer().expect("a writer");
    let c_reader = CPeer::reader(&name);
    c_reader.ask();
    send(&mut writer, b"last\n");
    writer
        .drain(Some(Duration::from_millis(5)))
        .expect_err("the C reader has not asked again");
    c_reader.ask();
    writer.drain(Some(PATIENCE)).expect("drain");
}
