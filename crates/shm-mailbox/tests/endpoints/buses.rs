//! Several senders and receivers of one object: who gets what, who counts, and who is told what.

use std::time::{Duration, Instant};

use shm_mailbox::bus::{self, Join};
use shm_mailbox::observe::{self, Content};
use shm_mailbox::{AttachError, Closed, Message, Peer, RecvError, Role, SendError, Wait};

use crate::support::{LIMIT, NOTICE, Name, PATIENCE, assert_matches, die, with_each_wait};

/// The lane, the number and the bytes of the next message.
#[track_caller]
fn take(receiver: &mut bus::Receiver) -> (u32, u64, Vec<u8>) {
    let mut message = Message::new();
    let result = receiver.recv_timeout(&mut message, LIMIT);
    assert!(result.is_ok(), "{result:?}");
    (
        message.lane(),
        message.sequence(),
        message.as_bytes().to_vec(),
    )
}

/// The numbers of all messages that are there.
fn take_all(receiver: &mut bus::Receiver) -> Vec<u64> {
    let mut message = Message::new();
    let next = || receiver.try_recv(&mut message).map(|()| message.sequence());
    std::iter::repeat_with(next).map_while(Result::ok).collect()
}

#[track_caller]
fn send_all(sender: &mut bus::Sender, count: u64) {
    for _ in 0..count {
        let number = sender.committed();
        sender.try_send(number.to_ne_bytes()).unwrap();
    }
}

fn look(name: &Name) -> observe::Bus {
    let object = observe::open(&name.shm_name()).unwrap();
    match observe::look(&object).unwrap() {
        Content::Bus(bus) => bus,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_receiver_gets_the_messages_of_each_sender_in_order() {
    let name = Name::new();
    let options = || name.bus().senders(2).receivers(3).slots(4);
    let mut receivers = [(); 3].map(|()| options().receiver().unwrap());
    let mut senders = [(); 2].map(|()| options().sender().unwrap());
    assert_eq!(senders.each_ref().map(bus::Sender::lane), [0, 1]);
    assert_eq!(receivers.each_ref().map(bus::Receiver::place), [0, 1, 2]);
    for round in 0..10_u64 {
        for sender in &mut senders {
            let text = format!("{round} of {}", sender.lane());
            sender.send(text).unwrap();
        }
        for receiver in &mut receivers {
            let mut both = [take(receiver), take(receiver)];
            both.sort();
            for (lane, message) in (0..).zip(both) {
                let text = format!("{round} of {lane}");
                assert_eq!(message, (lane, round, text.into_bytes()));
            }
        }
    }
}

#[test]
fn batches_drafts_and_iterators_work_on_a_bus() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let mut receivers = [(); 2].map(|()| name.bus().receiver().unwrap());
    sender.send_batch(&["a", "b", "c"]).unwrap();
    let mut draft = sender.reserve().unwrap();
    draft.append(b"d").unwrap();
    draft.commit().unwrap();
    assert_eq!((sender.committed(), sender.queued()), (4, 4));
    let mut batch = [const { Message::new() }; 4];
    assert_eq!(receivers[0].recv_batch(&mut batch), Ok(4));
    assert_eq!(sender.queued(), 4);
    sender.close().unwrap();
    let [_, second] = &mut receivers;
    let texts: Vec<_> = second
        .into_iter()
        .map(|message| message.unwrap().as_bytes().to_vec())
        .collect();
    assert_eq!(texts, [b"a", b"b", b"c", b"d"]);
}

#[test]
fn a_receiver_joins_with_the_next_message_or_with_the_oldest_that_is_held() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let mut first = name.bus().receiver().unwrap();
    send_all(&mut sender, 3);
    assert_eq!(take(&mut first).1, 0);
    let mut next = name.bus().receiver().unwrap();
    let mut oldest = name.bus().join(Join::Oldest).receiver().unwrap();
    send_all(&mut sender, 1);
    assert_eq!(take_all(&mut next), [3]);
    assert_eq!(take_all(&mut oldest), [1, 2, 3]);
    assert_eq!(take_all(&mut first), [1, 2, 3]);
}

#[test]
fn what_is_sent_before_the_first_receiver_comes_is_held_for_it() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    send_all(&mut sender, 2);
    assert_matches!(sender.try_send("more"), Err(SendError::Full));
    let mut first = name.bus().receiver().unwrap();
    let mut second = name.bus().receiver().unwrap();
    assert_eq!(take_all(&mut first), [0, 1]);
    assert_eq!(take_all(&mut second), [] as [u64; 0]);
}

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
        // It counts until somebody finds that its lock is free.
        assert!(look(&name).places[0].counts, "{wait}");
        let begun = Instant::now();
        sender.send_timeout("more", PATIENCE).unwrap();
        assert!(begun.elapsed() < NOTICE, "{wait}");
        assert!(!look(&name).places[0].counts, "{wait}");
        assert_eq!(take_all(&mut other), [2], "{wait}");
    });
}

