//! Any sequence of the two ends' steps, and of restarts at any of them, does what a queue in a
//! `VecDeque` does.

use std::collections::VecDeque;
use std::sync::LazyLock;

use super::input::Input;
use super::{OPERATIONS, region};
use crate::memory::layout::LAST_MESSAGE;
use crate::memory::region::Region;
use crate::memory::sync::Ordering;
use crate::memory::{message::Message, payload::MAX_MESSAGE};
use crate::protocol::{self, Cursor, ReceiveCursor, SendCursor};

/// Does what the input says; panics when an end does not what a queue does.
pub(super) fn run(input: &[u8]) {
    let mut input = Input(input);
    let form = input.byte();
    let region = region(form);
    let first = match form & 128 {
        0 => 0,
        _ => LAST_MESSAGE + 1 - u64::from(input.byte()),
    };
    let control = region.control();
    control.sender.count.0.store(first, Ordering::Relaxed);
    control.receiver.count.0.store(first, Ordering::Relaxed);
    let mut world = World {
        sender: SendCursor::resume(&region).expect("nothing is wrong"),
        receiver: ReceiveCursor::resume(&region).expect("nothing is wrong"),
        slots: u64::from(region.geometry().slots()),
        region,
        input,
        message: Message::new(),
        next: first,
        queue: VecDeque::new(),
        shown: 0,
    };
    for _ in 0..OPERATIONS {
        if world.input.is_over() {
            break;
        }
        world.step();
        world.check_numbers();
    }
}

/// The two ends, and what they should hold.
struct World<'a> {
    region: Region,
    input: Input<'a>,
    sender: SendCursor,
    receiver: ReceiveCursor,
    message: Message,
    slots: u64,
    /// The number of the next message.
    next: u64,
    /// The lengths of the messages committed and not acknowledged; the number of each tells its
    /// content.
    queue: VecDeque<usize>,
    /// How many of them the receiver has been shown.
    shown: usize,
}

impl World<'_> {
    fn step(&mut self) {
        let operation = self.input.byte();
        match operation % 16 {
            0..=3 => self.send(),
            4 => self.send_in_place(),
            5 => self.send_all_that_fit(),
            6 => self.write_in_vain(),
            7 => self.restart_sender(),
            8 => self.restart_sender_before_its_count(),
            9..=11 => _ = self.show(),
            12 => while self.show() {},
            13 => self.acknowledge(),
            14 => {
                self.receiver.rewind();
                self.shown = 0;
            }
            _ => {
                self.receiver = ReceiveCursor::resume(&self.region).expect("nothing is wrong");
                self.shown = 0;
            }
        }
    }

    /// Whether a message can be sent: as many as there are slots can be.
    fn room(&mut self) -> bool {
        let room = self.sender.room(&self.region, || false);
        let room = room.expect("nothing is wrong");
        assert_eq!(room, (self.queue.len() as u64) < self.slots);
        assert_eq!(self.sender.is_exhausted(), self.next > LAST_MESSAGE);
        room && !self.sender.is_exhausted()
    }

    fn length(&mut self) -> usize {
        match self.input.byte() {
            // Mostly short, as messages are, around the length that shares a line with the stamp.
            byte @ ..192 => usize::from(byte),
            _ => self.input.below(MAX_MESSAGE + 1),
        }
    }

    fn send(&mut self) {
        let length = self.length();
        if self.room() {
            self.sender.commit(&self.region, content(self.next, length));
            self.committed(length);
        }
    }

    fn send_in_place(&mut self) {
        let length = self.length();
        let (start, end) = content(self.next, length).split_at(self.input.below(length + 1));
        if self.room() {
            self.sender.write_at(&self.region, 0, start);
            self.sender.write_at(&self.region, start.len(), end);
            self.sender.publish(&self.region, length);
            self.committed(length);
        }
    }

    fn send_all_that_fit(&mut self) {
        let length = self.length();
        while self.room() {
            self.sender.commit(&self.region, content(self.next, length));
            self.committed(length);
        }
    }

    /// Writes what is never committed: no receiver may find it, nor anything else changed.
    fn write_in_vain(&mut self) {
        let length = self.length();
        if self.room() {
            self.sender
                .write_at(&self.region, 0, &content(0, MAX_MESSAGE)[..length]);
        }
    }

    fn committed(&mut self, length: usize) {
        self.queue.push_back(length);
        self.next += 1;
    }

    fn restart_sender(&mut self) {
        self.sender = SendCursor::resume(&self.region).expect("nothing is wrong");
    }

    /// Restarts a sender that was killed after the stamp of its last message, and before the count.
    fn restart_sender_before_its_count(&mut self) {
        let before = self.next;
        self.send();
        if self.next > before {
            let count = &self.region.control().sender.count.0;
            count.store(before, Ordering::Relaxed);
        }
        self.restart_sender();
    }

    /// Shows the next message, if there is one; returns whether there was.
    fn show(&mut self) -> bool {
        let found = self.receiver.look(&self.region).expect("nothing is wrong");
        assert_eq!(found, self.queue.get(self.shown).copied());
        let Some(length) = found else {
            return false;
        };
        let number = self.next - (self.queue.len() - self.shown) as u64;
        self.receiver.show(&self.region, length, &mut self.message);
        assert_eq!(self.message.sequence(), number);
        assert_eq!(self.message.as_bytes(), content(number, length));
        self.shown += 1;
        true
    }

    fn acknowledge(&mut self) {
        if self.shown > 0 {
            self.receiver.acknowledge(&self.region);
            self.queue.drain(..self.shown);
            self.shown = 0;
        }
    }

    fn check_numbers(&mut self) {
        let queued = self.queue.len() as u64;
        assert_eq!(self.sender.next(), self.next);
        assert_eq!(protocol::glance_at_mailbox(&self.region), queued);
        assert_eq!(self.receiver.acknowledged(), self.next - queued);
        assert_eq!(self.receiver.shown(), self.shown as u64);
        // Mostly not, so that the sender does not always know what the receiver has done.
        if self.input.0.len().is_multiple_of(8) {
            assert_eq!(self.sender.queued(&self.region), Ok(queued));
        }
    }
}

/// How many contents there are: a prime, far above the number of slots.
const STARTS: usize = 1009;

/// What message `number` of this length is: no two that are near one another have the same bytes.
pub(super) fn content(number: u64, length: usize) -> &'static [u8] {
    static NOISE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut state = 1_u64;
        let words = (0..(STARTS + MAX_MESSAGE).div_ceil(8)).flat_map(|_| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            state.rotate_left(29).to_le_bytes()
        });
        words.collect()
    });
    let start = usize::try_from(number * 7 % STARTS as u64).expect("a small number");
    &NOISE[start..start + length]
}
