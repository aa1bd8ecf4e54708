//! Round trips of one message through one slot each way: a stamp that says it is there, and an
//! inlined copy.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{copy, copy_in, until};
use crate::harness::{Answer, Ask, Shared, payload, share};

/// One way: the number of the message, and the message.
#[repr(C, align(128))]
struct Slot<const L: usize> {
    stamp: AtomicU64,
    payload: UnsafeCell<[u8; L]>,
}

/// The bytes of the payload that share a cache line with the stamp.
const FIRST_LINE: usize = 64 - size_of::<u64>();

// SAFETY: the payload is written only between the peer's last look and the stamp, and read only
// after the stamp.
unsafe impl<const L: usize> Sync for Slot<L> {}

impl<const L: usize> Slot<L> {
    /// The line that holds the stamp comes last, or the peer's looks would take it away
    /// half-filled.
    #[inline(always)]
    fn put(&self, number: u64, message: &[u8; L]) {
        let (source, target) = (message.as_ptr(), self.payload.get().cast());
        let first_line = FIRST_LINE.min(L);
        // SAFETY: both sides have `L` bytes; the peer looks at the payload after the stamp only.
        unsafe { copy_in(source, target, first_line, L) };
        // SAFETY: as above.
        unsafe { copy(source, target, 0, first_line) };
        self.stamp.store(number, Ordering::Release);
    }

    #[inline(always)]
    fn take(&self, number: u64, message: &mut [u8; L]) {
        until(|| self.stamp.load(Ordering::Acquire) == number);
        let (source, target) = (self.payload.get().cast_const().cast(), message.as_mut_ptr());
        let first_line = FIRST_LINE.min(L);
        // SAFETY: both sides have `L` bytes; the peer writes again only after our answer.
        unsafe { copy(source, target, 0, first_line) };
        // SAFETY: as above. From a cache line's beginning on, so that no chunk lies in two.
        unsafe { copy(source, target, first_line, L) };
    }
}

#[repr(C)]
struct Slots<const L: usize> {
    there: Slot<L>,
    back: Slot<L>,
}

// SAFETY: an atomic and bytes in an `UnsafeCell`, twice.
unsafe impl<const L: usize> Shared for Slots<L> {}

/// The two ends of a ping-pong of messages of `L` bytes, to be taken to two processes.
pub fn pair<const L: usize>() -> (impl Ask + 'static, impl Answer + 'static) {
    let end = End {
        slots: share::<Slots<L>>(),
        number: 0,
        message: [0; L],
    };
    (end.clone(), end)
}

#[derive(Clone)]
struct End<const L: usize> {
    slots: &'static Slots<L>,
    number: u64,
    message: [u8; L],
}

impl<const L: usize> Ask for End<L> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        self.number += 1;
        payload::write(&mut self.message, word);
        self.slots.there.put(self.number, &self.message);
        self.slots.back.take(self.number, &mut self.message);
        let (_, sum) = payload::read(&self.message);
        sum
    }
}

impl<const L: usize> Answer for End<L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.number += 1;
        self.slots.there.take(self.number, &mut self.message);
        let (word, sum) = payload::read(&self.message);
        payload::write(&mut self.message, word);
        self.slots.back.put(self.number, &self.message);
        (word, sum)
    }
}
