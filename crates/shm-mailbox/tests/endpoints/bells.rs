//! Bells: when they ring, what arming says, and to whom they belong.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::{Armed, Mailbox, Message, RecvError, SendError, Wait};

use crate::support::raw::{RECEIVER_FENCES, RECEIVER_PARKED, SENDER_LIFE, SENDER_PARKED};
use crate::support::{
    LIMIT, NOTICE, Name, Raw, WAITS, assert_matches, die, is_rung, take, until, with_each_wait,
};

/// Long enough for a ring that is on its way already: the call that rings has returned.
const AT_ONCE: Duration = Duration::ZERO;

#[test]
fn a_receivers_bell_rings_for_a_message() {
    with_each_wait(|wait| {
        let name = Name::new();
        let mut sender = name.sender();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let bell = receiver.bell().unwrap();
        for number in 0..3 {
            assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
            assert!(!is_rung(&bell, AT_ONCE), "{wait}");
            sender.send(b"hello").unwrap();
            assert!(is_rung(&bell, AT_ONCE), "{wait}");
            assert_eq!(receiver.arm(), Ok(Armed::Now));
            assert_eq!(take(&mut receiver), (number, b"hello".to_vec()));
        }
    });
}

#[test]
fn a_senders_bell_rings_for_room_and_for_the_last_acknowledgement() {
    with_each_wait(|wait| {
        let name = Name::new();
        let mut sender = name.options().slots(2).wait(wait).sender().unwrap();
        let mut receiver = name.receiver();
        let bell = sender.bell().unwrap();
        for _ in 0..3 {
            assert_eq!(sender.arm(), Ok(Armed::Now));
            sender.try_send_batch(&["a", "b"]).unwrap();
            assert_matches!(sender.arm(), Ok(Armed::Wait { .. }));
            assert!(!is_rung(&bell, AT_ONCE), "{wait}");
            take(&mut receiver);
            assert!(is_rung(&bell, AT_ONCE), "{wait}");
            assert_eq!(sender.arm(), Ok(Armed::Now));
            assert_matches!(sender.arm_drain(), Ok(Armed::Wait { .. }));
            take(&mut receiver);
            assert!(is_rung(&bell, AT_ONCE), "{wait}");
            assert_eq!(sender.arm_drain(), Ok(Armed::Now));
            assert_eq!(sender.queued(), 0);
        }
    });
}

#[test]
fn nobody_rings_who_is_not_waited_for() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    sender.send(b"rings").unwrap();
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    sender.send(b"does not").unwrap();
    assert!(!is_rung(&bell, AT_ONCE));
    assert_eq!(
        Raw::new(&name).half(RECEIVER_PARKED).load(Ordering::SeqCst),
        0
    );
}

#[test]
fn a_bell_rings_for_a_peer_that_comes_closes_or_dies() {
    with_each_wait(|wait| {
        for dies in [false, true] {
            let name = Name::new();
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            let bell = receiver.bell().unwrap();
            assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
            let sender = name.sender();
            assert!(is_rung(&bell, AT_ONCE), "{wait}");
            assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
            if dies {
                die(sender);
            } else {
                sender.keep().unwrap();
            }
            assert!(is_rung(&bell, AT_ONCE), "{wait}");
            for _ in 0..2 {
                match receiver.arm() {
                    Err(RecvError::PeerDied { .. }) if dies => {}
                    Err(RecvError::Closed { .. }) if !dies => {}
                    other => panic!("{wait}: {other:?}"),
                }
            }
            // The next sender is another peer.
            let _next = name.sender();
            assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
        }
    });
}

#[test]
fn messages_come_before_the_end_of_their_sender() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send(b"last").unwrap();
    sender.close().unwrap();
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    assert_eq!(take(&mut receiver).1, b"last");
    assert_matches!(receiver.arm(), Err(RecvError::Closed { .. }));
}

#[test]
fn the_end_of_a_sender_that_left_before_we_came_follows_its_messages() {
    let name = Name::new();
    let mut sender = Mailbox::options(name.as_str()).sender().expect("a role");
    sender.send("one").expect("there is room");
    sender.keep().expect("it can be closed");
    let mut receiver = Mailbox::options(name.as_str()).receiver().expect("a role");
    let mut message = Message::new();
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    receiver.try_recv(&mut message).expect("a message");
    assert_eq!(receiver.try_recv(&mut message), Err(RecvError::Empty));
    assert_matches!(receiver.arm(), Err(RecvError::Closed { .. }));
}

