//! Any header, any words in the shared memory, and any words written into it between any two steps
//! of the two ends: an error at worst, which tells the truth and comes again.

use std::cell::Cell;
use std::convert::Infallible;

use super::header;
use super::input::Input;
use super::{OPERATIONS, region};
use crate::memory::layout::{LAST_MESSAGE, Presence, Stamp};
use crate::memory::region::Region;
use crate::memory::role::Role;
use crate::memory::sync::Ordering;
use crate::memory::{message::Message, payload::MAX_MESSAGE};
use crate::protocol::corrupt::Corrupt;
use crate::protocol::{self, Bed, Cursor, ReceiveCursor, SendCursor, Slept, Wake};

/// What is sent; what arrives may be anything.
const BYTES: [u8; MAX_MESSAGE] = [0x5A; MAX_MESSAGE];

/// Does what the input says; panics when an end does what it must not.
pub(super) fn run(input: &[u8]) {
    let mut input = Input(input);
    let form = input.byte();
    let mut region = region(form);
    if form & 128 != 0 {
        match header::read(&region, &mut input) {
            Some(found) if found.slots() <= 16 => region = Region::heap(found),
            // More would only take longer.
            _ => return,
        }
    }
    let mut world = World {
        region,
        input,
        sender: None,
        receiver: None,
        message: Message::new(),
    };
    for _ in 0..form / 8 % 16 {
        world.damage();
    }
    world.resume_sender();
    world.resume_receiver();
    for _ in 0..OPERATIONS {
        if world.input.is_over() {
            break;
        }
        world.step();
    }
}

struct World<'a> {
    region: Region,
    input: Input<'a>,
    /// `None` after an error, until the next one attaches: an endpoint refuses everything from then
    /// on.
    sender: Option<SendCursor>,
    /// As above.
    receiver: Option<ReceiveCursor>,
    message: Message,
}

