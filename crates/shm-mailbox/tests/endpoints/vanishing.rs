//! An object that is unlinked, replaced or cut off under the endpoints that use it.

use std::time::Duration;

use shm_mailbox::{Closed, Message, RecvError, SendError};

use crate::support::process::timed;
use crate::support::{
    NOTICE, Name, PATIENCE, WAITS, assert_closed, assert_matches, raw, take, told,
};

#[test]
fn a_lonely_receiver_is_told_that_its_object_has_lost_its_name() {
    for wait in WAITS {
        for replaced in [false, true] {
            let name = Name::new();
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            name.unlink();
            if replaced {
                name.fill(&raw::image(16));
            }
            let (result, took) = timed(|| receiver.recv_timeout(&mut Message::new(), PATIENCE));
            assert_matches!(result, Err(RecvError::Unlinked { .. }), "{wait}");
            assert!(took < NOTICE, "{wait}: {took:?}");
            receiver.close().unwrap();
            assert_eq!(name.exists(), replaced);
        }
    }
}

#[test]
fn a_lonely_sender_is_told_when_it_waits_for_room() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
        name.unlink();
        sender.send(b"fits").unwrap();
        let (result, took) = timed(|| sender.send_timeout(b"does not", PATIENCE));
        assert_matches!(result, Err(SendError::Unlinked { .. }), "{wait}");
        assert!(took < NOTICE, "{wait}: {took:?}");
    }
}

#[test]
fn two_that_are_attached_go_on_without_a_name() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    name.unlink();
    for number in 0..10 {
        sender.send(b"still here").unwrap();
        assert_eq!(take(&mut receiver).0, number);
    }
    let timeout = Duration::from_millis(120);
    let result = receiver.recv_timeout(&mut Message::new(), timeout);
    assert_matches!(result, Err(RecvError::TimedOut));
    sender.send_batch(&["last", "last"]).unwrap();
    let result = sender.send_timeout(b"full", timeout);
    assert_matches!(result, Err(SendError::TimedOut));
}

#[test]
fn a_peer_that_closed_is_told_before_a_lost_name() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    sender.send(b"left").unwrap();
    name.unlink();
    sender.close().unwrap();
    assert_eq!(take(&mut receiver).1, b"left");
    assert_closed(&mut receiver);
}

#[test]
fn an_object_that_was_renamed_has_lost_its_name() {
    let (name, other) = (Name::new(), Name::new());
    let mut receiver = name.receiver();
    std::fs::rename(name.path(), other.path()).unwrap();
    let (result, took) = timed(|| receiver.recv_timeout(&mut Message::new(), PATIENCE));
    assert_matches!(result, Err(RecvError::Unlinked { .. }));
    assert!(took < NOTICE, "{took:?}");
    // Whoever comes makes a new one, and neither end takes the other's name away.
    let sender = name.sender();
    assert!(sender.created());
    assert_eq!(receiver.close().unwrap(), Closed::Kept { queued: 0 });
    assert!(name.exists() && other.exists());
}

#[test]
fn a_second_name_is_not_the_name() {
    let (name, other) = (Name::new(), Name::new());
    let mut receiver = name.receiver();
    std::fs::hard_link(name.path(), other.path()).unwrap();
    name.unlink();
    assert_matches!(told(&mut receiver), Err(RecvError::Unlinked { .. }));
}
