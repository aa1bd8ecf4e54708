//! A bus from outside: what is queued, what passes, and when it may be removed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use shm_core::Unlink;
use shm_mailbox::bus::{self, Bus, Join};
use shm_mailbox::tap::{Start, Tap};
use shm_mailbox::{Message, Options, Removal, RemoveError, Role, observe, peek, remove};

use crate::support::{LIMIT, Name, assert_content, assert_matches, content, turn};

/// Two lanes of four slots, two of them hot, and three places.
fn options(name: &Name) -> Options<Bus> {
    let options = Bus::options(name.as_str()).senders(2).receivers(3);
    options.slots(4).hot_slots(2)
}

fn senders(name: &Name) -> [bus::Sender; 2] {
    [(); 2].map(|()| options(name).sender().expect("a lane"))
}

fn receiver(name: &Name) -> bus::Receiver {
    options(name).receiver().expect("a place")
}

#[track_caller]
fn send(sender: &mut bus::Sender, count: u64) {
    let first = sender.committed();
    for n in first..first + count {
        let sent = sender.try_send(content(n, &mut [0; 1024]));
        sent.expect("there is room");
    }
}

/// The lanes and numbers of the queued messages, each of which is whole.
#[track_caller]
fn queued(name: &Name) -> Vec<(u32, u64)> {
    let object = observe::open(&name.shm_name()).expect("it is there");
    let queue = peek::queued(&object).expect("it is a bus");
    queue
        .map(|message| seen(&message.expect("nothing is damaged")))
        .collect()
}

#[track_caller]
fn seen(message: &Message) -> (u32, u64) {
    assert_content(message, message.sequence());
    (message.lane(), message.sequence())
}

fn tap(name: &Name, start: Start) -> Tap {
    let object = observe::open(&name.shm_name()).expect("it is there");
    Tap::new(object, start).expect("it is a bus")
}

/// The lanes and numbers that a tap shows now, sorted.
#[track_caller]
fn tapped(tap: &mut Tap) -> Vec<(u32, u64)> {
    let mut message = Message::new();
    let mut all = Vec::new();
    while tap.try_next(&mut message).expect("nothing is damaged") {
        all.push(seen(&message));
    }
    all.sort_unstable();
    all
}

#[test]
fn a_message_is_queued_until_every_receiver_that_counts_has_taken_it() {
    let _turn = turn();
    let name = Name::new();
    let mut receivers = [receiver(&name), receiver(&name)];
    let mut senders = senders(&name);
    send(&mut senders[0], 3);
    send(&mut senders[1], 1);
    let all = [(0, 0), (0, 1), (0, 2), (1, 0)];
    assert_eq!(queued(&name), all);
    let mut message = Message::new();
    for _ in 0..4 {
        receivers[0].try_recv(&mut message).expect("a message");
    }
    assert_eq!(queued(&name), all);
    receivers[1].try_recv(&mut message).expect("a message");
    assert_eq!(queued(&name), all[1..]);
    let [_, slow] = receivers;
    // Held for no receiver in particular, because it was the last member.
    drop(slow);
    assert_eq!(queued(&name), []);
    send(&mut senders[1], 2);
    assert_eq!(queued(&name), [(1, 1), (1, 2)]);
}

#[test]
fn a_tap_shows_what_passes_in_every_lane() {
    let _turn = turn();
    let name = Name::new();
    let mut receiver = receiver(&name);
    let mut senders = senders(&name);
    send(&mut senders[0], 2);
    let mut next = tap(&name, Start::Next);
    let mut oldest = tap(&name, Start::Oldest);
    assert_eq!(tapped(&mut next), []);
    assert_eq!(tapped(&mut oldest), [(0, 0), (0, 1)]);
    send(&mut senders[1], 1);
    send(&mut senders[0], 1);
    let new = [(0, 2), (1, 0)];
    assert_eq!(tapped(&mut next), new);
    assert_eq!(tapped(&mut oldest), new);
    let mut message = Message::new();
    while receiver.try_recv(&mut message).is_ok() {}
    assert_eq!(tapped(&mut next), []);
    assert_eq!((next.position(), next.missed()), (4, 0));
}