impl World<'_> {
    fn step(&mut self) {
        let operation = self.input.byte();
        // Whether another process writes a word during the operation.
        let meanwhile = operation & 128 != 0;
        match operation % 16 {
            0 | 1 => self.damage(),
            2 => self.resume_sender(),
            3 => self.resume_receiver(),
            4 => _ = self.room(),
            5 => self.count_queued(),
            6 => self.send(meanwhile, true),
            7 => self.send(meanwhile, false),
            8 => self.send_in_place(meanwhile),
            9 => self.send_batch(meanwhile),
            10 | 11 => self.show(meanwhile),
            12 => self.acknowledge(),
            13 => {
                if let Some(receiver) = &mut self.receiver {
                    receiver.rewind();
                    assert_eq!(receiver.shown(), 0);
                }
            }
            14 => self.park(meanwhile),
            _ => self.live(),
        }
        self.check_numbers();
    }

    /// Writes one word that the input names.
    fn damage(&mut self) {
        let place = self.input.byte();
        let value = self.value();
        let control = self.region.control();
        // The word on which the other half of the eight bytes lies is another's.
        let half = u32::try_from(value & 3).expect("two bits");
        let (sender, receiver) = (&control.sender, &control.receiver);
        match place % 16 {
            0 => sender.count.0.store(value, Ordering::Relaxed),
            1 => receiver.count.0.store(value, Ordering::Relaxed),
            2 => sender.presence.life.store(value, Ordering::Relaxed),
            3 => receiver.presence.life.store(value, Ordering::Relaxed),
            4 => sender.presence.parked.store(half, Ordering::Relaxed),
            5 => receiver.presence.parked.store(half, Ordering::Relaxed),
            _ => {
                let slots =
                    usize::try_from(self.region.geometry().all_slots()).expect("at most 32");
                let slot = self.region.slot(usize::from(place / 16) % slots);
                slot.stamp.store(value, Ordering::Relaxed);
                slot.payload.write_at(0, &value.to_ne_bytes());
            }
        }
    }

    /// A number near one that matters, as it stands or as a stamp; or any word.
    fn value(&mut self) -> u64 {
        let form = self.input.byte();
        let base = match form % 8 {
            0 => 0,
            1 | 2 => self.sender.as_ref().map_or(0, SendCursor::next),
            3 | 4 => self
                .receiver
                .as_ref()
                .map_or(0, |receiver| receiver.acknowledged() + receiver.shown()),
            5 => LAST_MESSAGE + 1,
            6 => 1 << 52,
            _ => return u64::from_le_bytes(self.input.bytes()),
        };
        let distance = i64::from(self.input.byte().cast_signed());
        let number = base.wrapping_add_signed(distance / 4);
        match form & 128 {
            0 => number,
            _ => number << 11 | self.input.below(2048) as u64,
        }
    }

    fn resume_sender(&mut self) {
        self.sender = told(SendCursor::resume(&self.region));
    }

    fn resume_receiver(&mut self) {
        self.receiver = told(ReceiveCursor::resume(&self.region));
    }

    /// Whether the sender may send a message now; without one, it may not.
    fn room(&mut self) -> bool {
        let Some(sender) = &mut self.sender else {
            return false;
        };
        let mut looks = 0;
        let again = || {
            looks += 1;
            looks < 3
        };
        match sender.room(&self.region, again) {
            Ok(room) => room && !sender.is_exhausted(),
            Err(corrupt) => {
                assert_eq!(sender.room(&self.region, || false), Err(corrupt.clone()));
                assert_true_to_itself(&corrupt);
                self.sender = None;
                false
            }
        }
    }

    fn count_queued(&mut self) {
        let slots = u64::from(self.region.geometry().slots());
        assert!(protocol::glance_at_mailbox(&self.region) <= slots);
        if let Some(sender) = &mut self.sender {
            match sender.queued(&self.region) {
                Ok(queued) => assert!(queued <= slots),
                Err(corrupt) => {
                    assert_eq!(sender.queued(&self.region), Err(corrupt.clone()));
                    assert_true_to_itself(&corrupt);
                    self.sender = None;
                }
            }
        }
    }

    /// Writes a message if there is room, and commits it if that is wanted.
    fn send(&mut self, meanwhile: bool, commit: bool) {
        let length = self.input.below(MAX_MESSAGE + 1);
        if !self.room() {
            return;
        }
        if let Some(sender) = &mut self.sender {
            sender.write_at(&self.region, 0, &BYTES[..length]);
        }
        if meanwhile {
            self.damage();
        }
        if commit {
            self.publish(length);
        }
    }

    fn send_in_place(&mut self, meanwhile: bool) {
        let length = self.input.below(MAX_MESSAGE + 1);
        let (start, end) = BYTES[..length].split_at(self.input.below(length + 1));
        if !self.room() {
            return;
        }
        if let Some(sender) = &mut self.sender {
            sender.write_at(&self.region, 0, start);
        }
        if meanwhile {
            self.damage();
        }
        if let Some(sender) = &mut self.sender {
            sender.write_at(&self.region, start.len(), end);
        }
        self.publish(length);
    }

    /// Until there is no room, or many, if a hostile peer gives back what it never took.
    fn send_batch(&mut self, meanwhile: bool) {
        for _ in 0..40 {
            if !self.room() {
                break;
            }
            if let Some(sender) = &mut self.sender {
                sender.commit(&self.region, &BYTES[..3]);
            }
            if meanwhile {
                self.damage();
            }
        }
    }

    fn publish(&mut self, length: usize) {
        if let Some(sender) = &mut self.sender {
            let before = sender.next();
            sender.publish(&self.region, length);
            assert_eq!(sender.next(), before + 1);
        }
    }

    fn show(&mut self, meanwhile: bool) {
        let Some(length) = self.look() else {
            return;
        };
        // The length was checked: what stands in the stamp now must not matter.
        if meanwhile {
            self.damage();
        }
        if let Some(receiver) = &mut self.receiver {
            let number = receiver.acknowledged() + receiver.shown();
            receiver.show(&self.region, length, &mut self.message);
            assert_eq!(self.message.sequence(), number);
            assert_eq!(self.message.as_bytes().len(), length);
        }
    }

    fn look(&mut self) -> Option<usize> {
        let receiver = self.receiver.as_mut()?;
        match receiver.look(&self.region) {
            Ok(None) => None,
            Ok(Some(length)) => {
                assert!(length <= MAX_MESSAGE);
                let number = receiver.acknowledged() + receiver.shown();
                let stamp = Stamp::new(number, length).bits();
                let slots =
                    usize::try_from(self.region.geometry().all_slots()).expect("at most 32");
                // Which slot it is, is the ring's affair.
                let stamped = |slot| self.region.slot(slot).stamp.load(Ordering::Relaxed) == stamp;
                assert!(
                    (0..slots).any(stamped),
                    "nobody has stamped message {number}"
                );
                Some(length)
            }
            Err(corrupt) => {
                assert_eq!(receiver.look(&self.region), Err(corrupt.clone()));
                assert_true_to_itself(&corrupt);
                self.receiver = None;
                None
            }
        }
    }

    fn acknowledge(&mut self) {
        if let Some(receiver) = &mut self.receiver
            && receiver.shown() > 0
        {
            receiver.acknowledge(&self.region);
            assert_eq!(receiver.shown(), 0);
        }
    }

    /// One of the two goes to sleep until its time is up, continues, and is woken at once, or after
    /// another process has written a word.
    fn park(&mut self, meanwhile: bool) {
        let role = self.role();
        let parked = |world: &Self| {
            world
                .region
                .side(role)
                .presence
                .parked
                .load(Ordering::Relaxed)
        };
        if meanwhile {
            self.damage();
        }
        let presence = &self.region.side(role).presence;
        let announced = Cell::new(false);
        for bed in [Bed::Futex, Bed::Bell] {
            let park = |sleep: &mut dyn FnMut() -> Wake| {
                protocol::park::<u8, Infallible>(
                    &presence.parked,
                    bed,
                    &announced,
                    || {},
                    || Ok(None),
                    |_| Ok(sleep()),
                )
            };
            assert_eq!(park(&mut || Wake::TimeUp), Ok(Slept::Expired));
            let mut woken = None;
            let slept = park(&mut || {
                woken = protocol::take_parked(presence, meanwhile);
                Wake::Up
            });
            let found = (slept, woken);
            let expected = (Ok(Slept::InVain), Some(bed));
            assert_eq!(found, expected, "nobody has cleared it");
        }
        assert_eq!(parked(self), 0);
        if meanwhile {
            self.damage();
            // Whatever stands there: it does not matter whom we wake.
            let _ = protocol::take_parked(&self.region.side(role).presence, true);
        }
    }

    /// One of the two comes or goes, after lives of any number.
    fn live(&mut self) {
        let role = self.role();
        let presence: &Presence = &self.region.side(role).presence;
        let before = protocol::read_life(presence);
        match self.input.byte() % 2 {
            0 => {
                let life = protocol::begin_life(presence, 1, 0);
                assert!(!protocol::is_closed(life) && life != 0 && life != before);
            }
            _ => {
                protocol::end_life(presence, before, false);
                assert!(protocol::is_closed(protocol::read_life(presence)));
            }
        }
    }

    fn role(&mut self) -> Role {
        match self.input.byte() % 2 {
            0 => Role::Sender,
            _ => Role::Receiver,
        }
    }

    /// What the two know in private never leaves its range, whatever the shared words are.
    fn check_numbers(&self) {
        if let Some(sender) = &self.sender {
            assert!(sender.next() <= LAST_MESSAGE + 1);
        }
        if let Some(receiver) = &self.receiver {
            assert!(receiver.acknowledged() + receiver.shown() <= LAST_MESSAGE + 1);
        }
    }
}

/// What attaching came to, with an error checked.
pub(super) fn told<T>(result: Result<T, Corrupt>) -> Option<T> {
    result.inspect_err(assert_true_to_itself).ok()
}

/// An error names a value that is really not among those it expects.
pub(super) fn assert_true_to_itself(corrupt: &Corrupt) {
    assert!(!corrupt.expected().contains(&corrupt.found()), "{corrupt}");
}
