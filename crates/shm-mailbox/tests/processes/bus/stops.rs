//! A stopped process holds up only those that it must, and no process takes it for dead.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_core::{Lock, ObjectOptions};
use shm_mailbox::{AttachError, Message, Peer, SendError};

use super::ends::{fill, holding, receiving, take_all};
use crate::support::bus::{assert_whole, content_of};
use crate::support::process::{sleep_for_ever, stop_self};
use crate::support::{LIMIT, Name, Random, Shared, assert_matches, fork, is_torture, until};

/// How long a receiver is stopped: longer than a sleeper's slice, or two seconds.
fn patience() -> Duration {
    Duration::from_millis(if is_torture() { 2_000 } else { 250 })
}

#[test]
fn a_stopped_receiver_holds_back_the_sender_alone_and_is_named() {
    const SLOTS: u32 = 8;
    let (name, notes) = (Name::new(), Shared::new());
    let mut sender = name.bus().slots(SLOTS).receivers(3).sender().unwrap();
    let mut running = name.bus().receiver().unwrap();
    let other = receiving(name.bus(), &notes, 0);
    let stopped = receiving(name.bus(), &notes, 1);
    until("both are there", || sender.places().unwrap().len() == 3);
    // The children's places, in the order in which they came.
    let places = sender.places().unwrap();
    let place = places
        .iter()
        .find(|place| place.receiver.pid == stopped.pid());
    let place = place.expect("it is attached").place;
    let got = |number: usize| notes.number(number).load(Ordering::SeqCst);
    let mut random = Random::new(0x570B);
    let mut buffer = [0; 1024];
    for _ in 0..if is_torture() { 20 } else { 3 } {
        for _ in 0..random.below(500) {
            let content = content_of(0, sender.committed(), &mut buffer);
            sender.send_timeout(content, LIMIT).unwrap();
            take_all(&mut running);
        }
        stopped.stop();
        // It has acknowledged all that it has noted, and perhaps one message more.
        let noted = got(1);
        until("there is no room for a stopped one", || {
            fill(&mut sender);
            take_all(&mut running);
            holding(&sender) == [(place, Peer::Attached)]
        });
        let content = content_of(0, sender.committed(), &mut buffer);
        let result = sender.send_timeout(content, patience());
        assert_matches!(result, Err(SendError::TimedOut));
        let held = noted + u64::from(SLOTS)..=noted + u64::from(SLOTS) + 1;
        assert!(held.contains(&sender.committed()), "{held:?}");
        // The others have got all that fitted.
        until("the other one has it all", || got(0) == sender.committed());
        assert!(got(1) <= noted + 1);
        stopped.resume();
        sender.send_timeout(content, LIMIT).unwrap();
        take_all(&mut running);
    }
    // It has missed nothing: the child compares every number.
    until("all have all", || {
        [0, 1]
            .iter()
            .all(|number| got(*number) == sender.committed())
    });
    other.kill();
    stopped.kill();
}

#[test]
fn a_stopped_or_killed_sender_delays_no_other() {
    let name = Name::new();
    let options = name.bus().slots(4).senders(3).await_peer(true);
    let mut receiver = options.clone().receiver().unwrap();
    let sending = || {
        fork(|| {
            let mut sender = options.clone().sender().unwrap();
            let mut buffer = [0; 1024];
            loop {
                let content = content_of(sender.lane(), sender.committed(), &mut buffer);
                sender.send(content).unwrap();
            }
        })
    };
    let mut senders = [sending(), sending(), sending()];
    let mut random = Random::new(0x570C);
    let (mut message, mut next) = (Message::new(), [0; 3]);
    let mut pass = |count: u64| {
        let before = next;
        while next
            .iter()
            .zip(before)
            .filter(|(now, then)| *now - then >= count)
            .count()
            < 2
        {
            receiver.recv_timeout(&mut message, LIMIT).unwrap();
            let next = &mut next[message.lane() as usize];
            assert_eq!(message.sequence(), *next);
            assert_whole(&message);
            *next += 1;
        }
    };
    for stop in 0..if is_torture() { 1_000 } else { 40 } {
        random.dawdle(20_000);
        let which = random.index(3);
        senders[which].stop();
        // Of the two others.
        pass(100);
        if stop % 2 == 0 {
            senders[which].resume();
        } else {
            // At any instruction, perhaps within a message.
            std::mem::replace(&mut senders[which], sending()).kill();
        }
    }
    drop(senders);
}

#[test]
fn a_process_stopped_while_it_joins_or_leaves_stops_no_message() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let mut receiver = name.bus().receiver().unwrap();
    let child = fork(|| {
        let object = ObjectOptions::new().open(&name.shm_name()).unwrap();
        assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
        stop_self();
        sleep_for_ever();
    });
    child.wait_until_stopped();
    for _ in 0..100 {
        assert_eq!((fill(&mut sender), take_all(&mut receiver)), (4, 4));
    }
    let result = name.bus().receiver();
    assert_matches!(result, Err(AttachError::InitBusy { .. }));
    assert_eq!((fill(&mut sender), take_all(&mut receiver)), (4, 4));
    child.kill();
    drop(name.bus().receiver().unwrap());
}
