//! Two ends of ours, in two threads: what arrives, how fast, and how waiting ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::classic::{Reader, RecvError, SendError, Writer};
use shm_mailbox::{Message, Wait};

use crate::support::c_peer::{CPeer, ask, recv, send};
use crate::support::process::{is_in, thread_id};
use crate::support::{Name, PATIENCE, assert_matches, until};

/// Sends `messages` from another thread and checks that they arrive.
fn pass(name: &Name, sending: Wait, receiving: Wait, messages: &[Vec<u8>]) {
    let mut writer = name.classic().wait(sending).writer().expect("a writer");
    let mut reader = name.classic().wait(receiving).reader().expect("a reader");
    thread::scope(|scope| {
        scope.spawn(move || {
            for message in messages {
                send(&mut writer, message);
            }
            writer.drain(Some(PATIENCE)).expect("drain");
            writer.close().expect("close");
        });
        let mut message = Message::new();
        for (number, expected) in messages.iter().enumerate() {
            let received = reader.recv_timeout(&mut message, PATIENCE);
            received.expect("receive");
            assert_eq!(message, expected.as_slice());
            assert_eq!(message.sequence(), number as u64);
        }
        reader.taken().expect("mark");
    });
    assert!(!name.exists());
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("line {n}\n").into()).collect()
}

#[test]
fn every_pair_of_strategies_passes_every_message_in_order() {
    let strategies = [
        Wait::Spin,
        Wait::Yield,
        Wait::Poll(Duration::from_micros(100)),
        Wait::Block,
    ];
    for sending in strategies {
        for receiving in strategies {
            pass(&Name::new(), sending, receiving, &numbered(100));
        }
    }
}

#[test]
fn every_length_from_1_to_1023_arrives() {
    let messages: Vec<Vec<u8>> = (1..=1023).map(|length| vec![b'x'; length]).collect();
    pass(&Name::new(), Wait::Block, Wait::Block, &messages);
}

#[test]
fn every_byte_but_nul_arrives() {
    let messages = [(1..=255).collect()];
    pass(&Name::new(), Wait::Block, Wait::Block, &messages);
}

#[test]
fn two_blocking_ends_wake_each_other() {
    // Unwoken, each of the 500 would sleep for up to 100 ms, twice.
    let start = Instant::now();
    pass(&Name::new(), Wait::Block, Wait::Block, &numbered(500));
    assert!(start.elapsed() < Duration::from_secs(50));
}

#[test]
fn a_blocked_drain_is_woken_by_the_mark() {
    const ROUNDS: u32 = 300;
    let name = Name::new();
    let mut writer = name.writer();
    let mut reader = name.reader();
    let drains = thread_id();
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                recv(&mut reader);
                // It deals with the message, and the drain falls asleep meanwhile.
                until("the drain sleeps", || is_in(drains, libc::SYS_futex));
                reader.taken().expect("mark");
            }
        });
        for _ in 0..ROUNDS {
            send(&mut writer, b"line\n");
            writer.drain(Some(PATIENCE)).expect("drain");
        }
    });
    // Unwoken, each of the 300 would sleep for up to 100 ms.
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_the_layout_cannot_carry_is_refused() {
    let name = Name::new();
    let mut writer = name.writer();
    assert_matches!(writer.send(b""), Err(SendError::Empty));
    assert_matches!(writer.send(b"a\0b"), Err(SendError::Nul { at: 1 }));
    let error = writer.send([b'x'; 1030]).expect_err("too long");
    assert_eq!(
        error.to_string(),
        "a message of 1030 bytes is 7 too long, expected at most 1023; split it"
    );
}

#[test]
fn nothing_is_sent_before_a_reader_asks() {
    let name = Name::new();
    let mut writer = name.writer();
    let raw = CPeer::reader(&name);
    let timeout = Duration::from_millis(5);
    assert_matches!(writer.send_timeout(b"x", timeout), Err(SendError::TimedOut));
    assert_eq!((raw.flag(), raw.text()), (0, vec![]));
}

#[test]
fn a_request_stands_after_a_time_out() {
    let name = Name::new();
    let mut writer = name.writer();
    let mut reader = name.reader();
    let mut message = Message::new();
    let timed_out = reader.recv_timeout(&mut message, Duration::from_millis(5));
    assert_matches!(timed_out, Err(RecvError::TimedOut));
    send(&mut writer, b"late");
    assert_eq!(recv(&mut reader), b"late");
}

