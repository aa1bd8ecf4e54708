//! One word there and back, asleep in the kernel in between: a futex each way, and nothing but the futex.

use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::{Shared, share};
use crate::paired::{Follow, Lead};
use crate::payload::STOP;

/// One way: a word, and whether it is there.
#[derive(Debug)]
#[repr(C, align(128))]
struct Way {
    full: AtomicU32,
    word: AtomicU64,
}

impl Way {
    fn put(&self, word: u64) {
        self.word.store(word, Ordering::Relaxed);
        self.full.store(1, Ordering::Release);
        // SAFETY: the address is that of a living word; a wake touches nothing.
        unsafe { libc::syscall(libc::SYS_futex, &raw const self.full, libc::FUTEX_WAKE, 1) };
    }

    fn take(&self) -> u64 {
        while self.full.load(Ordering::Acquire) == 0 {
            let no_limit = ptr::null::<libc::timespec>();
            let word = &raw const self.full;
            // SAFETY: the address is that of a living word; the sleep ends when the peer wakes us.
            unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 0, no_limit) };
        }
        let word = self.word.load(Ordering::Relaxed);
        // The peer does not put the next before it has our answer to this.
        self.full.store(0, Ordering::Relaxed);
        word
    }
}

#[derive(Debug)]
#[repr(C)]
struct Ways {
    there: Way,
    back: Way,
}

// SAFETY: atomics only.
unsafe impl Shared for Ways {}

/// The two ends, to be taken to two processes.
pub fn pair() -> (impl Lead + 'static, impl Follow + 'static) {
    let ways = share();
    (
        Asking {
            ways,
            count: 0,
            sum: 0,
        },
        Answering { ways },
    )
}

#[derive(Debug)]
struct Asking {
    ways: &'static Ways,
    count: u64,
    sum: u64,
}

impl Asking {
    fn ask(&mut self, flag: u64) {
        self.count += 1;
        self.ways.there.put(self.count | flag);
        self.sum = self.sum.wrapping_add(self.ways.back.take());
    }
}

impl Lead for Asking {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.ask(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.ask(STOP);
        std::mem::take(&mut self.sum)
    }
}

#[derive(Debug)]
struct Answering {
    ways: &'static Ways,
}

impl Follow for Answering {
    fn follow(&mut self) -> u64 {
        let mut sum = 0_u64;
        loop {
            let word = self.ways.there.take();
            sum = sum.wrapping_add(word);
            self.ways.back.put(word);
            if word & STOP != 0 {
                return sum;
            }
        }
    }
}
