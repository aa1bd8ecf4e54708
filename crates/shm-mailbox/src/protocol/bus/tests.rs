//! The members, and the words that are loaded, on the heap.

use super::{BusReceiveCursor, Join, members};
use crate::memory::bus::BusRegion;
use crate::memory::geometry::{BusGeometry, Geometry};
use crate::memory::label::Label;
use crate::memory::layout::{LAST_MESSAGE, PARKED, PENDING, SLEEPER_FENCES, Stamp};
use crate::memory::message::Message;
use crate::memory::region::View;
use crate::memory::sync::Ordering;
use crate::protocol::corrupt::{Corrupt, Field};
use crate::protocol::{Cursor, Receiving, SendCursor, SendRing};

type Sender = SendCursor<BusRegion>;

/// A bus whose lanes have `slots` slots each, all of them hot up to 8.
fn bus(senders: u32, receivers: u32, slots: u32) -> BusRegion {
    let ring = Geometry::new(slots).unwrap();
    let bus = BusRegion::heap(BusGeometry::new(ring, senders, receivers).unwrap());
    for lane in 0..senders {
        members::open(&bus, lane);
    }
    bus
}

fn sender(bus: &BusRegion, lane: u32) -> (BusRegion, Sender) {
    let seat = bus.seated(lane);
    let cursor = SendCursor::resume(&seat).unwrap();
    (seat, cursor)
}

fn receiver(bus: &BusRegion, place: u32, join: Join) -> (BusRegion, BusReceiveCursor) {
    let seat = bus.seated(place);
    members::join(&seat, place, None, join).unwrap();
    let cursor = BusReceiveCursor::resume(&seat).unwrap();
    (seat, cursor)
}

fn try_send((bus, cursor): &mut (BusRegion, Sender)) -> bool {
    let number = cursor.next();
    let room = cursor.room(bus, || false).unwrap();
    if room {
        cursor.commit(bus, &number.to_ne_bytes());
    }
    room
}

/// The lane and number of the next message, which is given back.
fn try_receive((bus, cursor): &mut (BusRegion, BusReceiveCursor)) -> Option<(u32, u64)> {
    let mut message = Message::new();
    cursor.show_next(bus, &mut message).unwrap()?;
    assert_eq!(message.as_bytes(), message.sequence().to_ne_bytes());
    cursor.acknowledge(bus);
    Some((message.lane(), message.sequence()))
}

fn numbers_of_lane_0(receiver: &mut (BusRegion, BusReceiveCursor)) -> Vec<u64> {
    std::iter::from_fn(|| try_receive(receiver))
        .map(|(_, n)| n)
        .collect()
}

#[test]
fn every_receiver_gets_every_message() {
    let bus = bus(1, 3, 4);
    let mut receivers = [0, 1, 2].map(|place| receiver(&bus, place, Join::Next));
    let mut sender = sender(&bus, 0);
    for round in 0..5 {
        for _ in 0..4 {
            assert!(try_send(&mut sender));
        }
        for receiver in &mut receivers {
            let expected: Vec<_> = (4 * round..4 * round + 4).collect();
            assert_eq!(numbers_of_lane_0(receiver), expected);
        }
    }
}

#[test]
fn a_full_lane_has_room_once_one_slot_is_free() {
    let bus = bus(1, 2, 16);
    let mut receivers = [0, 1].map(|place| receiver(&bus, place, Join::Next));
    let mut sender = sender(&bus, 0);
    for _ in 0..3 {
        while try_send(&mut sender) {}
        for receiver in &mut receivers {
            assert!(!try_send(&mut sender));
            assert!(try_receive(receiver).is_some());
        }
        assert!(try_send(&mut sender));
    }
}

#[test]
fn the_slowest_receiver_decides_how_much_fits() {
    let bus = bus(1, 2, 4);
    let mut quick = receiver(&bus, 0, Join::Next);
    let mut slow = receiver(&bus, 1, Join::Next);
    let mut sender = sender(&bus, 0);
    for _ in 0..4 {
        assert!(try_send(&mut sender));
    }
    assert_eq!(numbers_of_lane_0(&mut quick), [0, 1, 2, 3]);
    assert!(!try_send(&mut sender));
    assert_eq!(try_receive(&mut slow), Some((0, 0)));
    assert!(try_send(&mut sender));
    assert!(!try_send(&mut sender));
    assert_eq!(numbers_of_lane_0(&mut slow), [1, 2, 3, 4]);
    assert_eq!(numbers_of_lane_0(&mut quick), [4]);
}

