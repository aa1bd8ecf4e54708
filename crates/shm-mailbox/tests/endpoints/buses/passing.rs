//! Which receiver gets which messages of a bus, and in which order.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_mailbox::bus::{self, Join};
use shm_mailbox::{Armed, Message, Peer, RecvError, Select, Selectable, SendError, Wait};

use crate::support::bus::Form;
use crate::support::{LIMIT, Name, PATIENCE, Raw, assert_matches, die};

use super::{look, send_all, take, take_all};

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
fn a_lane_with_nonsense_is_reported_once_by_a_call_that_receives() {
    let form = Form {
        senders: 2,
        receivers: 1,
        slots: 4,
        hot: 4,
    };
    let name = Name::new();
    let options = || name.bus().senders(2).receivers(1).slots(4).hot_slots(4);
    let mut receiver = options().receiver().unwrap();
    let mut senders = [(); 2].map(|()| options().sender().unwrap());
    let _bell = receiver.bell().unwrap();
    Raw::new(&name).store(form.stamp(0, 0), u64::MAX);
    // Calls that receive nothing have something to receive.
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    assert_eq!(receiver.wait(LIMIT), Ok(()));
    let mut ends: [&mut dyn Selectable; 1] = [&mut receiver];
    assert_eq!(Select::new().wait(&mut ends, LIMIT), Ok(0));
    let mut message = Message::new();
    match receiver.try_recv(&mut message) {
        Err(RecvError::Corrupt { corrupt, .. }) => assert_eq!(corrupt.lane(), Some(0)),
        other => panic!("{other:?}"),
    }
    senders[1].send(b"sound").unwrap();
    assert_eq!(take(&mut receiver), (1, 0, b"sound".to_vec()));
    assert_matches!(receiver.try_recv(&mut message), Err(RecvError::Empty));
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
    // An observer sees what is queued for any receiver.
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

#[test]
fn a_sender_that_asks_for_the_places_of_another_form_is_told_of_those() {
    let name = Name::new();
    let options = || name.bus().senders(2).receivers(1).slots(1);
    let senders = [(); 2].map(|()| options().sender().unwrap());
    let _receiver = options().receiver().unwrap();
    // A bus of one lane has the same size.
    Raw::new(&name).half(24).store(1, Ordering::SeqCst);
    for sender in &senders {
        assert_eq!(sender.places().unwrap().len(), 1, "{}", sender.lane());
    }
}
