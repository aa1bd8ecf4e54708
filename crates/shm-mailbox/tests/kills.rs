//! Either end killed at random moments while messages flow: nothing is lost, nothing comes out of order, and
//! nothing comes twice without its number saying so.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::sync::atomic::Ordering;

use shm_mailbox::{Message, Wait};
use support::{LIMIT, Name, Random, Shared, assert_content, content, fork, until};

/// How often each end is killed.
const KILLS: u64 = 100;

fn waits(round: u64) -> Wait {
    match round % 4 {
        0 => Wait::Block,
        1 => Wait::Yield,
        2 => Wait::Backoff,
        _ => Wait::Adaptive,
    }
}

#[test]
fn a_sender_killed_at_random_loses_nothing_and_repeats_nothing() {
    for slots in [1, 4] {
        let name = Name::new();
        let options = name
            .options()
            .slots(slots)
            .hot_slots(slots.div_ceil(2))
            .await_peer(true);
        let mut receiver = options.receiver().unwrap();
        let mut random = Random::new(0x5EED + u64::from(slots));
        let mut message = Message::new();
        let mut next = 0;
        for round in 0..KILLS / 2 {
            let child = fork(|| {
                let mut sender = name.options().wait(waits(round)).sender().unwrap();
                let mut buffer = [0; 1024];
                loop {
                    let bytes = content(sender.committed(), &mut buffer);
                    sender.send(bytes).unwrap();
                }
            });
            for _ in 0..=random.below(100) {
                receiver.recv_timeout(&mut message, LIMIT).unwrap();
                assert_content(&message, next);
                next += 1;
            }
            random.dawdle(20_000);
            child.kill();
            while receiver.try_recv(&mut message).is_ok() {
                assert_content(&message, next);
                next += 1;
            }
        }
        assert_eq!(name.sender().committed(), next);
    }
}

#[test]
fn a_receiver_killed_at_random_loses_nothing_and_sees_again_only_what_it_knows() {
    for slots in [1, 4] {
        let (name, shared) = (Name::new(), Shared::new());
        // What the receivers have dealt with: what an application would keep in a file.
        let done = shared.number(0);
        let options = name
            .options()
            .slots(slots)
            .hot_slots(slots.div_ceil(2))
            .await_peer(true);
        let mut sender = options.sender().unwrap();
        let mut random = Random::new(0xF00D + u64::from(slots));
        let mut buffer = [0; 1024];
        for round in 0..KILLS / 2 {
            let child = fork(|| {
                let mut receiver = name.options().wait(waits(round)).receiver().unwrap();
                let mut message = Message::new();
                loop {
                    receiver.peek(&mut message).unwrap();
                    assert_content(&message, message.sequence());
                    let known = done.load(Ordering::SeqCst);
                    assert!(message.sequence() <= known, "a message was lost");
                    if message.sequence() == known {
                        done.store(known + 1, Ordering::SeqCst);
                    } else {
                        assert_eq!(message.sequence() + 1, known, "too old");
                    }
                    receiver.ack().unwrap();
                }
            });
            let target = done.load(Ordering::SeqCst) + 1 + random.below(100);
            while done.load(Ordering::SeqCst) < target {
                let bytes = content(sender.committed(), &mut buffer);
                sender.send_timeout(bytes, LIMIT).unwrap();
            }
            random.dawdle(20_000);
            child.kill();
        }
        let committed = sender.committed();
        let last = fork(|| {
            let mut receiver = name.receiver();
            let mut message = Message::new();
            while receiver.acknowledged() < committed {
                receiver.recv(&mut message).unwrap();
                assert_content(&message, message.sequence());
                done.store(message.sequence() + 1, Ordering::SeqCst);
            }
        });
        sender.drain(Some(LIMIT)).unwrap();
        last.join();
        assert_eq!(done.load(Ordering::SeqCst), committed);
    }
}

#[test]
fn a_draft_and_a_batch_killed_at_random_are_whole_or_not_there() {
    let name = Name::new();
    let options = name.options().slots(8).await_peer(true);
    let mut receiver = options.receiver().unwrap();
    let mut random = Random::new(0xDAF7);
    let mut messages = vec![Message::new(); 5];
    let mut next = 0;
    for round in 0..KILLS / 2 {
        let child = fork(|| {
            let mut sender = name.options().wait(waits(round)).sender().unwrap();
            let mut buffer = [0; 1024];
            loop {
                let bytes = content(sender.committed(), &mut buffer);
                let (start, end) = bytes.split_at(bytes.len() / 2);
                let mut draft = sender.reserve().unwrap();
                draft.append(start).unwrap();
                draft.append(end).unwrap();
                draft.commit().unwrap();
                let first = sender.committed();
                let batch: Vec<Vec<u8>> = (first..first + 5)
                    .map(|number| content(number, &mut buffer).to_vec())
                    .collect();
                sender.send_batch(&batch).unwrap();
            }
        });
        let target = next + random.below(100);
        until("messages have come", || {
            let count = receiver.recv_batch(&mut messages).unwrap();
            for message in &messages[..count] {
                assert_content(message, next);
                next += 1;
            }
            next > target
        });
        random.dawdle(20_000);
        child.kill();
    }
}
