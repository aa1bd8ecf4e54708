//! Any sequence of the steps of several senders and receivers, of restarts, joins and leaves at any
//! of them, does what a queue for each sender and receiver does.

use super::model::Model;
use super::region;
use crate::bus::Join;
use crate::fuzzing::OPERATIONS;
use crate::fuzzing::input::Input;
use crate::fuzzing::queue::content;
use crate::memory::bus::BusRegion;
use crate::memory::layout::{LAST_MESSAGE, PENDING};
use crate::memory::message::Message;
use crate::memory::payload::MAX_MESSAGE;
use crate::memory::region::View;
use crate::memory::role::Role;
use crate::memory::sync::Ordering;
use crate::protocol::bus::members;
use crate::protocol::{BusReceiveCursor, Cursor, Receiving, SendCursor};

type Sender = (BusRegion, SendCursor<BusRegion>);
type Receiver = (BusRegion, BusReceiveCursor);

/// Does what the input says; panics if an endpoint does not do what a queue does.
pub(in crate::fuzzing) fn run(input: &[u8]) {
    let mut input = Input(input);
    let bus = region(&mut input);
    let first = match input.byte() {
        byte @ ..64 => LAST_MESSAGE + 1 - u64::from(byte),
        _ => 0,
    };
    let [lanes, places] = [Role::Sender, Role::Receiver].map(|role| bus.seats(role));
    for lane in 0..lanes {
        members::open(&bus, lane);
        bus.lane(lane).count.0.store(first, Ordering::Relaxed);
        bus.lane(lane)
            .presence
            .floor
            .store(first, Ordering::Relaxed);
    }
    let slots = u64::from(bus.form().lane().slots());
    let mut world = World {
        senders: (0..lanes).map(|lane| sender(&bus, lane)).collect(),
        receivers: (0..places).map(|_| None).collect(),
        model: Model::new(slots, lanes as usize, places as usize, first),
        pending: None,
        bus,
        input,
        message: Message::new(),
    };
    for _ in 0..OPERATIONS {
        if world.input.is_over() {
            break;
        }
        world.step();
        world.check_numbers();
    }
}

fn sender(bus: &BusRegion, lane: u32) -> Sender {
    let seat = bus.seated(lane);
    let cursor = SendCursor::resume(&seat).expect("nothing is wrong");
    (seat, cursor)
}

fn receiver(bus: &BusRegion, place: u32) -> Receiver {
    let seat = bus.seated(place);
    let cursor = BusReceiveCursor::resume(&seat).expect("nothing is wrong");
    (seat, cursor)
}

/// The endpoints, and what they should hold.
struct World<'a> {
    bus: BusRegion,
    input: Input<'a>,
    senders: Vec<Sender>,
    receivers: Vec<Option<Receiver>>,
    model: Model,
    /// The place of a joiner that was killed, and the positions that it has taken.
    pending: Option<(usize, Vec<Option<u64>>)>,
    message: Message,
}

