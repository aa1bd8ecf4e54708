//! One message there and back through one slot each way: a stamp that says it is there, and an inlined copy.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Shared, copy, copy_in, share, until};
use crate::paired::{Follow, Lead};
use crate::payload::{self, STOP};

/// One way: the number of the message, and the message.
#[repr(C, align(128))]
struct Slot<const L: usize> {
    stamp: AtomicU64,
    payload: UnsafeCell<[u8; L]>,
}

/// The bytes of the payload that share a cache line with the stamp.
const FIRST_LINE: usize = 64 - size_of::<u64>();

// SAFETY: the payload is written only between the peer's last look and the stamp, and read only after the stamp.
unsafe impl<const L: usize> Sync for Slot<L> {}

impl<const L: usize> Slot<L> {
    /// The line that holds the stamp comes last, or the peer's looks would take it away half-filled.
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
pub fn pair<const L: usize>() -> (impl Lead + 'static, impl Follow + 'static) {
    let end = End {
        slots: share::<Slots<L>>(),
        number: 0,
        sum: 0,
        message: [0; L],
    };
    (Asking(end.clone()), Answering(end))
}

#[derive(Clone)]
struct End<const L: usize> {
    slots: &'static Slots<L>,
    number: u64,
    sum: u64,
    message: [u8; L],
}

struct Asking<const L: usize>(End<L>);

impl<const L: usize> Asking<L> {
    #[inline(always)]
    fn ask(&mut self, flag: u64) {
        let end = &mut self.0;
        end.number += 1;
        payload::write(&mut end.message, end.number | flag);
        end.slots.there.put(end.number, &end.message);
        end.slots.back.take(end.number, &mut end.message);
        let (_, sum) = payload::read(&end.message);
        end.sum = end.sum.wrapping_add(sum);
    }
}

impl<const L: usize> Lead for Asking<L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.ask(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.ask(STOP);
        std::mem::take(&mut self.0.sum)
    }
}

struct Answering<const L: usize>(End<L>);

impl<const L: usize> Follow for Answering<L> {
    fn follow(&mut self) -> u64 {
        let end = &mut self.0;
        let mut total = 0_u64;
        loop {
            end.number += 1;
            end.slots.there.take(end.number, &mut end.message);
            let (word, sum) = payload::read(&end.message);
            total = total.wrapping_add(sum);
            payload::write(&mut end.message, word);
            end.slots.back.put(end.number, &end.message);
            if word & STOP != 0 {
                return total;
            }
        }
    }
}
