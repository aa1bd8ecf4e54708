//! Endpoints of a bus that close or die: which peers report it, which members are dropped, and what
//! is left.

use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::{Armed, Closed, Message, Peer, RecvError, SendError};

use crate::support::{NOTICE, Name, PATIENCE, assert_matches, die, with_each_wait};

use super::{look, send_all, take, take_all};

#[test]
fn a_receiver_that_closes_holds_nobody_back() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let slow = name.bus().receiver().unwrap();
    let mut quick = name.bus().receiver().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take_all(&mut quick), [0, 1]);
    assert_matches!(sender.try_send("more"), Err(SendError::Full));
    let places = sender.places().unwrap();
    let seen: Vec<_> = places
        .iter()
        .map(|place| (place.place, place.behind, place.holds_back))
        .collect();
    assert_eq!(seen, [(0, 2, true), (1, 0, false)]);
    slow.close().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take_all(&mut quick), [2, 3]);
}

#[test]
fn a_receiver_that_dies_without_a_label_is_dropped_by_the_sender_it_holds_back() {
    with_each_wait(|wait| {
        let name = Name::new();
        let mut sender = name.bus().slots(2).wait(wait).sender().unwrap();
        let doomed = name.bus().receiver().unwrap();
        let mut other = name.bus().receiver().unwrap();
        send_all(&mut sender, 2);
        assert_eq!(take_all(&mut other), [0, 1]);
        die(doomed);
        // It counts until a process finds that its lock is free.
        assert!(look(&name).places[0].counts, "{wait}");
        let begun = Instant::now();
        sender.send_timeout("more", PATIENCE).unwrap();
        assert!(begun.elapsed() < NOTICE, "{wait}");
        assert!(!look(&name).places[0].counts, "{wait}");
        assert_eq!(take_all(&mut other), [2], "{wait}");
    });
}

#[test]
fn an_armed_sender_drops_one_that_was_dead_before_it_held_it_back() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let mut slow = name.bus().receiver().unwrap();
    let mut doomed = name.bus().receiver().unwrap();
    send_all(&mut sender, 4);
    assert_eq!(take_all(&mut doomed), [0, 1, 2, 3]);
    die(doomed);
    // Until the checks that follow that death are over.
    let end = Instant::now() + Duration::from_millis(1100);
    while Instant::now() < end {
        if let Armed::Wait {
            at_most: Some(pause),
        } = sender.arm().unwrap()
        {
            thread::sleep(pause);
        }
    }
    // The slow receiver makes room without a ring, and now the dead one is slower.
    let told = sender.send_timeout("no room", Duration::from_millis(1));
    assert_matches!(told, Err(SendError::TimedOut));
    assert_eq!(take_all(&mut slow), [0, 1, 2, 3]);
    send_all(&mut sender, 4);
    assert_eq!(take_all(&mut slow), [4, 5, 6, 7]);
    assert_eq!(sender.arm(), Ok(Armed::Now));
    send_all(&mut sender, 1);
}

#[test]
fn a_sender_that_an_absent_label_holds_back_is_told() {
    with_each_wait(|wait| {
        let name = Name::new();
        let options = || name.bus().slots(2).wait(wait);
        let mut sender = options().sender().unwrap();
        let billing = options().label("billing").receiver().unwrap();
        let mut other = options().receiver().unwrap();
        send_all(&mut sender, 2);
        assert_eq!(take_all(&mut other), [0, 1]);
        die(billing);
        for _ in 0..2 {
            let told = sender.send_timeout("more", PATIENCE).unwrap_err();
            let SendError::HeldBack {
                place,
                label,
                state,
                ..
            } = told
            else {
                panic!("{wait}: {told:?}")
            };
            assert_eq!(
                (place, label.as_str(), state),
                (0, "billing", Peer::Died),
                "{wait}"
            );
        }
        // An endpoint that awaits its peers waits.
        drop(sender);
        let mut patient = options().await_peer(true).sender().unwrap();
        let waited = patient.send_timeout("more", Duration::from_millis(5));
        assert_matches!(waited, Err(SendError::TimedOut), "{wait}");
        let mut billing = options().label("billing").receiver().unwrap();
        assert_eq!(take(&mut billing).1, 0, "{wait}");
        patient.send_timeout("more", PATIENCE).unwrap();
    });
}

#[test]
fn a_sender_whose_receivers_are_all_gone_is_told() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let one = name.bus().receiver().unwrap();
    let other = name.bus().receiver().unwrap();
    send_all(&mut sender, 2);
    one.close().unwrap();
    other.close().unwrap();
    let told = sender.send_timeout("more", PATIENCE);
    assert_matches!(told, Err(SendError::Closed { .. }));
    die(name.bus().receiver().unwrap());
    let told = sender.send_timeout("more", PATIENCE);
    assert_matches!(told, Err(SendError::PeerDied { .. }));
    // The next receiver gets what they have left.
    assert_eq!(take_all(&mut name.bus().receiver().unwrap()), [0, 1]);
}