#[test]
fn a_cold_slot_is_found_by_receivers_that_are_behind_and_by_those_that_are_not() {
    let bus = bus(1, 2, 64);
    let mut quick = receiver(&bus, 0, Join::Next);
    let mut slow = receiver(&bus, 1, Join::Next);
    let mut sender = sender(&bus, 0);
    for n in 0..200 {
        if !try_send(&mut sender) {
            // The slow receiver is up to 63 messages behind the quick one.
            let behind = numbers_of_lane_0(&mut slow);
            assert_eq!(behind.last(), Some(&(n - 1)));
            assert!(try_send(&mut sender));
        }
        assert_eq!(try_receive(&mut quick), Some((0, n)));
    }
}

#[test]
fn a_receiver_joins_with_the_next_message_or_with_the_oldest() {
    let bus = bus(1, 3, 4);
    let mut first = receiver(&bus, 0, Join::Next);
    let mut sender = sender(&bus, 0);
    assert!(try_send(&mut sender) && try_send(&mut sender));
    assert_eq!(try_receive(&mut first), Some((0, 0)));
    let mut next = receiver(&bus, 1, Join::Next);
    let mut oldest = receiver(&bus, 2, Join::Oldest);
    assert!(try_send(&mut sender));
    assert_eq!(numbers_of_lane_0(&mut first), [1, 2]);
    assert_eq!(numbers_of_lane_0(&mut next), [2]);
    assert_eq!(numbers_of_lane_0(&mut oldest), [1, 2]);
}

#[test]
fn messages_without_a_receiver_are_held_for_the_first_that_comes() {
    let bus = bus(1, 2, 2);
    let mut sender = sender(&bus, 0);
    assert!(try_send(&mut sender) && try_send(&mut sender));
    assert!(!try_send(&mut sender));
    let mut first = receiver(&bus, 1, Join::Next);
    assert_eq!(numbers_of_lane_0(&mut first), [0, 1]);
    assert!(try_send(&mut sender));
}

#[test]
fn what_the_last_receiver_leaves_is_held() {
    let bus = bus(1, 2, 4);
    let mut one = receiver(&bus, 0, Join::Next);
    let mut other = receiver(&bus, 1, Join::Next);
    let mut sender = sender(&bus, 0);
    for _ in 0..3 {
        assert!(try_send(&mut sender));
    }
    assert_eq!(numbers_of_lane_0(&mut one), [0, 1, 2]);
    assert_eq!(try_receive(&mut other), Some((0, 0)));
    members::remove(&bus, 0b10);
    assert_eq!(members::load(&bus).mask(), 0b01);
    // The remaining member has given back all three.
    for _ in 0..4 {
        assert!(try_send(&mut sender));
    }
    members::remove(&bus, 0b01);
    assert!(!try_send(&mut sender));
    let mut next = receiver(&bus, 0, Join::Next);
    assert_eq!(numbers_of_lane_0(&mut next), [3, 4, 5, 6]);
}

#[test]
fn one_store_removes_several_and_a_generation_passes_each_time() {
    let bus = bus(2, 4, 2);
    for place in 0..4 {
        let _ = receiver(&bus, place, Join::Next);
    }
    let header = bus.header();
    assert_eq!(header.members.load(Ordering::Relaxed), 4 << 32 | 0b1111);
    members::remove(&bus, 0b0110);
    assert_eq!(header.members.load(Ordering::Relaxed), 5 << 32 | 0b1001);
    members::remove(&bus, 0b0110);
    assert_eq!(header.members.load(Ordering::Relaxed), 5 << 32 | 0b1001);
    members::remove(&bus, u32::MAX);
    assert_eq!(header.members.load(Ordering::Relaxed), 6 << 32);
}

#[test]
fn nothing_is_learned_while_a_receiver_is_pending() {
    let bus = bus(1, 2, 2);
    let mut first = receiver(&bus, 0, Join::Next);
    let mut sender = sender(&bus, 0);
    assert!(try_send(&mut sender) && try_send(&mut sender));
    assert_eq!(numbers_of_lane_0(&mut first), [0, 1]);
    // A joiner that is killed between J2 and J5.
    let _ = receiver(&bus, 1, Join::Next);
    bus.count(0, 1).0.store(PENDING, Ordering::Relaxed);
    assert!(members::is_pending(&bus, 1));
    assert!(!try_send(&mut sender));
    assert_eq!(sender.1.holding_back(&bus), 0b10);
    members::remove(&bus, 0b10);
    assert!(try_send(&mut sender));
}