/// Both ends, when the writer has answered a request of the reader.
fn sent(line: &[u8]) -> (Name, Writer, Reader) {
    let name = Name::new();
    let (mut writer, mut reader) = (name.writer(), name.reader());
    ask(&mut reader);
    send(&mut writer, line);
    (name, writer, reader)
}

#[test]
fn a_drain_waits_for_the_reader() {
    let (_name, mut writer, mut reader) = sent(b"last");
    let timeout = Duration::from_millis(120);
    assert_matches!(writer.drain(Some(timeout)), Err(SendError::TimedOut));
    recv(&mut reader);
    // Received is not dealt with: only the mark, or the next request, says so.
    assert_matches!(writer.drain(Some(timeout)), Err(SendError::TimedOut));
    reader.taken().expect("mark");
    writer.drain(Some(PATIENCE)).expect("drain");
}

#[test]
fn a_drain_ends_when_the_reader_has_closed() {
    let (_name, mut writer, mut reader) = sent(b"last");
    recv(&mut reader);
    assert!(reader.close().expect("close").is_none());
    writer.drain(Some(PATIENCE)).expect("drain");
}

#[test]
fn a_drain_with_nothing_sent_ends_at_once() {
    let name = Name::new();
    let mut writer = name.writer();
    writer.drain(Some(Duration::ZERO)).expect("drain");
}

#[test]
fn an_interrupted_reader_leaves_no_request_behind() {
    for wait in [Wait::Spin, Wait::Yield, Wait::Poll(PATIENCE), Wait::Block] {
        let name = Name::new();
        let _writer = name.writer();
        let raw = CPeer::reader(&name);
        let flag = Arc::new(AtomicBool::new(false));
        let options = name.classic().wait(wait).interrupt(flag.clone());
        let mut reader = options.reader().expect("a reader");
        thread::scope(|scope| {
            scope.spawn(|| {
                let received = reader.recv(&mut Message::new());
                assert_matches!(received, Err(RecvError::Interrupted));
                assert!(reader.withdraw().expect("withdraw").is_none());
            });
            until("it asks", || raw.flag() == 1);
            flag.store(true, Ordering::Relaxed);
        });
        assert_eq!(raw.flag(), 0);
    }
}

#[test]
fn an_interrupted_writer_has_sent_nothing() {
    let name = Name::new();
    let flag = Arc::new(AtomicBool::new(true));
    let options = name.classic().interrupt(flag);
    let mut writer = options.writer().expect("a writer");
    assert_matches!(writer.send(b"x"), Err(SendError::Interrupted));
    assert_eq!(CPeer::reader(&name).text(), b"");
}

#[test]
fn a_dropped_reader_leaves_no_request_behind() {
    let name = Name::new();
    let _writer = name.writer();
    let mut reader = name.reader();
    ask(&mut reader);
    let raw = CPeer::reader(&name);
    assert_eq!(raw.flag(), 1);
    drop(reader);
    assert_eq!(raw.flag(), 0);
}

#[test]
fn a_withdrawal_returns_the_message_that_has_just_come() {
    let (_name, _writer, reader) = sent(b"just now");
    let message = reader.close().expect("close").expect("a message");
    assert_eq!(
        (message.as_bytes(), message.sequence()),
        (&b"just now"[..], 0)
    );
}

#[test]
fn a_reader_that_withdraws_all_the_time_misses_nothing() {
    const COUNT: u64 = 3000;
    let name = Name::new();
    let mut writer = name.classic().wait(Wait::Spin).writer().expect("a writer");
    let mut reader = name.classic().wait(Wait::Spin).reader().expect("a reader");
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..COUNT {
                send(&mut writer, format!("{number}"));
            }
            writer.drain(Some(PATIENCE)).expect("drain");
        });
        let mut message = Message::new();
        let mut next = 0;
        while next < COUNT {
            let got = match reader.recv_timeout(&mut message, Duration::ZERO) {
                Ok(()) => Some(message.clone()),
                Err(RecvError::TimedOut) => reader.withdraw().expect("withdraw"),
                Err(error) => panic!("{error}"),
            };
            if let Some(message) = got {
                assert_eq!(message.as_bytes(), format!("{next}").as_bytes());
                assert_eq!(message.sequence(), next);
                next += 1;
            }
        }
        reader.taken().expect("mark");
    });
}

#[test]
fn an_end_shows_itself_by_its_name() {
    let name = Name::new();
    let writer = name.writer();
    let reader = name.reader();
    let shown = format!("{writer:?} {reader:?}");
    let text = r#"Writer { name: "x", .. } Reader { name: "x", .. }"#;
    assert_eq!(shown.replace(name.as_str(), "x"), text);
}
