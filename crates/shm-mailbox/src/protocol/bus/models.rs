//! Joining and leaving beside a sender that goes by what it knows, under the model checker loom.
//!
//! As in the models of the mailbox, the payload is loom's `UnsafeCell`: a sender that overwrites
//! what a member still reads is reported as a race. Nobody sleeps here; parking is modelled there,
//! and [`announce`] once more for a receiver that has just joined.

use loom::sync::Arc;
use loom::thread;

use super::{BusReceiveCursor, Join, members};
use crate::memory::bus::BusRegion;
use crate::memory::layout::{BusGeometry, Geometry};
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

fn send(bus: &BusRegion, cursor: &mut SendCursor<BusRegion>, value: u8) {
    while !cursor.room(bus, || false).unwrap() {
        thread::yield_now();
    }
    cursor.commit(bus, &[value]);
}

/// Receives up to message `last`, each whole and in order, and returns how many.
fn receive_up_to(last: u64, (seat, mut cursor): (BusRegion, BusReceiveCursor)) -> u64 {
    let mut message = Message::new();
    let mut received = 0;
    let first = cursor.acknowledged();
    while cursor.acknowledged() < last {
        if cursor.show_next(&seat, &mut message).unwrap().is_none() {
            thread::yield_now();
            continue;
        }
        assert_eq!(message.sequence(), first + received);
        assert_eq!(u64::from(message.as_bytes()[0]), message.sequence());
        cursor.acknowledge(&seat);
        received += 1;
    }
    received
}

fn bounded() -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    let is_torture = std::env::var("SHM_TORTURE").as_deref() == Ok("1");
    builder.preemption_bound = Some(if is_torture { 3 } else { 2 });
    builder.max_duration = None;
    builder
}

/// A receiver joins while another one goes on and the sender has a point that it goes by.
fn join_beside_a_sender(from: Join) {
    bounded().check(move || {
        let bus = bus(2);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let first = joined(&bus, 0, Join::Next);
        // The sender has learned who counts before the second receiver comes.
        send(&bus, &mut sender, 0);
        let seat = bus.seated(1);
        let going_on = thread::spawn(move || receive_up_to(3, first));
        let joining = thread::spawn(move || receive_up_to(3, joined(&seat, 1, from)));
        send(&bus, &mut sender, 1);
        send(&bus, &mut sender, 2);
        assert_eq!(going_on.join().unwrap(), 3);
        joining.join().unwrap();
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

/// The place of one that leaves is taken by the next, between two looks of the sender.
#[test]
fn loom_a_place_is_left_and_taken_again() {
    bounded().check(|| {
        let bus = bus(1);
        let mut sender = SendCursor::resume(&bus).unwrap();
        let (seat, _) = joined(&bus, 0, Join::Next);
        send(&bus, &mut sender, 0);
        let changing = thread::spawn(move || {
            members::remove(&seat, 1);
            receive_up_to(2, joined(&seat, 0, Join::Next))
        });
        send(&bus, &mut sender, 1);
        // What the one that left had not received was held for nobody in particular.
        assert_eq!(changing.join().unwrap(), 2);
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
        send(&bus, &mut sender, 0);
        let mut woken = false;
        bus.wake_receivers(false, |_, _| woken = true);
        let found = joining.join().unwrap();
        assert!(found || woken, "it sleeps for ever");
    });
}
