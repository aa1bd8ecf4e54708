//! A receiver that awaits the next sender, and goes over to its object.

use std::time::{Duration, Instant};

use shm_mailbox::{AttachError, Closed, Message, RecvError};

use crate::support::process::timed;
use crate::support::{LIMIT, NOTICE, Name, PATIENCE, assert_matches, take, with_each_wait};

/// Long enough for a check, at any wait, to have told what there is to tell.
const SLICES: Duration = Duration::from_millis(220);

#[test]
fn a_receiver_that_awaits_the_next_sender_goes_over_to_its_object() {
    with_each_wait(|wait| {
        let name = Name::new();
        let options = name.options().wait(wait).await_peer(true);
        let mut receiver = options.receiver().unwrap();
        let mut ids = vec![];
        for round in 0..3_u8 {
            let mut sender = name.sender();
            sender.send([round]).unwrap();
            assert_eq!(take(&mut receiver), (0, vec![round]));
            assert_eq!(receiver.id(), sender.id());
            ids.push(sender.id());
            assert_eq!(sender.close().unwrap(), Closed::Unlinked, "{wait}");
            // It makes the next one itself if need be, and waits in it.
            let result = receiver.recv_timeout(&mut Message::new(), SLICES);
            assert_matches!(result, Err(RecvError::TimedOut), "{wait}");
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{wait}");
        drop(receiver);
        assert!(!name.exists());
    });
}

#[test]
fn a_receiver_that_never_makes_an_object_waits_until_there_is_one() {
    let name = Name::new();
    let sender = name.sender();
    let options = name.options().await_peer(true).create(false);
    let mut receiver = options.receiver().unwrap();
    sender.close().unwrap();
    let (result, took) = timed(|| receiver.recv_timeout(&mut Message::new(), SLICES));
    assert_matches!(result, Err(RecvError::TimedOut));
    assert!(took >= SLICES && took < SLICES + NOTICE, "{took:?}");
    assert_matches!(
        receiver.try_recv(&mut Message::new()),
        Err(RecvError::Empty)
    );
    assert!(!name.exists());
    let mut sender = name.sender();
    sender.send(b"new").unwrap();
    assert_eq!(take(&mut receiver).1, b"new");
}

#[test]
fn a_wait_alone_goes_over_too() {
    let name = Name::new();
    let mut sender = name.sender();
    let mut receiver = name.options().await_peer(true).receiver().unwrap();
    sender.close().unwrap();
    sender = name.sender();
    sender.send(b"new").unwrap();
    receiver.wait(LIMIT).unwrap();
    assert_eq!(receiver.id(), sender.id());
    let mut message = Message::new();
    receiver.try_recv(&mut message).unwrap();
    assert_eq!(message, b"new");
}

#[test]
fn a_receiver_that_cannot_go_over_says_why_and_tries_again() {
    let name = Name::new();
    let options = name
        .options()
        .await_peer(true)
        .attach_timeout(Duration::ZERO);
    let mut receiver = options.receiver().unwrap();
    name.unlink();
    let other = name.receiver();
    let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
    let Err(RecvError::Reattach(error)) = result else {
        panic!("{result:?}");
    };
    assert_matches!(*error, AttachError::RoleTaken { pid: Some(_), .. });
    other.close().unwrap();
    let mut sender = name.sender();
    sender.send(b"new").unwrap();
    assert_eq!(take(&mut receiver).1, b"new");
}

#[test]
fn what_was_shown_can_be_acknowledged_before_a_receiver_goes_over() {
    let name = Name::new();
    let mut receiver = name.options().await_peer(true).receiver().unwrap();
    let mut sender = name.sender();
    sender.send_batch(&["one", "two"]).unwrap();
    let mut message = Message::new();
    receiver.peek(&mut message).unwrap();
    receiver.peek(&mut message).unwrap();
    name.unlink();
    drop(sender);
    let mut next = name.sender();
    next.send(b"three").unwrap();
    let old = receiver.id();
    // Asked until a slice has passed and the loss of the name is known.
    let start = Instant::now();
    while start.elapsed() < SLICES {
        assert_matches!(receiver.try_peek(&mut message), Err(RecvError::Empty));
    }
    assert_eq!((receiver.id(), receiver.acknowledged()), (old, 0));
    receiver.ack().unwrap();
    assert_eq!((receiver.id(), receiver.acknowledged()), (old, 2));
    assert_eq!(take(&mut receiver).1, b"three");
    assert_eq!(receiver.id(), next.id());
}

#[test]
fn a_receiver_that_awaits_the_next_sender_takes_its_slots() {
    let name = Name::new();
    let sender = name.options().sender().unwrap();
    let mut receiver = name
        .options()
        .slots(4)
        .await_peer(true)
        .create(false)
        .receiver()
        .unwrap();
    sender.close().unwrap();
    let mut sender = name.options().slots(2).sender().unwrap();
    sender.send("one").unwrap();
    let mut message = Message::new();
    receiver.recv_timeout(&mut message, LIMIT).unwrap();
    assert_eq!((receiver.capacity(), &message[..]), (2, &b"one"[..]));
}
