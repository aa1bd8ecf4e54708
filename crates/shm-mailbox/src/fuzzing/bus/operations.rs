//! Any sequence of operations of several senders and receivers that attach and leave does what a
//! queue for each sender and receiver does.

use std::time::Duration;

use super::model::Model;
use super::queue::content_of;
use crate::bus::{Bus, Join, Receiver, Sender};
use crate::fuzzing::input::Input;
use crate::fuzzing::object::{BusForm, Name};
use crate::memory::layout::LAST_MESSAGE;
use crate::{Message, Options, RecvError, SendError};

/// The label of the kept place.
const LABEL: &str = "kept";

pub(in crate::fuzzing) fn run(input: &[u8]) {
    let name = Name::new("operations");
    let mut input = Input(input);
    let byte = input.byte();
    let form = BusForm {
        slots: 1 << (byte % 4),
        senders: 1 + u32::from(byte / 4 % 3),
        receivers: 1 + u32::from(byte / 16 % 4),
    };
    let first = match byte & 128 {
        0 => 0,
        _ => LAST_MESSAGE + 1 - u64::from(input.byte() % 32),
    };
    std::fs::write(name.path(), form.bytes(first)).expect("room in /dev/shm");
    let options = name.bus().any_owner(true).await_peer(true);
    let options = options.attach_timeout(Duration::ZERO);
    let (lanes, places) = (form.senders as usize, form.receivers as usize);
    let senders = (0..lanes).map(|_| options.clone().sender().expect("a lane"));
    let mut world = World {
        senders: senders.collect(),
        receivers: (0..places).map(|_| None).collect(),
        kept: None,
        model: Model::new(form.slots.into(), lanes, places, first),
        slots: form.slots.into(),
        options,
        input,
    };
    for _ in 0..200 {
        if world.input.is_over() {
            break;
        }
        world.step();
        world.check_numbers();
    }
}

/// The endpoints, and what they should hold.
struct World<'a> {
    senders: Vec<Sender>,
    receivers: Vec<Option<Receiver>>,
    /// The place of the receiver with a label, present or not.
    kept: Option<usize>,
    model: Model,
    slots: u64,
    options: Options<Bus>,
    input: Input<'a>,
}

