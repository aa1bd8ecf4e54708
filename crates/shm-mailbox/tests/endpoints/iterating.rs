//! A receiver as an iterator: what is acknowledged when, and how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use shm_mailbox::{Mailbox, Message, RecvError};

#[test]
fn a_loop_gets_each_message_and_ends_with_the_stream() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send_batch(&["one", "two", "three"]).unwrap();
    sender.close().unwrap();
    let mut seen = Vec::new();
    for message in &mut receiver {
        seen.push(message.unwrap());
    }
    assert_eq!(seen, ["one", "two", "three"]);
    assert_eq!(receiver.acknowledged(), 3);
}

#[test]
fn a_message_is_acknowledged_when_the_next_is_asked_for() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send_batch(&["one", "two"]).unwrap();
    let mut messages = (&mut receiver).into_iter();
    assert_eq!(messages.next().unwrap().unwrap(), "one");
    assert_eq!(sender.queued(), 2);
    assert_eq!(messages.next().unwrap().unwrap(), "two");
    assert_eq!(sender.queued(), 1);
}

#[test]
fn a_loop_that_is_left_early_begins_again_with_the_same_message() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send_batch(&["one", "two"]).unwrap();
    for _ in 0..2 {
        let first = (&mut receiver).into_iter().next().unwrap().unwrap();
        assert_eq!((first.sequence(), &first[..]), (0, &b"one"[..]));
    }
    receiver.ack().unwrap();
    let next = (&mut receiver).into_iter().next().unwrap().unwrap();
    assert_eq!((next.sequence(), &next[..]), (1, &b"two"[..]));
}

#[test]
fn a_loop_begins_with_what_was_shown_and_not_acknowledged() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send("one").unwrap();
    receiver.peek(&mut Message::new()).unwrap();
    let first = (&mut receiver).into_iter().next().unwrap().unwrap();
    assert_eq!(first, "one");
}

#[test]
fn an_error_that_is_not_the_end_comes_once_and_last() {
    let stop = Arc::new(AtomicBool::new(true));
    let (mut sender, mut receiver) = Mailbox::options("interrupted")
        .interrupt(Arc::clone(&stop))
        .pair()
        .unwrap();
    let mut messages = (&mut receiver).into_iter();
    assert_eq!(
        messages.next().map(Result::err),
        Some(Some(RecvError::Interrupted))
    );
    assert!(messages.next().is_none());
    stop.store(false, Ordering::Relaxed);
    sender.send("one").unwrap();
    assert_eq!((&mut receiver).into_iter().next().unwrap().unwrap(), "one");
}

#[test]
fn a_sender_that_died_is_no_end_without_a_word() {
    let (mut sender, receiver) = Mailbox::pair().unwrap();
    sender.send("one").unwrap();
    sender.abort().unwrap();
    let items: Vec<_> = receiver.into_iter().collect();
    assert_eq!(items.len(), 2);
    assert_eq!(*items[0].as_ref().unwrap(), "one");
    assert!(
        matches!(items[1], Err(RecvError::PeerDied { .. })),
        "{items:?}"
    );
}