#[test]
fn a_bell_rings_for_an_object_that_is_cut_off_and_nobody_touches_what_is_gone() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(1);
    sender.send(b"fits").unwrap();
    let bells = [sender.bell().unwrap(), receiver.bell().unwrap()];
    assert_matches!(sender.arm(), Ok(Armed::Wait { .. }));
    take(&mut receiver);
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    sender.arm().unwrap();
    // Without a guard, a touch is a signal that ends the test.
    name.resize(0);
    for bell in &bells {
        assert!(is_rung(bell, AT_ONCE));
    }
    for _ in 0..2 {
        assert_matches!(receiver.arm(), Err(RecvError::Truncated { found: 0, .. }));
        assert_matches!(sender.arm(), Err(SendError::Truncated { found: 0, .. }));
    }
}

#[test]
fn a_bell_rings_for_an_object_that_loses_its_name() {
    let name = Name::new();
    let mut receiver = name.receiver();
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    name.unlink();
    assert!(is_rung(&bell, AT_ONCE));
    assert_matches!(receiver.arm(), Err(RecvError::Unlinked { .. }));
}

#[test]
fn a_bell_rings_for_an_object_that_is_renamed() {
    let (name, other) = (Name::new(), Name::new());
    let mut receiver = name.receiver();
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    fs::rename(name.path(), other.path()).unwrap();
    assert!(is_rung(&bell, AT_ONCE));
    assert_matches!(receiver.arm(), Err(RecvError::Unlinked { .. }));
}

#[test]
fn an_end_looks_again_for_a_second_after_somebody_has_closed_however_often_it_is_armed() {
    let name = Name::new();
    let _sender = name.sender();
    let mut receiver = name.receiver();
    receiver.bell().unwrap();
    // A process other than the peer.
    drop(name.open());
    let ringer = name.open_read_only();
    let start = Instant::now();
    let mut last = Duration::ZERO;
    while let Armed::Wait {
        at_most: Some(pause),
    } = receiver.arm().unwrap()
    {
        last = start.elapsed();
        thread::sleep(pause / 3);
        // A reason to look that is none to look again.
        ringer.ring().unwrap();
    }
    assert!(last >= Duration::from_millis(500), "{last:?}");
}

#[test]
fn a_peer_that_stands_still_while_it_closes_costs_nothing() {
    let name = Name::new();
    let sender = name.sender();
    let mut receiver = name.receiver();
    let words = Raw::new(&name);
    // It has its lock, and is marked as closed.
    let life = words.load(SENDER_LIFE);
    words.store(SENDER_LIFE, life | 1);
    let mut arms = 0;
    while let Armed::Wait {
        at_most: Some(pause),
    } = receiver.arm().unwrap()
    {
        thread::sleep(pause);
        arms += 1;
    }
    assert!(arms < 30, "{arms} times");
    words.store(SENDER_LIFE, life);
    drop(sender);
}

#[test]
fn messages_before_a_panic_in_a_batch_are_told() {
    struct Counted<'a>(&'a Cell<u32>);
    impl AsRef<[u8]> for Counted<'_> {
        fn as_ref(&self) -> &[u8] {
            self.0.set(self.0.get() + 1);
            // The lengths of all are looked at before.
            assert!(self.0.get() < 6, "a message that panics");
            b"good"
        }
    }
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(16);
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    let calls = Cell::new(0);
    let messages = [Counted(&calls), Counted(&calls), Counted(&calls)];
    let sending = AssertUnwindSafe(|| sender.try_send_batch(&messages));
    assert!(catch_unwind(sending).is_err());
    assert_eq!(receiver.queued(), 2);
    assert!(is_rung(&bell, AT_ONCE));
}

