//! Which receivers of a bus count, are kept, or are dropped.

use std::time::Duration;

use shm_mailbox::bus::Join;
use shm_mailbox::{Closed, Message, Peer, SendError};
use test_support::skip;

use super::ends::{fill, holding, sitting, take_all};
use crate::support::bus::{assert_whole, content_of, positions};
use crate::support::process::copy_of_descriptor;
use crate::support::{LIMIT, Name, PATIENCE, assert_matches};

/// More than three slices of a sleeping sender.
const SLICES: Duration = Duration::from_millis(350);

#[test]
fn a_receiver_without_a_label_counts_until_the_kernel_has_freed_its_lock() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let mut other = name.bus().receiver().unwrap();
    let dying = sitting(name.bus(), 0);
    // As if its child had it, or the kernel took long to tear the process down.
    let Some(copy) = copy_of_descriptor(&dying, &name.path()) else {
        skip("pidfd_getfd(2)");
        return;
    };
    assert_eq!(fill(&mut sender), 2);
    assert_eq!(take_all(&mut other), 2);

    dying.kill();
    let result = sender.send_timeout("held back", SLICES);
    assert_matches!(result, Err(SendError::TimedOut));
    assert_eq!(holding(&sender), [(1, Peer::Attached)]);

    drop(copy);
    sender.send_timeout("it is dropped", LIMIT).unwrap();
    assert_eq!(sender.places().unwrap().len(), 1);
}

#[test]
fn what_a_dead_receiver_without_a_label_has_left_is_the_next_one_s_if_nobody_else_counts() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let dying = sitting(name.bus(), 0);
    assert_eq!(fill(&mut sender), 4);
    dying.kill();
    let result = sender.send_timeout("no room", PATIENCE);
    assert_matches!(result, Err(SendError::PeerDied { .. }));
    let mut next = name.bus().receiver().unwrap();
    assert_eq!(positions(&next, 1), [0]);
    assert_eq!(take_all(&mut next), 4);
    sender.send_timeout("room", LIMIT).unwrap();
}

#[test]
fn a_place_with_a_label_is_kept_with_its_messages_until_its_receiver_is_back() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let waiting = name.bus().await_peer(true);
    let mut other = name.bus().receiver().unwrap();
    let billing = || name.bus().label("billing");
    // Its place is kept from now on.
    drop(billing().receiver().unwrap());
    for round in 0..3 {
        fill(&mut sender);
        // It has been shown two of them, and acknowledged none.
        let child = sitting(billing(), 2);
        take_all(&mut other);
        assert_eq!(fill(&mut sender), 0);
        child.kill();
        let result = sender.send_timeout("held back", PATIENCE);
        let Err(SendError::HeldBack {
            place,
            label,
            state,
            ..
        }) = result
        else {
            panic!("{result:?}");
        };
        assert_eq!((place, label.as_str(), state), (1, "billing", Peer::Died));
        assert_eq!(holding(&sender), [(1, Peer::Died)]);

        // However long it takes.
        sender.keep().unwrap();
        sender = waiting.clone().sender().unwrap();
        let result = sender.send_timeout("held back", SLICES);
        assert_matches!(result, Err(SendError::TimedOut));

        let mut back = billing().receiver().unwrap();
        let mut message = Message::new();
        for number in 4 * round..4 * (round + 1) {
            back.recv_timeout(&mut message, LIMIT).unwrap();
            assert_eq!(message.sequence(), number);
            assert_whole(&message);
        }
        sender.keep().unwrap();
        sender = name.bus().sender().unwrap();
    }
}

#[test]
fn a_place_that_is_forgotten_holds_nobody_back() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let mut other = name.bus().receiver().unwrap();
    sitting(name.bus().label("billing"), 0).kill();
    fill(&mut sender);
    take_all(&mut other);
    let result = sender.send_timeout("held back", PATIENCE);
    assert_matches!(result, Err(SendError::HeldBack { .. }));
    let back = name.bus().label("billing").receiver().unwrap();
    assert_eq!(back.queued(), 2);
    back.forget().unwrap();
    sender.send_timeout("room", LIMIT).unwrap();
    // Any receiver may take its place.
    let next = name.bus().join(Join::Oldest).receiver().unwrap();
    assert_eq!((next.place(), positions(&next, 1)), (1, vec![2]));
}

#[test]
fn a_living_receiver_is_dropped_by_nobody_who_comes_or_goes() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).receivers(3).sender().unwrap();
    let slow = sitting(name.bus(), 0);
    fill(&mut sender);
    for _ in 0..3 {
        // A dead receiver that is dropped in between.
        sitting(name.bus(), 0).kill();
        let mut passing = name.bus().join(Join::Oldest).receiver().unwrap();
        assert_eq!(take_all(&mut passing), 2);
        let result = sender.send_timeout("held back", Duration::from_millis(120));
        assert_matches!(result, Err(SendError::TimedOut));
        assert_eq!(holding(&sender), [(0, Peer::Attached)]);
        passing.close().unwrap();
        sender.keep().unwrap();
        sender = name.bus().sender().unwrap();
    }
    slow.kill();
}

#[test]
fn the_last_sender_leaves_the_messages_of_one_that_has_closed_before_it() {
    let name = Name::new();
    let sender = name.bus().senders(2).sender().unwrap();
    let mut other = name.bus().sender().unwrap();
    other.send(content_of(1, 0, &mut [0; 1024])).unwrap();
    other.close().unwrap();
    assert_eq!(sender.close().unwrap(), Closed::Kept { queued: 0 });
    let mut message = Message::new();
    let mut receiver = name.bus().receiver().unwrap();
    receiver.recv_timeout(&mut message, LIMIT).unwrap();
    assert_eq!(message.lane(), 1);
    assert_whole(&message);
}
