//! Any words in the shared memory of a bus, and any written into it between any two steps of its
//! endpoints: at worst a true error.

use super::region;
use crate::bus::Join;
use crate::fuzzing::OPERATIONS;
use crate::fuzzing::hostile::{assert_true_to_itself, told};
use crate::fuzzing::input::Input;
use crate::memory::bus::BusRegion;
use crate::memory::layout::{LAST_MESSAGE, PENDING};
use crate::memory::message::Message;
use crate::memory::payload::MAX_MESSAGE;
use crate::memory::region::View;
use crate::memory::role::Role;
use crate::memory::sync::Ordering;
use crate::protocol::bus::members;
use crate::protocol::{BusReceiveCursor, Cursor, Receiving, SendCursor, SendRing};

/// What is sent; what arrives may be anything.
const BYTES: [u8; MAX_MESSAGE] = [0x5A; MAX_MESSAGE];

/// Does what the input says; panics if an endpoint misbehaves.
pub(in crate::fuzzing) fn run(input: &[u8]) {
    let mut input = Input(input);
    let bus = region(&mut input);
    let damages = input.byte() % 16;
    let [lanes, places] = [Role::Sender, Role::Receiver].map(|role| bus.seats(role));
    members::open(&bus, lanes - 1);
    let mut world = World {
        senders: (0..lanes).map(|_| None).collect(),
        receivers: (0..places).map(|_| None).collect(),
        bus,
        input,
        message: Message::new(),
    };
    for _ in 0..damages {
        world.damage();
    }
    for _ in 0..OPERATIONS {
        if world.input.is_over() {
            break;
        }
        world.step();
        world.check_numbers();
    }
}

/// The endpoints; `None` until one attaches, and after a permanent error.
struct World<'a> {
    bus: BusRegion,
    input: Input<'a>,
    senders: Vec<Option<(BusRegion, SendCursor<BusRegion>)>>,
    receivers: Vec<Option<(BusRegion, BusReceiveCursor)>>,
    message: Message,
}

