//! A bus in the tests: messages that contain their lane and number, and the offsets of its words.

use shm_mailbox::Message;
use shm_mailbox::bus::Receiver;

use super::content;
use super::raw::STRIDE;

/// The content of message `number` of a lane: no two lanes have the same.
pub(crate) fn content_of(lane: u32, number: u64, buffer: &mut [u8; 1024]) -> &[u8] {
    content(u64::from(lane) << 56 | number, buffer)
}

/// Fails unless the message is whole, and belongs to its lane and number.
#[track_caller]
pub(crate) fn assert_whole(message: &Message) {
    let (lane, number) = (message.lane(), message.sequence());
    let mut buffer = [0; 1024];
    assert!(
        message.as_bytes() == content_of(lane, number, &mut buffer),
        "message {number} of lane {lane} is torn"
    );
}

/// How many messages of each of `lanes` lanes the receiver has acknowledged, or passed over.
pub(crate) fn positions(receiver: &Receiver, lanes: usize) -> Vec<u64> {
    let mut positions = vec![0; lanes];
    for lane in receiver.lanes().expect("it can be looked at") {
        positions[lane.lane as usize] = lane.received;
    }
    positions
}

/// The offsets of the words of a bus of this form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
    pub(crate) slots: usize,
    pub(crate) hot: usize,
}

pub(crate) const MEMBERS: usize = 64;
pub(crate) const OPENED: usize = 72;
/// `received` of a joining receiver.
pub(crate) const PENDING: u64 = u64::MAX;

/// Offsets in the block of a role: in a lane from its count, in a place without a count.
const PARKED: usize = 8;
const FLOOR: usize = 24;
const LABEL: usize = 32;

impl Form {
    pub(crate) const fn sent(self, lane: usize) -> usize {
        128 + 256 * lane
    }

    /// The block of a sender, with its `life`.
    pub(crate) const fn sender(self, lane: usize) -> usize {
        self.sent(lane) + 128
    }

    pub(crate) const fn sender_parked(self, lane: usize) -> usize {
        self.sender(lane) + PARKED
    }

    pub(crate) const fn floor(self, lane: usize) -> usize {
        self.sender(lane) + FLOOR
    }

    pub(crate) const fn received(self, lane: usize, place: usize) -> usize {
        self.sent(self.senders) + 128 * (lane * self.receivers + place)
    }

    /// The block of a receiver, with its `life`.
    pub(crate) const fn receiver(self, place: usize) -> usize {
        self.received(self.senders, 0) + 128 * place
    }

    pub(crate) const fn receiver_parked(self, place: usize) -> usize {
        self.receiver(place) + PARKED
    }

    pub(crate) const fn label(self, place: usize) -> usize {
        self.receiver(place) + LABEL
    }

    /// The slots of a lane, hot and cold.
    pub(crate) const fn lane_slots(self) -> usize {
        if self.hot == self.slots {
            self.slots
        } else {
            self.hot + self.slots
        }
    }

    pub(crate) const fn stamp(self, lane: usize, slot: usize) -> usize {
        self.receiver(self.receivers) + STRIDE * (lane * self.lane_slots() + slot)
    }

    pub(crate) const fn size(self) -> usize {
        self.stamp(self.senders, 0).next_multiple_of(4096)
    }
}