impl World<'_> {
    fn step(&mut self) {
        let operation = self.input.byte();
        let lane = usize::from(operation / 16) % self.senders.len();
        let place = usize::from(operation / 16) % self.receivers.len();
        match operation % 16 {
            0..=2 => _ = self.send(lane, true),
            3 => _ = self.send(lane, false),
            4 => while self.send(lane, true) {},
            5 => self.restart_sender(lane),
            6 => self.restart_sender_before_its_count(lane),
            7 | 8 => _ = self.show(place),
            9 => while self.show(place) {},
            10 => self.acknowledge(place),
            11 => self.restart_receiver(place),
            12 => self.join(Join::Next),
            13 => self.join(Join::Oldest),
            14 => self.leave(place),
            _ => self.kill_a_joiner(),
        }
    }

    /// Writes a message, if there is room, and commits it if requested. Returns whether it was
    /// committed.
    fn send(&mut self, lane: usize, commit: bool) -> bool {
        let length = match self.input.byte() {
            byte @ ..192 => usize::from(byte),
            _ => self.input.below(MAX_MESSAGE + 1),
        };
        let (bus, cursor) = &mut self.senders[lane];
        let room = cursor.room(bus, || false).expect("nothing is wrong");
        let expected = self.model.has_room(lane);
        // While a receiver is joining, senders learn nothing new.
        assert!(room == expected || expected && self.pending.is_some());
        assert_eq!(cursor.is_exhausted(), self.model.next(lane) > LAST_MESSAGE);
        if !room || cursor.is_exhausted() {
            return false;
        }
        let content = content_of(lane, self.model.next(lane), length);
        let (start, end) = content.split_at(length / 3);
        cursor.write_at(bus, start.len(), end);
        cursor.write_at(bus, 0, start);
        if commit {
            cursor.publish(bus, length);
            self.model.send(lane, length);
        }
        commit
    }

    /// With INIT, as all below: first removes a joiner that was killed.
    fn sweep(&mut self) {
        if let Some((place, _)) = self.pending.take() {
            members::remove(&self.bus, 1 << place);
        }
    }

    fn restart_sender(&mut self, lane: usize) {
        self.sweep();
        let seat = u32::try_from(lane).expect("a few");
        self.senders[lane] = sender(&self.bus, seat);
    }

    /// Restarts a sender that was killed after the stamp of its last message, and before the count.
    fn restart_sender_before_its_count(&mut self, lane: usize) {
        if self.send(lane, true) {
            let count = &self.senders[lane].0.lane(seat(lane)).count.0;
            count.store(self.model.next(lane) - 1, Ordering::Relaxed);
        }
        self.restart_sender(lane);
    }

    /// Shows the next message, if there is one and the place is taken; returns whether there was.
    fn show(&mut self, place: usize) -> bool {
        let Some((bus, cursor)) = &mut self.receivers[place] else {
            return false;
        };
        let shown = cursor.show_next(bus, &mut self.message);
        if shown.expect("nothing is wrong").is_none() {
            self.model.show_nothing(place);
            return false;
        }
        let (lane, number) = (self.message.lane() as usize, self.message.sequence());
        let length = self.model.show(place, lane, number);
        assert!(self.message.as_bytes() == content_of(lane, number, length));
        true
    }

    fn acknowledge(&mut self, place: usize) {
        if let Some((bus, cursor)) = &mut self.receivers[place] {
            if place.is_multiple_of(2) && self.input.byte().is_multiple_of(4) {
                cursor.rewind();
                self.model.rewind(place);
            }
            cursor.acknowledge(bus);
            self.model.acknowledge(place);
        }
    }

    fn restart_receiver(&mut self, place: usize) {
        if self.receivers[place].is_some() {
            self.receivers[place] = Some(receiver(&self.bus, seat(place)));
            self.model.rewind(place);
        }
    }

    fn join(&mut self, join: Join) {
        self.sweep();
        if let Some(place) = self.model.free_place() {
            let joined = members::join(&self.bus, seat(place), None, join);
            joined.expect("nothing is wrong");
            self.receivers[place] = Some(receiver(&self.bus, seat(place)));
            self.model.join(place, join);
        }
    }

    fn leave(&mut self, place: usize) {
        if self.receivers[place].take().is_some() {
            let pending = self.pending.take();
            let mask = pending.as_ref().map_or(0, |(pending, _)| 1 << pending);
            members::remove(&self.bus, mask | 1 << place);
            let positions = pending.map_or_else(Vec::new, |(_, positions)| positions);
            self.model.leave(place, &positions);
        }
    }

    /// A receiver joins, and is killed before it has its position in each lane.
    fn kill_a_joiner(&mut self) {
        self.sweep();
        let join = [Join::Next, Join::Oldest][usize::from(self.input.byte() % 2)];
        if let Some(place) = self.model.free_place() {
            let joined = members::join(&self.bus, seat(place), None, join);
            joined.expect("nothing is wrong");
            let lanes = self.senders.len();
            let taken = self.input.below(lanes);
            for lane in taken..lanes {
                let count = &self.bus.count(seat(lane), seat(place)).0;
                count.store(PENDING, Ordering::Relaxed);
            }
            let positions = self.model.positions(join).into_iter().enumerate();
            let positions = positions.map(|(lane, position)| (lane < taken).then_some(position));
            self.pending = Some((place, positions.collect()));
        }
    }

    fn check_numbers(&mut self) {
        for (lane, (bus, cursor)) in self.senders.iter_mut().enumerate() {
            assert_eq!(cursor.next(), self.model.next(lane));
            if self.pending.is_none() {
                let queued = self.model.queued(lane);
                assert_eq!(members::queued(bus, seat(lane)), queued);
                // Usually not, so that the sender does not always know what the others have done.
                if self.input.0.len().is_multiple_of(8) {
                    assert_eq!(cursor.queued(bus), Ok(queued));
                }
            }
        }
        for (place, receiver) in self.receivers.iter().enumerate() {
            assert_eq!(receiver.is_some(), self.model.counts(place));
            if let Some((_, cursor)) = receiver {
                assert_eq!(cursor.acknowledged(), self.model.acknowledged(place));
                assert_eq!(cursor.shown(), self.model.shown(place));
            }
        }
    }
}

fn seat(index: usize) -> u32 {
    u32::try_from(index).expect("a few")
}

/// The bytes of message `number` of this length, on this lane.
pub(super) fn content_of(lane: usize, number: u64, length: usize) -> &'static [u8] {
    content(number + 331 * lane as u64, length)
}
