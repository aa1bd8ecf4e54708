//! Joining and leaving beside a sender that relies on its last point, under the model checker loom.
//!
//! As in the models of the mailbox, the payload is loom's `UnsafeCell`: a sender that overwrites
//! what a member still reads is reported as a race. No endpoint sleeps here. The models of the
//! mailbox have parking, and one here has [`announce`] for a receiver that has just joined.

use loom::thread;

use super::{BusReceiveCursor, Join, members};
use crate::memory::bus::BusRegion;
use crate::memory::geometry::{BusGeometry, Geometry};
use crate::memory::message::Message;
use crate::protocol::{Bed, Cursor, Receiving, SendCursor, SendRing, announce};

/// A bus of one lane with `slots` slots, and two places.
fn bus(slots: u32) -> BusRegion {
    let ring = Geometry::with_hot(slots, slots).unwrap();
    let bus = BusRegion::heap(BusGeometry::new(ring, 1, 2).unwrap());
    members::open(&bus, 0);
    bus
}

fn joined(bus: &BusRegion, place: u32, from: Join) -> (BusRegion, BusReceiveCursor) {
    let seat = bus.seated(place);
    members::join(&seat, place, None, from).unwrap();
    let cursor = BusReceiveCursor::resume(&seat).unwrap();
    (seat, cursor)
}

/// Sends the next message if there is room: its number.
fn try_send(bus: &BusRegion, cursor: &mut SendCursor<BusRegion>) -> bool {
    let room = cursor.room(bus, || false).unwrap();
    if room {
        let number = u8::try_from(cursor.next()).unwrap();
        cursor.commit(bus, &[number]);
    }
    room
}

/// Tests this many times for a message, and checks that each is whole and the next in order.
fn receive(looks: u32, (seat, cursor): &mut (BusRegion, BusReceiveCursor)) {
    let mut message = Message::new();
    for _ in 0..looks {
        let next = cursor.acknowledged();
        if cursor.show_next(seat, &mut message).unwrap().is_some() {
            assert_eq!(message.sequence(), next);
            assert_eq!(u64::from(message.as_bytes()[0]), next);
            cursor.acknowledge(seat);
        }
    }
}

fn bounded() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    let is_torture = std::env::var("SHM_TORTURE").as_deref() == Ok("1");
    builder.preemption_bound = Some(if is_torture { 5 } else { 3 });
    builder.max_duration = None;
    builder
}

/// A receiver joins while another continues and the sender relies on a point. No endpoint waits, so
/// there are finitely many interleavings. The rest is received at the end.
fn join_beside_a_sender(from: Join) {
    bounded().check(move || {
        let bus = bus(2);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let mut first = joined(&bus, 0, Join::Next);
        // The sender has learned the members before the second receiver joins.
        assert!(try_send(&bus, &mut sender) && try_send(&bus, &mut sender));
        receive(1, &mut first);
        let seat = bus.seated(1);
        let going_on = thread::spawn(move || {
            receive(2, &mut first);
            first
        });
        let joining = thread::spawn(move || {
            let mut second = joined(&seat, 1, from);
            receive(2, &mut second);
            second
        });
        for _ in 0..2 {
            let _ = try_send(&bus, &mut sender);
        }
        let mut receivers = [going_on.join().unwrap(), joining.join().unwrap()];
        for _ in 0..2 {
            for receiver in &mut receivers {
                receive(3, receiver);
                assert_eq!(receiver.1.acknowledged(), sender.next());
            }
            assert!(try_send(&bus, &mut sender));
        }
    });
}

#[test]
fn loom_a_receiver_joins_with_the_next_message() {
    join_beside_a_sender(Join::Next);
}

#[test]
fn loom_a_receiver_joins_with_the_oldest_message() {
    join_beside_a_sender(Join::Oldest);
}

/// A receiver takes the place of another that leaves, between two loads of the sender.
#[test]
fn loom_a_place_is_left_and_taken_again() {
    bounded().check(|| {
        let bus = bus(1);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let mut first = joined(&bus, 0, Join::Next);
        assert!(try_send(&bus, &mut sender));
        receive(1, &mut first);
        let (seat, _) = first;
        let changing = thread::spawn(move || {
            members::remove(&seat, 1);
            let mut second = joined(&seat, 0, Join::Next);
            receive(2, &mut second);
            second
        });
        for _ in 0..2 {
            let _ = try_send(&bus, &mut sender);
        }
        let mut second = changing.join().unwrap();
        receive(2, &mut second);
        // What the leaver had not received was held for no receiver in particular.
        assert_eq!(second.1.acknowledged(), sender.next());
        assert!(try_send(&bus, &mut sender));
    });
}

/// A quick receiver leaves, and a receiver that begins with the oldest message takes its place,
/// while a slow receiver continues. The mask is the same again, but the generation is not.
#[test]
fn loom_a_place_that_is_taken_again_is_not_overlooked() {
    bounded().check(|| {
        let bus = bus(2);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let mut quick = joined(&bus, 0, Join::Next);
        let mut slow = joined(&bus, 1, Join::Next);
        assert!(try_send(&bus, &mut sender) && try_send(&bus, &mut sender));
        receive(2, &mut quick);
        receive(1, &mut slow);
        let going_on = thread::spawn(move || receive(1, &mut slow));
        let (seat, _) = quick;
        let changing = thread::spawn(move || {
            members::remove(&seat, 0b01);
            let mut oldest = joined(&seat, 0, Join::Oldest);
            receive(1, &mut oldest);
        });
        for _ in 0..2 {
            let _ = try_send(&bus, &mut sender);
        }
        going_on.join().unwrap();
        changing.join().unwrap();
    });
}

/// Either a receiver that joins and sleeps finds the message, or the sender finds its flag.
#[test]
fn loom_a_receiver_that_has_just_joined_misses_no_message() {
    loom::model(|| {
        let bus = bus(2);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let seat = bus.seated(0);
        let joining = thread::spawn(move || {
            let (seat, mut cursor) = joined(&seat, 0, Join::Next);
            announce(&seat.place(0).parked, Bed::Futex, || {});
            cursor.look(&seat).unwrap().is_some()
        });
        assert!(try_send(&bus, &mut sender));
        let mut woken = false;
        bus.wake_receivers(false, |_, _| woken = true);
        let found = joining.join().unwrap();
        assert!(found || woken, "it sleeps for ever");
    });
}
