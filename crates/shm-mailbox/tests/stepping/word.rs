//! The words that stand in shared memory, and what an adversary writes into them.

use std::sync::atomic::Ordering;

use crate::stepping::scenario::Bench;
use crate::support::Raw;
use crate::support::raw::{
    HOT, KIND, MAGIC, RECEIVED, RECEIVER_LIFE, RECEIVER_PARKED, SENDER_LIFE, SENDER_PARKED, SENT,
    SLOTS, VERSION, stamp_offset,
};

/// One word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    offset: usize,
    /// 4 or 8 bytes.
    size: usize,
}

/// A word of 8 bytes.
pub(crate) const fn word(offset: usize) -> Word {
    Word { offset, size: 8 }
}

/// A word of 4 bytes.
pub(crate) const fn half(offset: usize) -> Word {
    Word { offset, size: 4 }
}

/// Every field of the header and of both roles, every stamp, and both ends of every payload.
pub(crate) fn all(slots: u32) -> Vec<Word> {
    let mut words = vec![
        word(MAGIC),
        half(VERSION),
        half(KIND),
        half(SLOTS),
        half(HOT),
    ];
    for count in [SENT, RECEIVED] {
        words.push(word(count));
    }
    let sender = (SENDER_LIFE, SENDER_PARKED);
    let receiver = (RECEIVER_LIFE, RECEIVER_PARKED);
    for (life, parked) in [sender, receiver] {
        words.extend([word(life), half(parked), half(parked + 4), half(parked + 8)]);
    }
    for slot in 0..slots as usize {
        let stamp = stamp_offset(slot);
        words.extend([word(stamp), word(stamp + 8), word(stamp + 8 + 1016)]);
    }
    words
}

impl Word {
    /// As [`values_near`](Self::values_near), of a mailbox.
    pub(crate) fn values(self, bench: &Bench) -> impl Iterator<Item = u64> + use<> {
        self.values_near(&bench.view, bench.capacity(), bench.queue.next())
    }

    /// Ten values that are nearly right, at a limit, or nonsense, in a ring with these slots whose
    /// next message has this number.
    pub(crate) fn values_near(
        self,
        view: &Raw,
        slots: u64,
        next: u64,
    ) -> impl Iterator<Item = u64> + use<> {
        let now = self.load(view);
        [
            0,
            1,
            now.wrapping_sub(1),
            now.wrapping_add(1),
            slots,
            now.wrapping_add(slots + 1),
            (1 << 53) - 1,
            u64::MAX,
            // The stamp of the next message but one, and a length that no message has.
            (next + 2) << 11 | 8,
            now | 2047,
            !now,
        ]
        .into_iter()
    }

    pub(crate) fn load(self, view: &Raw) -> u64 {
        match self.size {
            4 => view.half(self.offset).load(Ordering::SeqCst).into(),
            _ => view.word(self.offset).load(Ordering::SeqCst),
        }
    }

    pub(crate) fn store(self, view: &Raw, value: u64) {
        match self.size {
            4 => view.half(self.offset).store(low(value), Ordering::SeqCst),
            _ => view.word(self.offset).store(value, Ordering::SeqCst),
        }
    }

    /// As much of `value` as the word holds.
    pub(crate) fn cut(self, value: u64) -> u64 {
        match self.size {
            4 => low(value).into(),
            _ => value,
        }
    }

    /// Copies the word from one image of the object to another.
    pub(crate) fn copy(self, from: &[u8], to: &mut [u8]) {
        let range = self.offset..self.offset + self.size;
        to[range.clone()].copy_from_slice(&from[range]);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
fn low(value: u64) -> u32 {
    value as u32
}