impl World<'_> {
    fn step(&mut self) {
        let operation = self.input.byte();
        let lane = usize::from(operation / 16) % self.senders.len();
        let place = usize::from(operation / 16) % self.receivers.len();
        match operation % 16 {
            0..=2 => self.damage(),
            3 => self.resume_sender(lane),
            4 => self.resume_receiver(place),
            5 => self.join(place),
            6 => members::remove(&self.bus, u32::from(self.input.byte())),
            7..=9 => self.send(lane),
            10..=12 => self.show(place),
            13 => {
                if let Some((bus, cursor)) = &mut self.receivers[place] {
                    cursor.acknowledge(bus);
                    assert_eq!(cursor.shown(), 0);
                    cursor.wake_peers(bus, false, |_, _| {});
                }
            }
            14 => self.count(lane, place),
            _ => self.check(place),
        }
    }

    /// Writes one word that the input names.
    fn damage(&mut self) {
        let spot = self.input.byte();
        let value = self.value();
        let bus = &self.bus;
        let lane = u32::from(spot / 16) % bus.seats(Role::Sender);
        let place = u32::from(spot / 32) % bus.seats(Role::Receiver);
        // The other half of the eight bytes is another word.
        let half = u32::try_from(value & 0xFFFF_FFFF).expect("32 bits");
        match spot % 16 {
            0 => bus.header().members.store(value, Ordering::Relaxed),
            1 => bus.header().opened.store(half, Ordering::Relaxed),
            2 => bus
                .lane(lane)
                .presence
                .floor
                .store(value, Ordering::Relaxed),
            3 => bus.lane(lane).count.0.store(value, Ordering::Relaxed),
            4..=6 => bus.count(lane, place).0.store(value, Ordering::Relaxed),
            7 => bus
                .lane(lane)
                .presence
                .parked
                .store(half % 4, Ordering::Relaxed),
            8 => bus.place(place).parked.store(half % 4, Ordering::Relaxed),
            9 => bus.place(place).fences.store(half % 4, Ordering::Relaxed),
            _ => {
                let slot = bus.slot(lane, usize::from(spot) % bus.form().lane_slots());
                slot.stamp.store(value, Ordering::Relaxed);
                slot.payload.write_at(0, &value.to_ne_bytes());
            }
        }
    }

    /// A number near an important one, plain or as a stamp; or any word.
    fn value(&mut self) -> u64 {
        let form = self.input.byte();
        let mut senders = self.senders.iter().flatten();
        let base = match form % 8 {
            0 => 0,
            1..=3 => senders.next().map_or(0, |(_, cursor)| cursor.next()),
            4 => LAST_MESSAGE + 1,
            5 => PENDING,
            // A mask, in some generation.
            6 => u64::from(form / 8 % 4) << 32,
            _ => return u64::from_le_bytes(self.input.bytes()),
        };
        let distance = i64::from(self.input.byte().cast_signed());
        let number = base.wrapping_add_signed(distance / 4);
        match form & 128 {
            0 => number,
            _ => number << 11 | self.input.below(2048) as u64,
        }
    }

    fn resume_sender(&mut self, lane: usize) {
        let seat = self.bus.seated(index(lane));
        self.senders[lane] = told(SendCursor::resume(&seat)).map(|cursor| (seat, cursor));
    }

    fn resume_receiver(&mut self, place: usize) {
        let seat = self.bus.seated(index(place));
        self.receivers[place] = told(BusReceiveCursor::resume(&seat)).map(|cursor| (seat, cursor));
    }

    fn join(&mut self, place: usize) {
        let join = [Join::Next, Join::Oldest][usize::from(self.input.byte() % 2)];
        if told(members::join(&self.bus, index(place), None, join)).is_some() {
            self.resume_receiver(place);
        }
    }

    fn send(&mut self, lane: usize) {
        let length = self.input.below(MAX_MESSAGE + 1);
        let Some((bus, cursor)) = &mut self.senders[lane] else {
            return;
        };
        let mut looks = 0;
        let again = || {
            looks += 1;
            looks < 3
        };
        match cursor.room(bus, again) {
            Ok(true) if !cursor.is_exhausted() => {
                cursor.commit(bus, &BYTES[..length]);
                cursor.wake_peers(bus, length.is_multiple_of(2), |_, _| {});
            }
            Ok(_) => _ = bus.holding_back(cursor.next()),
            Err(corrupt) => {
                assert_true_to_itself(&corrupt);
                assert_eq!(cursor.room(bus, || false), Err(corrupt));
                self.senders[lane] = None;
            }
        }
    }

    fn show(&mut self, place: usize) {
        let Some((bus, cursor)) = &mut self.receivers[place] else {
            return;
        };
        match cursor.show_next(bus, &mut self.message) {
            Ok(None) => {}
            Ok(Some(())) => {
                assert!(self.message.lane() < bus.seats(Role::Sender));
                assert!(self.message.as_bytes().len() <= MAX_MESSAGE);
            }
            Err(corrupt) => {
                assert_true_to_itself(&corrupt);
                let lane = corrupt.lane().expect("it is one lane's");
                let again = cursor.show_next(bus, &mut self.message);
                assert_eq!(again, Err(corrupt.clone()));
                // Reported once, and then left out.
                let goes_on = cursor.leaves_out(&corrupt);
                assert!(cursor.is_broken(lane));
                let next = cursor.show_next(bus, &mut self.message);
                assert!(next.is_err() || self.message.lane() != lane || next == Ok(None));
                if let Err(other) = next {
                    assert_ne!(other.lane(), Some(lane));
                }
                if !goes_on {
                    self.receivers[place] = None;
                }
            }
        }
    }

    fn count(&mut self, lane: usize, place: usize) {
        let slots = u64::from(self.bus.form().lane().slots());
        if let Some((bus, cursor)) = &mut self.senders[lane] {
            assert!(SendRing::glance_at_queue(bus) <= slots);
            match cursor.queued(bus) {
                Ok(queued) => assert!(queued <= slots),
                Err(corrupt) => {
                    assert_true_to_itself(&corrupt);
                    self.senders[lane] = None;
                }
            }
        }
        if let Some((bus, cursor)) = &mut self.receivers[place] {
            let lanes = u64::from(bus.seats(Role::Sender));
            assert!(<BusReceiveCursor as Cursor>::glance_at_queue(bus) <= slots * lanes);
            match cursor.queued(bus) {
                Ok(queued) => assert!(queued <= slots * lanes),
                Err(corrupt) => assert_true_to_itself(&corrupt),
            }
        }
    }

    fn check(&mut self, place: usize) {
        if let Some((bus, cursor)) = &mut self.receivers[place] {
            let _ = cursor.stands(bus);
            if let Err(corrupt) = cursor.ensure_announced_is_there(bus) {
                assert_true_to_itself(&corrupt);
            }
        }
    }

    /// The private numbers of the endpoints never leave their range, whatever the shared words are.
    fn check_numbers(&self) {
        for (_, cursor) in self.senders.iter().flatten() {
            assert!(cursor.next() <= LAST_MESSAGE + 1);
        }
        for (_, cursor) in self.receivers.iter().flatten() {
            assert!(cursor.acknowledged() <= (LAST_MESSAGE + 1) * self.senders.len() as u64);
            assert!(cursor.shown() <= LAST_MESSAGE + 1);
        }
    }
}

fn index(seat: usize) -> u32 {
    u32::try_from(seat).expect("a few")
}
