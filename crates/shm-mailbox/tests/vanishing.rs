//! An object that is unlinked, replaced or cut off under the endpoints that use it.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::fs::OpenOptions;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_mailbox::{CloseError, Closed, Message, Peer, RecvError, SendError, Wait};
use support::process::timed;
use support::raw::{RECEIVER_PARKED, SENDER_PARKED};
use support::{
    LIMIT, NOTICE, Name, PATIENCE, Raw, Shared, WAITS, assert_closed, assert_matches, fork, raw,
    take, until,
};

#[test]
fn a_lonely_receiver_is_told_that_its_object_has_lost_its_name() {
    for wait in WAITS {
        for replaced in [false, true] {
            let name = Name::new();
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            name.unlink();
            if replaced {
                raw::create(&name, &raw::image(16));
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
    let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
    assert_matches!(result, Err(RecvError::Unlinked { .. }));
}

/// Cuts the object off.
fn truncate(name: &Name, size: u64) {
    let file = OpenOptions::new().write(true).open(name.path());
    file.and_then(|file| file.set_len(size))
        .expect("the object is there");
}

#[test]
fn a_blocked_receiver_is_told_that_its_object_was_cut_off() {
    for size in [0, 4096] {
        let name = Name::new();
        let child = fork(|| {
            let mut receiver = name.options().wait(Wait::Block).receiver().unwrap();
            match receiver.recv_timeout(&mut Message::new(), LIMIT) {
                Err(RecvError::Truncated {
                    expected, found, ..
                }) => {
                    assert_eq!((expected, found), (73_728, size));
                }
                other => panic!("{other:?}"),
            }
            // It knows that there may be nothing to look at.
            assert_eq!(receiver.queued(), 0);
            assert_eq!(receiver.peer().unwrap(), Peer::NeverSeen);
            let result = receiver.close();
            assert_matches!(result, Err(CloseError::Truncated { .. }));
        });
        until("the object is there", || {
            name.exists() && raw::bytes(&name).len() == 73_728
        });
        let words = Raw::new(&name);
        let parked = words.half(RECEIVER_PARKED);
        until("it sleeps", || parked.load(Ordering::SeqCst) == 1);
        child.wait_until_it_falls_asleep();
        truncate(&name, size);
        child.join();
    }
}

#[test]
fn a_blocked_sender_is_told_that_its_object_was_cut_off() {
    let name = Name::new();
    let mut sender = name.options().slots(1).wait(Wait::Block).sender().unwrap();
    sender.send(b"fits").unwrap();
    sender.keep().unwrap();
    let child = fork(|| {
        let mut sender = name.options().wait(Wait::Block).sender().unwrap();
        match sender.send_timeout(b"does not", LIMIT) {
            Err(SendError::Truncated { found: 0, .. }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(sender.queued(), 0);
        assert_eq!(sender.peer().unwrap(), Peer::NeverSeen);
        // Dropping it touches nothing either.
    });
    let words = Raw::new(&name);
    let parked = words.half(SENDER_PARKED);
    until("it sleeps", || parked.load(Ordering::SeqCst) == 1);
    child.wait_until_it_falls_asleep();
    truncate(&name, 0);
    child.join();
}

#[test]
fn a_polling_receiver_is_told_that_its_object_was_cut_off() {
    let (name, shared) = (Name::new(), Shared::new());
    let attached = shared.number(0);
    let child = fork(|| {
        // It looks at the memory every ten seconds, and after the object in between.
        let wait = Wait::Poll(Duration::from_secs(10));
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        attached.store(1, Ordering::SeqCst);
        match receiver.recv_timeout(&mut Message::new(), LIMIT) {
            Err(RecvError::Truncated { found: 0, .. }) => {}
            other => panic!("{other:?}"),
        }
    });
    until("it is attached", || attached.load(Ordering::SeqCst) == 1);
    child.wait_until_it_falls_asleep();
    truncate(&name, 0);
    child.join();
}
