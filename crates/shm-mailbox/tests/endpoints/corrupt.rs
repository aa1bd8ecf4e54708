//! Values in the shared memory that no correct peer would have written: an error that names the
//! field and stays, or no harm; never a panic, never a hang.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_mailbox::{Corrupt, Field, Message, Receiver, RecvError, SendError, Sender, Wait};

use crate::support::process::timed;
use crate::support::raw::{
    LAST_MESSAGE, RECEIVED, RECEIVER_LIFE, RECEIVER_PARKED, SENDER_LIFE, SENDER_PARKED, SENT,
    stamp, stamp_offset,
};
use crate::support::{NOTICE, Name, PATIENCE, Raw, WAITS, assert_matches, raw, take, told};

const TIMEOUT: Duration = Duration::from_millis(5);

/// Numbers at which something might break, for a mailbox of 4 slots.
const NUMBERS: [u64; 15] = [
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    1 << 11,
    1 << 32,
    LAST_MESSAGE,
    LAST_MESSAGE + 1,
    LAST_MESSAGE + 2,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

#[track_caller]
fn send_error(result: Result<(), SendError>) -> Corrupt {
    match result {
        Err(SendError::Corrupt { corrupt, .. }) => corrupt,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn recv_error(result: Result<(), RecvError>) -> Corrupt {
    match result {
        Err(RecvError::Corrupt { corrupt, .. }) => corrupt,
        other => panic!("{other:?}"),
    }
}

/// A full mailbox of 4 slots, seen from both ends, and its raw words.
fn full(name: &Name) -> (Sender, Receiver, Raw) {
    let (mut sender, receiver) = name.pair(4);
    sender.send_batch(&["a", "b", "c", "d"]).unwrap();
    (sender, receiver, Raw::new(name))
}

#[test]
fn a_count_of_received_messages_that_cannot_be_is_corrupt_for_good() {
    for number in NUMBERS {
        let name = Name::new();
        let (mut sender, _receiver, words) = full(&name);
        words.store(RECEIVED, number);
        let result = sender.send_timeout(b"e", TIMEOUT);
        match number {
            0 => assert_matches!(result, Err(SendError::TimedOut)),
            1..=4 => result.unwrap(),
            _ => {
                let corrupt = send_error(result);
                assert_eq!(corrupt.field(), Field::Received);
                assert_eq!((corrupt.found(), corrupt.expected()), (number, 0..=4));
                // The right value comes too late.
                words.store(RECEIVED, 4);
                for result in [
                    sender.send_timeout(b"e", PATIENCE),
                    sender.try_send(b"e"),
                    sender.drain(Some(PATIENCE)),
                    sender.try_reserve().map(drop),
                    sender.send_batch(&["e"]).map_err(|batch| batch.error),
                ] {
                    assert_eq!(send_error(result), corrupt);
                }
                assert_eq!(sender.committed(), 4);
            }
        }
    }
}

#[test]
fn a_count_of_received_messages_that_goes_backwards_is_corrupt() {
    let name = Name::new();
    let (mut sender, mut receiver, words) = full(&name);
    take(&mut receiver);
    take(&mut receiver);
    sender.send_batch(&["e", "f"]).unwrap();
    words.store(RECEIVED, 1);
    let corrupt = send_error(sender.try_send(b"g"));
    assert_eq!(corrupt.field(), Field::Received);
    assert_eq!((corrupt.found(), corrupt.expected()), (1, 2..=6));
}

#[test]
fn a_stamp_that_cannot_be_is_corrupt_for_good() {
    let lengths = [0, 1, 1023, 1024, 1025, 1026, 2047];
    let stamps = NUMBERS
        .into_iter()
        .chain(lengths.map(|length| stamp(0, length)))
        .chain(lengths.map(|length| stamp(1, length)))
        .chain([stamp(4, 0), stamp(LAST_MESSAGE, 2047)]);
    for bits in stamps {
        let name = Name::new();
        let (_sender, mut receiver) = name.pair(4);
        let words = Raw::new(&name);
        words.store(stamp_offset(0), bits);
        let mut message = Message::new();
        let result = receiver.recv_timeout(&mut message, TIMEOUT);
        let (ordinal, length) = (bits >> 11, bits % (1 << 11));
        let (field, found, expected) = match (ordinal, length) {
            (0, _) => {
                assert_matches!(result, Err(RecvError::TimedOut));
                continue;
            }
            (1, 0..=1024) => {
                result.unwrap();
                assert_eq!(message.len() as u64, length);
                continue;
            }
            (1, _) => (Field::Length, length, 0..=1024),
            _ => (Field::Stamp, ordinal, 0..=1),
        };
        let corrupt = recv_error(result);
        assert_eq!(corrupt.field(), field);
        assert_eq!((corrupt.found(), corrupt.expected()), (found, expected));
        // The right value comes too late.
        words.store(stamp_offset(0), stamp(0, 1));
        for result in [
            receiver.recv_timeout(&mut message, PATIENCE),
            receiver.try_peek(&mut message),
            receiver.ack(),
        ] {
            assert_eq!(recv_error(result), corrupt);
        }
        assert_eq!(receiver.acknowledged(), 0);
    }
}

#[test]
fn an_old_stamp_is_no_message() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send_batch(&["a", "b", "c", "d"]).unwrap();
    for _ in 0..4 {
        take(&mut receiver);
    }
    let words = Raw::new(&name);
    for old in [0, 1, stamp(0, 1), stamp(1, 2000), stamp(3, 1024)] {
        words.store(stamp_offset(0), old);
        let result = receiver.recv_timeout(&mut Message::new(), TIMEOUT);
        assert_matches!(result, Err(RecvError::TimedOut));
    }
    sender.send(b"e").unwrap();
    assert_eq!(take(&mut receiver), (4, b"e".to_vec()));
}

#[test]
fn words_that_an_end_does_not_trust_do_it_no_harm() {
    // Its own count, until it checks, and that of the peer which only its restart reads.
    for word in [SENT, RECEIVED] {
        for number in NUMBERS {
            let name = Name::new();
            let (mut sender, mut receiver) = name.pair(4);
            let words = Raw::new(&name);
            words.store(word, number);
            assert!(sender.queued() <= 4 && receiver.queued() <= 4);
            for expected in 0..4 {
                sender.send_timeout(b"fits", TIMEOUT).unwrap();
                words.store(word, number);
                assert_eq!(take(&mut receiver).0, expected);
            }
        }
    }
}

#[test]
fn any_life_of_the_peer_and_any_flag_end_in_a_message_or_in_the_time_out() {
    for wait in WAITS {
        for number in NUMBERS {
            let name = Name::new();
            let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            let words = Raw::new(&name);
            let (senders, receivers) = (words.load(SENDER_LIFE), words.load(RECEIVER_LIFE));
            // The flag, and the pid above it.
            for parked in [SENDER_PARKED, RECEIVER_PARKED] {
                words.store(parked, number);
            }
            words.store(SENDER_LIFE, number);
            let result = receiver.recv_timeout(&mut Message::new(), TIMEOUT);
            assert_matches!(result, Err(RecvError::TimedOut));
            words.store(SENDER_LIFE, senders);
            words.store(RECEIVER_LIFE, number);
            sender.try_send(b"fits").unwrap();
            let result = sender.send_timeout(b"does not", TIMEOUT);
            assert_matches!(result, Err(SendError::TimedOut));
            words.store(RECEIVER_LIFE, receivers);
            assert_eq!(take(&mut receiver).1, b"fits");
            sender.peer().unwrap();
            receiver.peer().unwrap();
        }
    }
}

#[test]
fn an_end_whose_own_words_are_not_what_it_wrote_has_lost_its_memory() {
    for wait in WAITS {
        for word in [RECEIVER_LIFE, RECEIVED] {
            let name = Name::new();
            let _sender = name.sender();
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            Raw::new(&name).store(word, 4);
            for _ in 0..2 {
                assert_matches!(
                    told(&mut receiver),
                    Err(RecvError::Truncated { .. }),
                    "{wait}"
                );
            }
        }
        for word in [SENDER_LIFE, SENT] {
            let name = Name::new();
            let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
            let _receiver = name.receiver();
            sender.send(b"fits").unwrap();
            Raw::new(&name).store(word, 4);
            for _ in 0..2 {
                let result = sender.send_timeout(b"does not", PATIENCE);
                assert_matches!(result, Err(SendError::Truncated { .. }), "{wait}");
            }
        }
    }
}

#[test]
fn a_life_of_any_number_can_be_followed_by_another() {
    for number in NUMBERS {
        let name = Name::new();
        let mut image = raw::image(4);
        raw::put(&mut image, SENDER_LIFE, number);
        raw::put(&mut image, RECEIVER_LIFE, number);
        name.fill(&image);
        let (mut sender, mut receiver) = name.pair(4);
        sender.send(b"hello").unwrap();
        assert_eq!(take(&mut receiver).1, b"hello");
        sender.keep().unwrap();
        assert_matches!(
            told(&mut receiver),
            Err(RecvError::Closed { .. }),
            "{number}"
        );
    }
}

#[test]
fn a_flag_that_is_garbled_again_and_again_does_not_keep_an_end_from_its_time_out() {
    let name = Name::new();
    let _sender = name.sender();
    let mut receiver = name.options().wait(Wait::Block).receiver().unwrap();
    let words = Raw::new(&name);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for value in (0..=u32::MAX).step_by(0x0101_0101).cycle() {
                words.half(RECEIVER_PARKED).store(value, Ordering::Relaxed);
                if done.load(Ordering::Relaxed) {
                    break;
                }
            }
        });
        let timeout = Duration::from_millis(100);
        let (result, took) = timed(|| receiver.recv_timeout(&mut Message::new(), timeout));
        done.store(true, Ordering::Relaxed);
        assert_matches!(result, Err(RecvError::TimedOut));
        assert!(took >= timeout && took < timeout + NOTICE, "{took:?}");
    });
}