#[test]
fn the_last_to_leave_does_not_go_by_a_pending_count() {
    let bus = bus(1, 2, 2);
    let mut first = receiver(&bus, 0, Join::Next);
    let mut sender = sender(&bus, 0);
    assert!(try_send(&mut sender));
    assert_eq!(numbers_of_lane_0(&mut first), [0]);
    let _ = receiver(&bus, 1, Join::Next);
    bus.count(0, 1).0.store(PENDING, Ordering::Relaxed);
    members::remove(&bus, 0b11);
    assert_eq!(bus.lane(0).presence.floor.load(Ordering::Relaxed), 1);
}

#[test]
fn lanes_have_their_turns() {
    let bus = bus(3, 1, 32);
    let mut receiver = receiver(&bus, 0, Join::Next);
    let mut senders = [0, 1, 2].map(|lane| sender(&bus, lane));
    for sender in &mut senders {
        for _ in 0..20 {
            assert!(try_send(sender));
        }
    }
    let lanes: Vec<_> = std::iter::from_fn(|| try_receive(&mut receiver)).collect();
    let turns = [
        (0, 0..16),
        (1, 0..16),
        (2, 0..16),
        (0, 16..20),
        (1, 16..20),
        (2, 16..20),
    ];
    let expected: Vec<_> = turns
        .into_iter()
        .flat_map(|(lane, numbers)| numbers.map(move |n| (lane, n)))
        .collect();
    assert_eq!(lanes, expected);
}