#[test]
fn a_bell_stays_when_its_receiver_goes_over_to_the_next_object() {
    let name = Name::new();
    let sender = name.sender();
    let mut receiver = name.options().await_peer(true).receiver().unwrap();
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    sender.close().unwrap();
    assert!(is_rung(&bell, AT_ONCE));
    // It has made the next object itself.
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    assert_eq!(receiver.bell().unwrap().as_raw_fd(), bell.as_raw_fd());
    let mut sender = name.sender();
    assert_eq!(sender.id(), receiver.id());
    receiver.arm().unwrap();
    sender.send(b"in the next").unwrap();
    assert!(is_rung(&bell, AT_ONCE));
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    assert_eq!(take(&mut receiver).1, b"in the next");
}

#[test]
fn a_receiver_without_an_object_looks_for_one_now_and_then() {
    let name = Name::new();
    let sender = name.sender();
    let options = name.options().await_peer(true).create(false);
    let mut receiver = options.receiver().unwrap();
    sender.close().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { at_most: Some(pause) }) if pause < NOTICE);
}

#[test]
fn who_waits_for_a_bell_leaves_the_fence_to_its_peer() {
    for wait in WAITS {
        let name = Name::new();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let words = Raw::new(&name);
        receiver.arm().unwrap();
        assert_eq!(
            words.half(RECEIVER_FENCES).load(Ordering::SeqCst),
            0,
            "{wait}"
        );
    }
}

#[test]
fn the_ends_of_a_pair_have_bells() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    let bell = receiver.bell().unwrap();
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    sender.send(b"hello").unwrap();
    assert!(is_rung(&bell, AT_ONCE));
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    take(&mut receiver);
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
    drop(sender);
    assert!(is_rung(&bell, AT_ONCE));
    assert_matches!(receiver.arm(), Err(RecvError::Closed { .. }));
}

#[test]
fn the_descriptors_of_bells_are_used_again() {
    let name = Name::new();
    let mut seen = HashSet::new();
    for _ in 0..300 {
        let mut receiver = name.receiver();
        seen.insert(receiver.bell().unwrap().as_fd().as_raw_fd());
    }
    // They are closed a while after their endpoints, and tests beside this one take some.
    assert!(seen.len() < 200, "{seen:?}");
}

#[test]
fn a_ring_ends_the_sleep_of_either_end() {
    let name = Name::new();
    let mut sender = name.options().slots(1).wait(Wait::Bell).sender().unwrap();
    let mut receiver = name.options().wait(Wait::Bell).receiver().unwrap();
    let words = Raw::new(&name);
    let asleep = |parked| move |words: &Raw| words.half(parked).load(Ordering::SeqCst) == 2;
    let (sender_sleeps, receiver_sleeps) = (asleep(SENDER_PARKED), asleep(RECEIVER_PARKED));
    thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            take(&mut receiver);
            receiver
        });
        until("the receiver sleeps", || receiver_sleeps(&words));
        sender.send(b"a").unwrap();
        let mut receiver = receiving.join().unwrap();
        sender.send(b"b").unwrap();
        let sending = scope.spawn(move || sender.send_timeout(b"c", LIMIT).unwrap());
        until("the sender sleeps", || sender_sleeps(&words));
        take(&mut receiver);
        sending.join().unwrap();
        assert_eq!(take(&mut receiver).1, b"c");
    });
}

#[test]
fn an_end_that_was_prompt_about_it_says_so_in_memory() {
    for (wait, parked) in [(Wait::Block, 2), (Wait::Adaptive, 2), (Wait::Bell, 2)] {
        let name = Name::new();
        let mut receiver = name.options().wait(wait).prompt(true).receiver().unwrap();
        let words = Raw::new(&name);
        let word = words.half(RECEIVER_PARKED);
        thread::scope(|scope| {
            scope.spawn(move || take(&mut receiver));
            until("it sleeps", || word.load(Ordering::SeqCst) == parked);
            name.sender().send(b"done").unwrap();
        });
    }
}

#[test]
fn rings_that_nobody_answers_are_not_too_many() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let mut message = Message::new();
    receiver.bell().unwrap();
    // More rings than the kernel queues events: those of a kind are one.
    for _ in 0..20_000 {
        assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
        sender.send(b"a").unwrap();
        receiver.try_recv(&mut message).unwrap();
    }
    assert_matches!(receiver.arm(), Ok(Armed::Wait { .. }));
}