#[test]
fn a_receiver_is_told_of_the_end_when_the_last_sender_is_gone() {
    with_each_wait(|wait| {
        let name = Name::new();
        let options = || name.bus().senders(2).wait(wait);
        let mut receiver = options().receiver().unwrap();
        let mut senders = [(); 2].map(|()| options().sender().unwrap());
        for sender in &mut senders {
            sender.send("last words").unwrap();
        }
        let [one, other] = senders;
        one.close().unwrap();
        take(&mut receiver);
        take(&mut receiver);
        let mut message = Message::new();
        let waited = receiver.recv_timeout(&mut message, Duration::from_millis(5));
        assert_matches!(waited, Err(RecvError::TimedOut), "{wait}");
        die(other);
        let told = receiver.recv_timeout(&mut message, PATIENCE);
        assert_matches!(told, Err(RecvError::PeerDied { .. }), "{wait}");
    });
}

#[test]
fn a_bus_goes_with_the_last_that_leaves_it_empty() {
    let name = Name::new();
    let options = || name.bus().senders(2).receivers(2);
    let one = options().sender().unwrap();
    let mut other = options().sender().unwrap();
    let mut receiver = options().receiver().unwrap();
    assert_matches!(one.close(), Ok(Closed::Kept { queued: 0 }));
    other.send("more").unwrap();
    assert_matches!(other.close(), Ok(Closed::Kept { queued: 1 }));
    let waiting = options().receiver().unwrap();
    take(&mut receiver);
    assert_matches!(receiver.close(), Ok(Closed::Kept { queued: 0 }));
    assert_eq!(waiting.close(), Ok(Closed::Unlinked));
    assert!(!name.exists());

    // The bus stays if any sender keeps it.
    let sender = options().sender().unwrap();
    let other = options().sender().unwrap();
    assert_matches!(sender.keep(), Ok(Closed::Kept { .. }));
    assert_matches!(other.close(), Ok(Closed::Kept { .. }));
    assert_matches!(
        options().receiver().unwrap().close(),
        Ok(Closed::Kept { .. })
    );
    // The next sender of its lane undoes that.
    assert_eq!(options().sender().unwrap().close(), Ok(Closed::Unlinked));
}

#[test]
fn a_sender_that_closes_leaves_nothing_for_a_dead_receiver() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let doomed = name.bus().receiver().unwrap();
    let mut other = name.bus().receiver().unwrap();
    send_all(&mut sender, 3);
    assert_eq!(take_all(&mut other), [0, 1, 2]);
    die(doomed);
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
}

#[test]
fn a_dead_receiver_keeps_nothing_that_the_last_to_leave_has_received() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let doomed = name.bus().receiver().unwrap();
    let mut other = name.bus().receiver().unwrap();
    send_all(&mut sender, 3);
    assert_eq!(take_all(&mut other), [0, 1, 2]);
    die(doomed);
    assert_matches!(other.close(), Ok(Closed::Kept { queued: 0 }));
    sender.drain(PATIENCE).unwrap();
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
}

#[test]
fn a_bus_stays_as_long_as_a_place_is_kept() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let mut billing = name.bus().label("billing").receiver().unwrap();
    sender.send("one").unwrap();
    take(&mut billing);
    assert_matches!(sender.close(), Ok(Closed::Kept { queued: 0 }));
    assert_matches!(billing.close(), Ok(Closed::Kept { queued: 0 }));
    let mut sender = name.bus().sender().unwrap();
    sender.send("two").unwrap();
    assert_matches!(sender.close(), Ok(Closed::Kept { queued: 1 }));
    let mut billing = name.bus().label("billing").receiver().unwrap();
    assert_eq!(take(&mut billing), (0, 1, b"two".to_vec()));
    assert_eq!(billing.forget(), Ok(Closed::Unlinked));
}

#[test]
fn a_receiver_that_awaits_goes_over_to_the_next_bus() {
    let name = Name::new();
    let sender = name.bus().sender().unwrap();
    let mut receiver = name.bus().await_peer(true).receiver().unwrap();
    let first = receiver.id();
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
    let mut sender = name.bus().receivers(2).sender().unwrap();
    sender.send("hello").unwrap();
    assert_eq!(take(&mut receiver), (0, 0, b"hello".to_vec()));
    assert_ne!(receiver.id(), first);
}

#[test]
fn a_bus_goes_although_a_receiver_has_died_that_nobody_comes_back_for() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let doomed = name.bus().receiver().unwrap();
    let mut other = name.bus().receiver().unwrap();
    sender.send("more").unwrap();
    take(&mut other);
    die(doomed);
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
}

#[test]
fn a_receiver_that_goes_over_makes_a_bus_with_as_many_seats() {
    let name = Name::new();
    let options = || name.bus().senders(2).receivers(3);
    let sender = options().sender().unwrap();
    let mut receiver = name.bus().await_peer(true).receiver().unwrap();
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
    let told = receiver.recv_timeout(&mut Message::new(), Duration::from_millis(5));
    assert_matches!(told, Err(RecvError::TimedOut));
    assert!(receiver.created());
    assert_eq!((receiver.senders(), receiver.receivers()), (2, 3));
    assert_eq!(options().sender().unwrap().lane(), 0);
}