#[test]
fn a_receiver_that_rewinds_gets_the_messages_of_all_lanes_again() {
    let bus = bus(2, 1, 4);
    let (seat, mut cursor) = receiver(&bus, 0, Join::Next);
    let mut senders = [0, 1].map(|lane| sender(&bus, lane));
    for sender in &mut senders {
        assert!(try_send(sender) && try_send(sender));
    }
    let mut message = Message::new();
    let mut shown = Vec::new();
    while cursor.show_next(&seat, &mut message).unwrap().is_some() {
        shown.push((message.lane(), message.sequence()));
    }
    assert_eq!(shown, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!((cursor.shown(), cursor.acknowledged()), (2, 0));
    cursor.rewind();
    assert_eq!(cursor.queued(&seat), Ok(4));
    let mut again = (seat, cursor);
    let mut shown: Vec<_> = std::iter::from_fn(|| try_receive(&mut again)).collect();
    shown.sort_unstable();
    assert_eq!(shown, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(again.1.acknowledged(), 4);
}

#[test]
fn what_is_wrong_in_one_lane_leaves_the_others() {
    let bus = bus(2, 1, 4);
    let (seat, mut cursor) = receiver(&bus, 0, Join::Next);
    let mut senders = [0, 1].map(|lane| sender(&bus, lane));
    for sender in &mut senders {
        assert!(try_send(sender));
    }
    bus.slot(0, 0).stamp.store(u64::MAX, Ordering::Relaxed);
    let mut message = Message::new();
    let corrupt = cursor.show_next(&seat, &mut message).unwrap_err();
    assert_eq!((corrupt.field(), corrupt.lane()), (Field::Stamp, Some(0)));
    assert!(cursor.leaves_out(&corrupt));
    assert!(cursor.is_broken(0) && !cursor.is_broken(1));
    // With any value there.
    let first = Stamp::new(0, 8).bits();
    bus.slot(0, 0).stamp.store(first, Ordering::Relaxed);
    assert_eq!(cursor.show_next(&seat, &mut message), Ok(Some(())));
    assert_eq!(message.lane(), 1);
    cursor.acknowledge(&seat);
    // With the last lane left out, the receiver itself is broken.
    bus.slot(1, 1).stamp.store(u64::MAX, Ordering::Relaxed);
    let corrupt = cursor.show_next(&seat, &mut message).unwrap_err();
    assert!(!cursor.leaves_out(&corrupt));
}

fn told(result: Result<bool, Corrupt>) -> (Field, Option<u32>, Option<u32>) {
    let corrupt = result.unwrap_err();
    (corrupt.field(), corrupt.lane(), corrupt.place())
}

#[test]
fn a_sender_believes_no_impossible_word() {
    let fresh = || {
        let bus = bus(2, 3, 2);
        for place in 0..2 {
            let _ = receiver(&bus, place, Join::Next);
        }
        let (seat, mut cursor) = sender(&bus, 1);
        for _ in 0..2 {
            assert_eq!(cursor.room(&seat, || false), Ok(true));
            cursor.commit(&seat, b"");
        }
        (seat, cursor)
    };
    let (bus, mut cursor) = fresh();
    for place in 0..2 {
        bus.count(1, place).0.store(3, Ordering::Relaxed);
    }
    assert_eq!(
        told(cursor.room(&bus, || false)),
        (Field::Received, Some(1), Some(0))
    );
    // Also a count that was right before.
    let (bus, mut cursor) = fresh();
    for place in 0..2 {
        bus.count(1, place).0.store(1, Ordering::Relaxed);
    }
    assert_eq!(cursor.room(&bus, || false), Ok(true));
    cursor.commit(&bus, b"");
    bus.count(1, 0).0.store(0, Ordering::Relaxed);
    assert_eq!(
        told(cursor.room(&bus, || false)),
        (Field::Received, Some(1), Some(0))
    );
    let (bus, mut cursor) = fresh();
    bus.header()
        .members
        .store(9 << 32 | 0b1000, Ordering::Relaxed);
    assert_eq!(told(cursor.room(&bus, || false)).0, Field::Members);
    let (bus, mut cursor) = fresh();
    bus.header().members.store(9 << 32, Ordering::Relaxed);
    bus.lane(1).presence.floor.store(3, Ordering::Relaxed);
    assert_eq!(
        told(cursor.room(&bus, || false)),
        (Field::Received, Some(1), None)
    );
}

#[test]
fn a_receiver_joins_no_impossible_position() {
    let bus = bus(2, 2, 2);
    bus.lane(1)
        .count
        .0
        .store(LAST_MESSAGE + 2, Ordering::Relaxed);
    let corrupt = members::join(&bus, 0, None, Join::Next).unwrap_err();
    assert_eq!((corrupt.field(), corrupt.lane()), (Field::Sent, Some(1)));
    assert_eq!(members::load(&bus).mask(), 0);
    bus.lane(1).count.0.store(0, Ordering::Relaxed);
    bus.lane(0)
        .presence
        .floor
        .store(u64::MAX - 1, Ordering::Relaxed);
    let corrupt = members::join(&bus, 0, None, Join::Next).unwrap_err();
    assert_eq!((corrupt.field(), corrupt.lane()), (Field::Floor, Some(0)));
    bus.lane(0).presence.floor.store(0, Ordering::Relaxed);
    members::join(&bus, 1, None, Join::Next).unwrap();
    bus.count(1, 1).0.store(1 << 60, Ordering::Relaxed);
    let corrupt = members::join(&bus, 0, None, Join::Next).unwrap_err();
    assert_eq!(
        (corrupt.field(), corrupt.lane(), corrupt.place()),
        (Field::Received, Some(1), Some(1))
    );
    assert_eq!(members::load(&bus).mask(), 0b10);
}

#[test]
fn every_member_that_sleeps_is_woken() {
    for (registered, fences) in [(false, 0), (true, 0), (true, SLEEPER_FENCES)] {
        let bus = bus(1, 4, 2);
        for place in [0, 1, 3] {
            let _ = receiver(&bus, place, Join::Next);
            bus.place(place).fences.store(fences, Ordering::Relaxed);
        }
        for place in [1, 2, 3] {
            bus.place(place).parked.store(PARKED, Ordering::Relaxed);
        }
        let mut woken = Vec::new();
        bus.wake_receivers(registered, |_, presence| {
            let place = (0..4).find(|place| std::ptr::eq(bus.place(*place), presence));
            woken.push(place.unwrap());
        });
        // Place 2 does not count.
        assert_eq!(woken, [1, 3]);
        assert_eq!(bus.place(1).parked.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_label_stands_before_its_place_counts() {
    let bus = bus(1, 2, 2);
    let label = Label::new("billing").unwrap();
    members::join(&bus, 1, Some(&label), Join::Next).unwrap();
    assert_eq!(bus.place(1).label.load(), Some(label));
    members::remove(&bus, 0b10);
    // The next receiver at this place has no label.
    members::join(&bus, 1, None, Join::Next).unwrap();
    assert_eq!(bus.place(1).label.load(), None);
}