#[test]
fn a_place_with_a_label_is_kept_with_its_messages() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let billing = || name.bus().label("billing");
    let mut receiver = billing().receiver().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take(&mut receiver).1, 0);
    die(receiver);
    send_all(&mut sender, 1);
    let mut receiver = billing().receiver().unwrap();
    assert_eq!(receiver.place(), 0);
    assert_eq!(take(&mut receiver).1, 1);
    receiver.close().unwrap();
    send_all(&mut sender, 2);
    assert!(look(&name).places[0].is_kept());
    // Where it joins says nothing to one that comes back.
    let mut receiver = billing().join(Join::Next).receiver().unwrap();
    assert_eq!(take_all(&mut receiver), [2, 3, 4]);
}

#[test]
fn a_label_has_one_holder() {
    let name = Name::new();
    let _receiver = name.bus().label("billing").receiver().unwrap();
    let _sender = name.bus().senders(2).exact(false).label("billing").sender();
    let options = name.bus().label("billing").attach_timeout(Duration::ZERO);
    let taken = options.receiver().unwrap_err();
    assert_eq!(
        taken,
        AttachError::LabelTaken {
            name: name.shm_name(),
            label: "billing".to_owned(),
            pid: Some(std::process::id()),
        }
    );
    for bad in ["", "a\0b", &"x".repeat(32)] {
        let refused = name.bus().label(bad).receiver().unwrap_err();
        let found = bad.to_owned();
        assert_eq!(refused, AttachError::Label { found });
    }
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
        // One that awaits its peers waits.
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
    // What they have left is the next one's.
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
fn a_lane_is_anothers_once_it_is_free_and_a_labels_as_long_as_it_has_one() {
    let name = Name::new();
    let options = || name.bus().senders(3).receivers(1).slots(4);
    let mut receiver = options().receiver().unwrap();
    let mut sensor = options().label("sensor-3").sender().unwrap();
    sensor.send("1").unwrap();
    assert_eq!(sensor.lane(), 0);
    die(sensor);
    let mut plain = options().sender().unwrap();
    assert_eq!(plain.lane(), 1);
    plain.send("2").unwrap();
    die(plain);
    // An empty lane first.
    let other = options().sender().unwrap();
    assert_eq!(other.lane(), 2);
    let again = options().sender().unwrap();
    assert_eq!((again.lane(), again.committed()), (1, 1));
    let refused = options().attach_timeout(Duration::ZERO).sender();
    let role = Role::Sender;
    let name_of = name.shm_name();
    assert_eq!(
        refused.unwrap_err(),
        AttachError::NoPlace {
            name: name_of,
            role
        }
    );
    let mut sensor = options().label("sensor-3").sender().unwrap();
    assert_eq!((sensor.lane(), sensor.committed()), (0, 1));
    sensor.send("3").unwrap();
    let mut all: Vec<_> = (0..3).map(|_| take(&mut receiver)).collect();
    all.sort();
    let text = |text: &str| text.as_bytes().to_vec();
    assert_eq!(
        all,
        [(0, 0, text("1")), (0, 1, text("3")), (1, 0, text("2"))]
    );
}

#[test]
fn there_are_as_many_seats_as_the_creator_has_made() {
    let name = Name::new();
    let options = || name.bus().receivers(2);
    let kept = [options().receiver().unwrap(), options().receiver().unwrap()];
    let refused = options().attach_timeout(Duration::ZERO).receiver();
    assert_matches!(
        refused,
        Err(AttachError::NoPlace {
            role: Role::Receiver,
            ..
        })
    );
    let [one, _other] = kept;
    die(one);
    options().receiver().unwrap();
    let other = name.bus().receivers(3).receiver().unwrap_err();
    assert_eq!(
        other,
        AttachError::OtherSeats {
            name: name.shm_name(),
            role: Role::Receiver,
            found: 2,
            expected: 3,
        }
    );
    assert_matches!(
        name.bus().senders(2).sender(),
        Err(AttachError::OtherSeats {
            role: Role::Sender,
            found: 1,
            expected: 2,
            ..
        })
    );
    name.bus().receivers(3).exact(false).receiver().unwrap();
    for (senders, receivers, slots) in
        [(0, 1, 4), (1, 0, 4), (33, 1, 4), (1, 33, 4), (2, 1, 65_536)]
    {
        let other = Name::new();
        let options = other
            .bus()
            .senders(senders)
            .receivers(receivers)
            .slots(slots);
        let refused = options.sender().unwrap_err();
        assert_eq!(refused, AttachError::Seats { senders, receivers });
    }
}

#[test]
fn a_bus_is_no_mailbox_and_a_mailbox_no_bus() {
    let name = Name::new();
    let _bus = name.bus().sender().unwrap();
    let (found, expected) = ("bus", "mailbox");
    assert_eq!(
        name.options().receiver().unwrap_err(),
        AttachError::OtherKind {
            name: name.shm_name(),
            found,
            expected
        }
    );
    let name = Name::new();
    let _mailbox = name.sender();
    let (found, expected) = ("mailbox", "bus");
    assert_eq!(
        name.bus().receiver().unwrap_err(),
        AttachError::OtherKind {
            name: name.shm_name(),
            found,
            expected
        }
    );
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

    // A sender that has asked for it is asked.
    let sender = options().sender().unwrap();
    let other = options().sender().unwrap();
    assert_matches!(sender.keep(), Ok(Closed::Kept { .. }));
    assert_matches!(other.close(), Ok(Closed::Kept { .. }));
    assert_matches!(
        options().receiver().unwrap().close(),
        Ok(Closed::Kept { .. })
    );
    // The next sender that has its lane takes that back.
    assert_eq!(options().sender().unwrap().close(), Ok(Closed::Unlinked));
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
fn a_label_that_is_forgotten_holds_nothing() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let mut other = name.bus().receiver().unwrap();
    let billing = name.bus().label("billing").receiver().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take_all(&mut other), [0, 1]);
    assert_matches!(sender.try_send("more"), Err(SendError::Full));
    billing.forget().unwrap();
    send_all(&mut sender, 2);
    let places = look(&name).places;
    assert_eq!((places[1].label, places[1].counts), (None, false));
    // A label that comes again is a new one.
    let mut billing = name.bus().label("billing").receiver().unwrap();
    assert_eq!(take_all(&mut billing), [] as [u64; 0]);
    // A lane's label is forgotten in the same way.
    let labelled = Name::new();
    let sensor = labelled.bus().label("sensor").sender().unwrap();
    let _receiver = labelled.bus().receiver().unwrap();
    sensor.keep().unwrap();
    assert_matches!(
        labelled.bus().attach_timeout(Duration::ZERO).sender(),
        Err(AttachError::NoPlace { .. })
    );
    labelled
        .bus()
        .label("sensor")
        .sender()
        .unwrap()
        .forget()
        .unwrap();
}