#[test]
fn a_tap_follows_a_lane_that_nobody_had_when_it_began() {
    let _turn = turn();
    let name = Name::new();
    let receiver = receiver(&name);
    let mut tap = tap(&name, Start::Next);
    let mut senders = senders(&name);
    send(&mut senders[1], 2);
    assert_eq!(tapped(&mut tap), [(1, 0), (1, 1)]);
    drop(receiver);
}

#[test]
fn a_tap_beside_busy_lanes_shows_whole_messages_in_order_and_counts_the_others() {
    const COUNT: u64 = 1000;
    let _turn = turn();
    let name = Name::new();
    let mut receivers = [receiver(&name), receiver(&name)];
    let senders = senders(&name);
    let mut tap = tap(&name, Start::Next);
    let is_over = AtomicBool::new(false);
    let mut last = [None; 2];
    let mut shown = 0;
    thread::scope(|scope| {
        for mut sender in senders {
            scope.spawn(move || {
                for n in 0..COUNT {
                    let sent = sender.send_timeout(content(n, &mut [0; 1024]), LIMIT);
                    sent.expect("the receivers take it");
                }
                sender
            });
        }
        let receivers: Vec<_> = receivers
            .iter_mut()
            .map(|receiver| {
                scope.spawn(|| {
                    let mut message = Message::new();
                    for _ in 0..2 * COUNT {
                        let came = receiver.recv_timeout(&mut message, LIMIT);
                        came.expect("the senders send it");
                        seen(&message);
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for receiver in receivers {
                receiver.join().expect("it did not panic");
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let mut message = Message::new();
        loop {
            let was_over = is_over.load(Ordering::Relaxed);
            let position = tap.position();
            while tap.try_next(&mut message).expect("nothing is damaged") {
                let (lane, number) = seen(&message);
                let last = &mut last[lane as usize];
                assert!(
                    last.is_none_or(|last| number > last),
                    "{number} after {last:?}"
                );
                *last = Some(number);
                shown += 1;
            }
            // A read that has missed some messages may have left others.
            if was_over && tap.position() == position {
                break;
            }
            thread::yield_now();
        }
    });
    assert_eq!(shown + tap.missed(), 2 * COUNT);
    assert_eq!(tap.position(), 2 * COUNT);
}

#[test]
fn a_bus_is_in_use_as_long_as_anybody_has_a_lane_or_a_place() {
    let _turn = turn();
    let name = Name::new();
    let [first, second] = senders(&name);
    first.keep().expect("closes");
    let refuse = |role| {
        for removal in [Removal::Stale, Removal::StaleWithMessages, Removal::Unused] {
            let refused = remove(&name.shm_name(), None, removal);
            let taken = RemoveError::InUse {
                name: name.shm_name(),
                role,
            };
            assert_eq!(refused, Err(taken));
        }
    };
    refuse(Role::Sender);
    let receivers = [receiver(&name), receiver(&name)];
    second.keep().expect("closes");
    refuse(Role::Receiver);
    let [first, last] = receivers;
    first.close().expect("closes");
    // The receiver at the second place continues.
    refuse(Role::Receiver);
    // The refused calls have left nothing locked.
    let mut sender = options(&name).sender().expect("a lane");
    send(&mut sender, 1);
    sender.keep().expect("closes");
    drop(last);
    let removed = remove(&name.shm_name(), None, Removal::Unused);
    assert_matches!(removed, Ok(Unlink::Done));
}

#[test]
fn messages_and_kept_places_keep_a_bus_from_being_removed_as_stale() {
    let _turn = turn();
    let name = Name::new();
    let mut sender = options(&name).sender().expect("a lane");
    let labelled = options(&name)
        .label("billing")
        .join(Join::Oldest)
        .receiver();
    let labelled = labelled.expect("a place");
    send(&mut sender, 2);
    sender.keep().expect("closes");
    labelled.close().expect("closes");
    let stale = || remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(stale(), Err(RemoveError::Messages { queued: 2, .. }));
    let mut labelled = options(&name).label("billing").receiver().expect("a place");
    let mut message = Message::new();
    for _ in 0..2 {
        labelled.try_recv(&mut message).expect("a message");
    }
    labelled.close().expect("closes");
    let Err(RemoveError::Kept { label, .. }) = stale() else {
        panic!("it is kept for billing")
    };
    assert_eq!(label.as_str(), "billing");
    let removed = remove(&name.shm_name(), None, Removal::StaleWithMessages);
    assert_matches!(removed, Ok(Unlink::Done));
}
