//! Peeking from outside: which messages are queued, wherever they live, whole or not at all, and
//! nobody notices.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use shm_core::Object;
use shm_mailbox::peek::{self, PeekError};
use shm_mailbox::{Message, Receiver, Sender, observe};

use crate::support::{LIMIT, Name, Random, Raw, assert_matches, raw, take, turn};

fn object(name: &Name) -> Object {
    observe::open(&name.shm_name()).expect("the object is there")
}

/// Numbers and bytes of what is queued.
#[track_caller]
fn queued(object: &Object) -> Vec<(u64, Vec<u8>)> {
    let queue = peek::queued(object).expect("it is a mailbox");
    queue
        .map(|message| {
            let message = message.expect("nothing is damaged");
            (message.sequence(), message.as_bytes().to_vec())
        })
        .collect()
}

/// What is wrong with the queue.
#[track_caller]
fn wrong(object: &Object) -> PeekError {
    let mut queue = peek::queued(object).expect("it is a mailbox");
    let error = queue.find_map(Result::err).expect("something is wrong");
    assert!(queue.next().is_none(), "nothing comes after an error");
    error
}

/// The bytes of message `n`: of another length and another value than its neighbours.
fn payload(n: u64) -> Vec<u8> {
    let length = usize::try_from(n * 37 % 1025).expect("small");
    n.to_le_bytes().into_iter().cycle().take(length).collect()
}

fn ends(name: &Name, hot: u32, slots: u32) -> (Sender, Receiver) {
    let options = name.options().slots(slots).hot_slots(hot);
    let sender = options.sender().expect("the sender's role");
    (sender, name.receiver())
}

#[test]
fn what_is_queued_is_shown_and_stays() {
    let _turn = turn();
    let name = Name::new();
    let mut sender = name.sender();
    let object = object(&name);
    assert!(queued(&object).is_empty());
    for text in [&b"one"[..], b"", b"three"] {
        sender.send(text).expect("there is room");
    }
    let expected = [
        (0, b"one".to_vec()),
        (1, Vec::new()),
        (2, b"three".to_vec()),
    ];
    for _ in 0..2 {
        assert_eq!(queued(&object), expected);
    }
    let mut receiver = name.receiver();
    assert_eq!(take(&mut receiver), (0, b"one".to_vec()));
    assert_eq!(queued(&object), expected[1..]);
    // One that was shown and not acknowledged is still queued.
    receiver.peek(&mut Message::new()).expect("there is one");
    assert_eq!(queued(&object), expected[1..]);
}

#[test]
fn messages_are_found_in_hot_and_cold_slots_in_every_pattern() {
    let _turn = turn();
    for (hot, slots) in [(1, 1), (1, 2), (4, 4), (2, 8), (4, 16), (1, 16)] {
        for seed in 0..20 {
            let name = Name::new();
            let (mut sender, mut receiver) = ends(&name, hot, slots);
            let object = object(&name);
            let mut random = Random::new(seed);
            let mut model = VecDeque::new();
            let mut next = 0;
            for _ in 0..12 {
                for _ in 0..random.below(u64::from(slots) + 1) {
                    if sender.try_send(payload(next)).is_ok() {
                        model.push_back((next, payload(next)));
                        next += 1;
                    }
                }
                assert_eq!(model, queued(&object), "{hot} of {slots}, seed {seed}");
                for _ in 0..random.below(u64::from(slots) + 1) {
                    if model.pop_front().is_some() {
                        take(&mut receiver);
                    }
                }
                assert_eq!(model, queued(&object), "{hot} of {slots}, seed {seed}");
            }
        }
    }
}

#[test]
fn a_message_that_its_sender_did_not_live_to_count_is_queued() {
    let _turn = turn();
    let name = Name::new();
    let mut sender = name.sender();
    sender.send(b"one").expect("there is room");
    sender.send(b"two").expect("there is room");
    // As a sender leaves it that is killed between the stamp and the count.
    Raw::new(&name).store(raw::SENT, 1);
    let numbers: Vec<_> = queued(&object(&name)).into_iter().map(|(n, _)| n).collect();
    assert_eq!(numbers, [0, 1]);
}

#[test]
fn messages_that_pass_are_shown_whole_in_order_and_never_twice() {
    let _turn = turn();
    let name = Name::new();
    let (mut sender, mut receiver) = ends(&name, 2, 8);
    let object = object(&name);
    let done = AtomicBool::new(false);
    let mut shown = 0_u64;
    std::thread::scope(|scope| {
        // Both ends in one thread, so that they move on while the observer looks, also on two
        // cores.
        scope.spawn(|| {
            let mut message = Message::new();
            let mut n = 0;
            while !done.load(Ordering::Relaxed) {
                if sender.try_send(payload(n)).is_ok() {
                    n += 1;
                } else {
                    receiver
                        .try_recv(&mut message)
                        .expect("the mailbox is full");
                }
            }
        });
        let begin = std::time::Instant::now();
        let mut mixed = None;
        while shown < 20_000 && mixed.is_none() && begin.elapsed() < LIMIT {
            let messages = queued(&object);
            mixed = messages
                .iter()
                .find(|(n, bytes)| *bytes != payload(*n))
                .cloned();
            if !messages.is_sorted_by(|(one, _), (other, _)| one < other) {
                mixed = messages.first().cloned();
            }
            shown += messages.len() as u64;
        }
        done.store(true, Ordering::Relaxed);
        assert!(mixed.is_none(), "message {:?}", mixed.map(|(n, _)| n));
    });
    assert!(shown >= 20_000, "{shown} in {LIMIT:?}");
}

#[test]
fn a_message_that_is_missing_or_too_long_is_corrupt() {
    let _turn = turn();
    for (stamp, field) in [
        (0, "the number in a stamp is 0, expected 1 to 1"),
        (
            raw::stamp(7, 3),
            "the number in a stamp is 8, expected 1 to 1",
        ),
        (
            raw::stamp(0, 1025),
            "the length in a stamp is 1025, expected 0 to 1024",
        ),
    ] {
        let name = Name::new();
        let mut sender = name.sender();
        sender.send(b"one").expect("there is room");
        Raw::new(&name).store(raw::stamp_offset(0), stamp);
        let error = wrong(&object(&name));
        assert_matches!(&error, PeekError::Corrupt { .. });
        assert!(error.to_string().contains(field), "{error}");
    }
}

#[test]
fn counts_that_no_peer_writes_end_the_queue() {
    let _turn = turn();
    for (sent, received) in [(0, 9), (u64::MAX, 0), (u64::MAX, u64::MAX - 1), (5, 1)] {
        let name = Name::new();
        let _sender = name.sender();
        let words = Raw::new(&name);
        words.store(raw::SENT, sent);
        words.store(raw::RECEIVED, received);
        let object = object(&name);
        let seen = peek::queued(&object).expect("it is a mailbox");
        assert!(seen.count() <= 1, "{sent} {received}");
    }
}

#[test]
fn what_is_no_mailbox_has_no_queue() {
    let name = Name::new();
    std::fs::write(name.path(), b"foreign").expect("an object can be made");
    let object = object(&name);
    assert_matches!(peek::queued(&object), Err(PeekError::NotAMailbox { .. }));
}