#[test]
fn a_receiver_sees_who_sends() {
    let name = Name::new();
    let options = || name.bus().senders(4).receivers(2);
    let mut receiver = options().receiver().unwrap();
    let _slow = options().receiver().unwrap();
    let mut sensor = options().label("sensor").sender().unwrap();
    let mut plain = options().sender().unwrap();
    send_all(&mut sensor, 3);
    send_all(&mut plain, 1);
    for _ in 0..4 {
        take(&mut receiver);
    }
    send_all(&mut sensor, 2);
    die(plain);
    let lanes = receiver.lanes().unwrap();
    let seen: Vec<_> = lanes
        .iter()
        .map(|lane| {
            (
                lane.lane,
                lane.label.map(|label| label.to_string()),
                lane.sent,
                lane.queued,
            )
        })
        .collect();
    let label = Some("sensor".to_owned());
    assert_eq!(seen, [(0, label, 5, 2), (1, None, 1, 0)]);
    assert_eq!(lanes[0].sender.state, Peer::Attached);
    assert_eq!(lanes[1].sender.state, Peer::Died);
    assert_eq!(lanes[0].sender.pid, std::process::id());
    // An observer sees what is queued for anybody.
    assert_eq!(look(&name).lanes[0].queued, 5);
}

#[test]
fn a_receiver_that_shows_too_much_is_told_to_acknowledge() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let mut receiver = name.bus().receiver().unwrap();
    send_all(&mut sender, 2);
    let mut message = Message::new();
    receiver.peek(&mut message).unwrap();
    receiver.peek(&mut message).unwrap();
    let told = receiver.peek(&mut message);
    assert_eq!(told, Err(RecvError::Unacknowledged { shown: 2 }));
    receiver.rewind();
    receiver.peek(&mut message).unwrap();
    assert_eq!(message.sequence(), 0);
    receiver.ack().unwrap();
    assert_eq!(receiver.acknowledged(), 1);
    assert_eq!(receiver.queued(), 1);
}

#[test]
fn a_sender_that_drains_waits_for_every_receiver() {
    let name = Name::new();
    let mut sender = name.bus().sender().unwrap();
    let mut receivers = [(); 2].map(|()| name.bus().receiver().unwrap());
    sender.send("one").unwrap();
    take(&mut receivers[0]);
    let drained = sender.drain(Duration::from_millis(5));
    assert_matches!(drained, Err(SendError::TimedOut));
    take(&mut receivers[1]);
    sender.drain(PATIENCE).unwrap();
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
fn a_sleeping_receiver_is_woken_whichever_place_it_has() {
    for wait in [Wait::Block, Wait::Bell] {
        let name = Name::new();
        let options = || name.bus().wait(wait).senders(2);
        let mut senders = [(); 2].map(|()| options().sender().unwrap());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let mut receiver = options().receiver().unwrap();
                scope.spawn(move || {
                    for _ in 0..200 {
                        take(&mut receiver);
                    }
                });
            }
            for _ in 0..100 {
                for sender in &mut senders {
                    sender.send_timeout("more", PATIENCE).unwrap();
                }
            }
        });
    }
}
