//! A stream through an ideal plain ring: two counters, each side with a private copy of the
//! other's, and inlined copies.
//!
//! The best that a ring of so many slots can do. Each side looks at the other's counter only when
//! its copy says that the ring is full, or empty.

use std::cell::UnsafeCell;
use std::sync::atomic::Ordering;

use super::{Line, copy, copy_in, until, until_reached};
use crate::harness::payload::{self, STOP};
use crate::harness::{Answer, Ask, Shared, share};

/// `N` slots, a power of two, of `S` bytes.
#[repr(C)]
struct Ring<const N: usize, const S: usize> {
    sent: Line,
    received: Line,
    slots: [UnsafeCell<[u8; S]>; N],
}

// SAFETY: a slot is written only while the counters say that it is the sender's, and read only
// while it is the receiver's.
unsafe impl<const N: usize, const S: usize> Sync for Ring<N, S> {}

// SAFETY: atomics, and bytes in `UnsafeCell`s.
unsafe impl<const N: usize, const S: usize> Shared for Ring<N, S> {}

impl<const N: usize, const S: usize> Ring<N, S> {
    #[inline(always)]
    fn slot(&self, number: u64) -> *mut u8 {
        let index = usize::try_from(number).expect("64 bits") % N;
        self.slots[index].get().cast()
    }
}

/// Slots for 1 KiB, at a distance that spreads them over all sets of a cache, as a power of two
/// would not.
pub const ROOMY: usize = 1088;

/// The two ends of a stream of messages of `L` bytes in slots of `S` (at least `L`), to be taken to
/// two processes.
///
/// The sender leads, and publishes its counter every `batch` messages, at most `N`, as the receiver
/// does. One exchange is one batch. Slots as small as the message are more than a mailbox could
/// have: a cache line brings several of them.
pub fn pair<const N: usize, const S: usize, const L: usize>(
    batch: u64,
) -> (impl Ask + 'static, impl Answer + 'static) {
    const { assert!(L <= S && N.is_power_of_two()) };
    let ring = share::<Ring<N, S>>();
    let end = End {
        ring,
        batch,
        sent: 0,
        received: 0,
        message: [0; L],
    };
    (end, end)
}

/// The sender, or the receiver.
#[derive(Clone, Copy)]
struct End<const N: usize, const S: usize, const L: usize> {
    ring: &'static Ring<N, S>,
    batch: u64,
    /// The counters: its own, and the other side's as last seen.
    sent: u64,
    received: u64,
    message: [u8; L],
}

impl<const N: usize, const S: usize, const L: usize> End<N, S, L> {
    /// A batch, of words of its own; the flag goes with its last message.
    #[inline(always)]
    fn send_batch(&mut self, flag: u64) -> u64 {
        let mut sum = 0_u64;
        let end = self.sent + self.batch;
        if end - self.received > N as u64 {
            until(|| {
                self.received = self.ring.received.0.load(Ordering::Acquire);
                end - self.received <= N as u64
            });
        }
        while self.sent < end {
            let last = self.sent + 1 == end;
            let word = (self.sent + 1) | if last { flag } else { 0 };
            sum = sum.wrapping_add(payload::write(&mut self.message, word));
            let slot = self.ring.slot(self.sent);
            // SAFETY: both sides have at least `L` bytes; the slot is the sender's until `sent` is
            // stored.
            unsafe { copy_in(self.message.as_ptr(), slot, 0, L) };
            self.sent += 1;
        }
        self.ring.sent.0.store(end, Ordering::Release);
        sum
    }
}

impl<const N: usize, const S: usize, const L: usize> Ask for End<N, S, L> {
    #[inline(always)]
    fn ask(&mut self, _word: u64) -> u64 {
        self.send_batch(0)
    }

    fn stop(&mut self, _word: u64) -> u64 {
        let sum = self.send_batch(STOP);
        until_reached(&self.ring.received, self.sent);
        sum
    }
}

impl<const N: usize, const S: usize, const L: usize> Answer for End<N, S, L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        if self.sent == self.received {
            until(|| {
                self.sent = self.ring.sent.0.load(Ordering::Acquire);
                self.sent != self.received
            });
        }
        let end = self.sent.min(self.received + self.batch);
        let (mut words, mut total) = (0, 0_u64);
        while self.received < end {
            let slot = self.ring.slot(self.received).cast_const();
            // SAFETY: both sides have at least `L` bytes; the slot is the receiver's until
            // `received` is stored.
            unsafe { copy(slot, self.message.as_mut_ptr(), 0, L) };
            let (word, sum) = payload::read(&self.message);
            total = total.wrapping_add(sum);
            words |= word;
            self.received += 1;
        }
        self.ring.received.0.store(end, Ordering::Release);
        (words, total)
    }
}
