//! A bus without the rules of the protocol: the offsets of its words, and whole images.

use shm_mailbox::Role;
use test_support::Name;

use super::content::content;
use super::image::Image;
use super::raw::{places, stamp, word};

/// The count of a joining receiver.
pub(crate) const PENDING: u64 = u64::MAX;
/// How many bytes a label has.
pub(crate) const LABEL_BYTES: usize = 32;

/// The form of a bus, which determines the offsets of its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) lanes: u32,
    pub(crate) places: u32,
    pub(crate) slots: u32,
    pub(crate) hot: u32,
}

/// The offsets of the words that a mailbox does not have.
impl Shape {
    pub(crate) const LANES: usize = 24;
    pub(crate) const PLACES: usize = 28;
    pub(crate) const MEMBERS: usize = 64;
    pub(crate) const OPENED: usize = 72;
    /// After the start of a seat, where `life` is.
    pub(crate) const FLOOR: usize = 24;
    pub(crate) const LABEL: usize = 32;

    pub(crate) fn new(lanes: u32, places: u32, slots: u32, hot: u32) -> Self {
        Self {
            lanes,
            places,
            slots,
            hot,
        }
    }

    pub(crate) fn sent(self, lane: u32) -> usize {
        128 + 256 * index(lane)
    }

    /// What a place has acknowledged of a lane.
    pub(crate) fn count(self, lane: u32, place: u32) -> usize {
        self.sent(self.lanes) + 128 * index(lane * self.places + place)
    }

    /// Where the words of a lane's sender begin, or of a place's receiver.
    pub(crate) fn seat(self, role: Role, seat: u32) -> usize {
        match role {
            Role::Sender => self.sent(seat) + 128,
            Role::Receiver => self.count(self.lanes, 0) + 128 * index(seat),
        }
    }

    pub(crate) fn parked(self, role: Role, seat: u32) -> usize {
        self.seat(role, seat) + word::PARKED
    }

    pub(crate) fn floor(self, lane: u32) -> usize {
        self.seat(Role::Sender, lane) + Self::FLOOR
    }

    pub(crate) fn seats(self, role: Role) -> u32 {
        match role {
            Role::Sender => self.lanes,
            Role::Receiver => self.places,
        }
    }

    pub(crate) fn slots_of_a_lane(self) -> usize {
        index(if self.hot == self.slots {
            self.slots
        } else {
            self.hot + self.slots
        })
    }

    /// Where the stamp of a lane's slot is; the payload follows it.
    pub(crate) fn stamp(self, lane: u32, slot: usize) -> usize {
        let first = self.seat(Role::Receiver, self.places);
        first + 1088 * (index(lane) * self.slots_of_a_lane() + slot)
    }

    pub(crate) fn size(self) -> usize {
        self.stamp(self.lanes, 0).next_multiple_of(4096)
    }

    /// The point of these bytes: a sender may overwrite the messages below it. `None` while a
    /// sender learns nothing.
    pub(crate) fn point(self, bytes: &[u8], lane: u32) -> Option<u64> {
        let mask = word_of(bytes, Self::MEMBERS) & 0xFFFF_FFFF;
        let members = (0..self.places).filter(|place| mask >> place & 1 == 1);
        let counts = members.map(|place| word_of(bytes, self.count(lane, place)));
        let counts: Vec<_> = counts.collect();
        match counts.iter().min() {
            None => Some(word_of(bytes, self.floor(lane))),
            Some(_) if counts.contains(&PENDING) => None,
            Some(least) => Some(*least),
        }
    }
}

/// The byte that the holder of a seat locks.
pub(crate) fn lock_byte(role: Role, seat: u32) -> u64 {
    let first = if role == Role::Sender { 1 } else { 2 };
    first + 2 * u64::from(seat)
}

pub(crate) fn word_of(bytes: &[u8], offset: usize) -> u64 {
    let word = bytes[offset..offset + 8].try_into().expect("8 bytes");
    u64::from_ne_bytes(word)
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("a small number")
}

/// The bytes of a message, which differ from lane to lane.
pub(crate) fn content_of(lane: u32, number: u64) -> Vec<u8> {
    content(number + (u64::from(lane) << 32))
}

/// The bytes of a bus to which no process is attached.
#[derive(Clone)]
pub(crate) struct BusImage {
    pub(crate) shape: Shape,
    pub(crate) image: Image,
}

impl BusImage {
    /// The bytes of a bus that no process ever had.
    pub(crate) fn new(shape: Shape) -> Self {
        let mut image = Image::new(shape.slots, shape.hot);
        image.bytes.resize(shape.size(), 0);
        image.put_half(word::KIND, 2);
        image.put_half(Shape::LANES, shape.lanes);
        image.put_half(Shape::PLACES, shape.places);
        Self { shape, image }
    }

    /// A lane whose last sender has closed, with messages from `floor` to `sent`.
    pub(crate) fn lane(mut self, lane: u32, floor: u64, sent: u64) -> Self {
        let shape = self.shape;
        self.image.put(shape.sent(lane), sent);
        self.image.put(shape.floor(lane), floor);
        self.image.put(shape.seat(Role::Sender, lane), 3);
        let opened = Shape::OPENED;
        let now = word_of(&self.image.bytes, opened) & 0xFFFF_FFFF;
        let least = u64::from(lane) + 1;
        let opened_now = u32::try_from(now.max(least)).expect("a number of lanes");
        self.image.put_half(opened, opened_now);
        for number in floor..sent {
            self.put_message(lane, number, number - floor);
        }
        self
    }

    /// Puts a message where a sender with `queued` messages puts it.
    pub(crate) fn put_message(&mut self, lane: u32, number: u64, queued: u64) {
        let shape = self.shape;
        let places = places(number, shape.slots, shape.hot);
        let slot = places[usize::from(queued >= u64::from(shape.hot))];
        let message = content_of(lane, number);
        let at = shape.stamp(lane, slot);
        self.image.put(at, stamp(number, message.len() as u64));
        self.image.bytes[at + 8..at + 8 + message.len()].copy_from_slice(&message);
    }

    /// A place that counts, with these counts, whose last receiver did not close.
    pub(crate) fn member(mut self, place: u32, counts: &[u64]) -> Self {
        let now = word_of(&self.image.bytes, Shape::MEMBERS);
        let next = ((now >> 32) + 1) << 32 | now & 0xFFFF_FFFF | 1 << place;
        self.image.put(Shape::MEMBERS, next);
        for (lane, count) in (0..).zip(counts) {
            self.image.put(self.shape.count(lane, place), *count);
        }
        self.image.put(self.shape.seat(Role::Receiver, place), 2);
        self
    }

    pub(crate) fn label(mut self, role: Role, seat: u32, label: &str) -> Self {
        let at = self.shape.seat(role, seat) + Shape::LABEL;
        self.image.bytes[at..at + LABEL_BYTES].fill(0);
        self.image.bytes[at..at + label.len()].copy_from_slice(label.as_bytes());
        self
    }

    pub(crate) fn put(mut self, offset: usize, value: u64) -> Self {
        self.image.put(offset, value);
        self
    }

    pub(crate) fn put_half(mut self, offset: usize, value: u32) -> Self {
        self.image.put_half(offset, value);
        self
    }

    pub(crate) fn create(&self, name: &Name) {
        self.image.create(name);
    }

    /// The label of a seat in these bytes, if it has one.
    pub(crate) fn label_in(bytes: &[u8], at: usize) -> &[u8] {
        &bytes[at + Shape::LABEL..][..LABEL_BYTES]
    }
}
