//! What a slow reader, or another program, makes the bridges say again and again: ever less.

use std::sync::atomic::{AtomicU64, Ordering};

use shm_bridge::wire::{Kind, Question, Verdict};
use shm_mailbox::MailboxId;
use test_support::until;

use super::liars::{answer, ask, false_in, session};
use super::pair::{Pair, content};

/// Of 20 times the 1st, 2nd, 4th, 8th and 16th.
const SAID: usize = 5;

#[test]
fn a_mailbox_that_is_full_now_and_then_does_not_fill_the_log() {
    let pair = Pair::new();
    let mut sender = pair.sender();
    // It takes one message with every other question, so it is full after each.
    let far = false_in(pair.far.as_str(), {
        let asked = AtomicU64::new(0);
        move |question, count| {
            let number = asked.fetch_add(u64::from(count > 0), Ordering::SeqCst);
            let expected = question.first + (number % 2) * u64::from(count > 0);
            vec![
                answer(question, Verdict::Taken, expected)
                    .to_bytes()
                    .to_vec(),
            ]
        }
    });
    let near = pair.start_out(far.port, &[]);
    for number in 0..20 {
        sender.send(content(number)).expect("there is room");
    }
    until("all are taken", || pair.near.received() == 20);
    assert_eq!(near.errors().matches("mailbox is full").count(), SAID);
    assert_eq!(near.errors().matches("has room again").count(), SAID);
}

#[test]
fn refused_questions_do_not_fill_the_log() {
    let pair = Pair::new();
    let far = pair.start_in(0, &[]);
    let client = session("\"client\"", "connect/endpoints", far.port);
    let key = pair.far.as_str();
    until("the bridge answers", || {
        !ask(&client, key, b"no question", vec![]).is_empty()
    });
    for _ in 1..20 {
        ask(&client, key, b"no question", vec![]);
    }
    assert_eq!(far.process.errors().matches("no question").count(), SAID);
    // A good hello says nothing, as long as no message follows.
    for number in 1..20 {
        let hello = Question {
            kind: Kind::Hello,
            stream: MailboxId::from_bytes([number; 16]).expect("an id"),
            token: 0,
            first: 0,
        };
        ask(&client, key, &hello.header(0), vec![]);
    }
    assert!(!far.process.errors().contains("stream"));
}