impl World<'_> {
    fn step(&mut self) {
        let operation = self.input.byte();
        let lane = usize::from(operation / 16) % self.senders.len();
        let place = usize::from(operation / 16) % self.receivers.len();
        match operation % 16 {
            way @ 0..=4 => self.send(lane, way),
            5 => self.restart_sender(lane),
            way @ 6..=9 => self.receive(place, way),
            10 => {
                if let Some(receiver) = &mut self.receivers[place] {
                    receiver.ack().expect("nothing is wrong");
                    self.model.acknowledge(place);
                }
            }
            11 => {
                if let Some(receiver) = &mut self.receivers[place] {
                    receiver.rewind();
                    self.model.rewind(place);
                }
            }
            12 => self.join(Join::Next),
            13 => self.join(Join::Oldest),
            14 => self.leave(place),
            _ => self.come_or_go(),
        }
    }

    /// One way of sending, of a length that the input has.
    fn send(&mut self, lane: usize, way: u8) {
        let (sender, length) = (&mut self.senders[lane], self.input.below(1025));
        let next = self.model.next(lane);
        let message = |number| content_of(lane, number, length);
        let result = match way {
            0 => sender.try_send(message(next)).map(|()| 1),
            1 => sender
                .send_timeout(message(next), Duration::ZERO)
                .map(|()| 1),
            2 => {
                let batch: Vec<&[u8]> = (next..next + 4).map(message).collect();
                sender.try_send_batch(&batch)
            }
            _ => sender.try_reserve().and_then(|mut draft| {
                let (start, end) = message(next).split_at(length / 3);
                draft.append(start)?;
                draft.append(end)?;
                // Reserved, and not committed.
                if way == 3 {
                    Ok(0)
                } else {
                    draft.commit().map(|()| 1)
                }
            }),
        };
        let is_last = next > LAST_MESSAGE;
        match result {
            Ok(sent) => {
                for _ in 0..sent {
                    self.model.send(lane, length);
                }
                let is_batch_over = way == 2 && sent < 4;
                let is_over = !self.model.has_room(lane) || self.model.next(lane) > LAST_MESSAGE;
                assert!(!is_batch_over || is_over);
            }
            Err(SendError::Full | SendError::TimedOut) => assert!(!self.model.has_room(lane)),
            Err(SendError::Exhausted { .. }) => assert!(is_last),
            Err(error) => panic!("{error}"),
        }
    }

    fn restart_sender(&mut self, lane: usize) {
        let left = self.senders.remove(lane);
        left.keep().expect("the object is whole");
        let sender = self.options.clone().sender().expect("its lane");
        assert_eq!(sender.lane() as usize, lane);
        self.senders.insert(lane, sender);
    }

    /// One way of receiving.
    fn receive(&mut self, place: usize, way: u8) {
        let Some(receiver) = &mut self.receivers[place] else {
            return;
        };
        let mut messages: [Message; 3] = std::array::from_fn(|_| Message::new());
        let result = match way {
            6 => receiver.try_recv(&mut messages[0]).map(|()| 1),
            7 => receiver
                .recv_timeout(&mut messages[0], Duration::ZERO)
                .map(|()| 1),
            8 => receiver.try_peek(&mut messages[0]).map(|()| 1),
            _ => receiver.try_recv_batch(&mut messages),
        };
        match result {
            Ok(count) => {
                for message in &messages[..count] {
                    let (lane, number) = (message.lane() as usize, message.sequence());
                    let length = self.model.show(place, lane, number);
                    assert!(message.as_bytes() == content_of(lane, number, length));
                }
                if way != 8 {
                    self.model.acknowledge(place);
                }
            }
            Err(RecvError::Empty | RecvError::TimedOut) => self.model.show_nothing(place),
            Err(RecvError::Unacknowledged { shown }) => {
                assert_eq!((shown, self.model.shown(place)), (self.slots, self.slots));
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn join(&mut self, join: Join) {
        let joined = self.options.clone().join(join).receiver();
        match (joined, self.model.free_place()) {
            (Ok(receiver), Some(place)) => {
                assert_eq!(receiver.place() as usize, place);
                self.model.join(place, join);
                self.receivers[place] = Some(receiver);
            }
            (Err(crate::AttachError::NoPlace { .. }), None) => {}
            (other, place) => panic!("{other:?}, with {place:?} free"),
        }
    }

    /// A receiver leaves; the one with a label forgets it.
    fn leave(&mut self, place: usize) {
        if let Some(receiver) = self.receivers[place].take() {
            receiver.forget().expect("the object is whole");
            self.model.leave(place, &[]);
            self.kept = self.kept.filter(|kept| *kept != place);
        }
    }

    /// The receiver with a label leaves or returns.
    fn come_or_go(&mut self) {
        if let Some(place) = self.kept
            && let Some(receiver) = self.receivers[place].take()
        {
            receiver.close().expect("the object is whole");
            self.model.rewind(place);
            return;
        }
        let joined = self.options.clone().label(LABEL).receiver();
        match (joined, self.kept, self.model.free_place()) {
            (Ok(receiver), Some(place), _) => {
                assert_eq!(receiver.place() as usize, place);
                self.receivers[place] = Some(receiver);
            }
            (Ok(receiver), None, Some(place)) => {
                assert_eq!(receiver.place() as usize, place);
                self.model.join(place, Join::Next);
                self.receivers[place] = Some(receiver);
                self.kept = Some(place);
            }
            (Err(crate::AttachError::NoPlace { .. }), None, None) => {}
            (other, ..) => panic!("{other:?}"),
        }
    }

    fn check_numbers(&self) {
        for (lane, sender) in self.senders.iter().enumerate() {
            assert_eq!(sender.committed(), self.model.next(lane));
            assert_eq!(sender.queued(), self.model.queued(lane));
        }
        for (place, receiver) in self.receivers.iter().enumerate() {
            let counts = receiver.is_some() || self.kept == Some(place);
            assert_eq!(counts, self.model.counts(place));
            if let Some(receiver) = receiver {
                assert_eq!(receiver.acknowledged(), self.model.acknowledged(place));
            }
        }
    }
}
