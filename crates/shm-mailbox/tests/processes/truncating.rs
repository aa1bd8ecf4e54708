//! An object that is cut off under an endpoint that sleeps.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_mailbox::{CloseError, Message, Peer, RecvError, SendError, Wait, guard};

use crate::support::process::wait_until_it_falls_asleep;
use crate::support::raw::{RECEIVER_PARKED, SENDER_PARKED};
use crate::support::{LIMIT, Name, Raw, Shared, assert_matches, fork, until};

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
                    assert_eq!((expected, found), (81_920, size));
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
            name.exists() && name.bytes().len() == 81_920
        });
        let words = Raw::new(&name);
        let parked = words.half(RECEIVER_PARKED);
        until("it sleeps", || parked.load(Ordering::SeqCst) == 1);
        wait_until_it_falls_asleep(&child);
        name.resize(size);
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
    wait_until_it_falls_asleep(&child);
    name.resize(0);
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
    wait_until_it_falls_asleep(&child);
    name.resize(0);
    child.join();
}

#[test]
fn a_note_in_memory_that_was_taken_away_is_none_and_cannot_be_written() {
    let child = fork(|| {
        guard::install().unwrap();
        let name = Name::new();
        let mut sender = name.sender();
        sender.set_note([1, 2, 3]).unwrap();
        name.resize(0);
        assert_eq!(sender.note(), None);
        let result = sender.set_note([4, 5, 6]);
        assert_matches!(result, Err(SendError::Truncated { found: 0, .. }));
        assert_eq!(sender.note(), None);
    });
    child.join();
}
