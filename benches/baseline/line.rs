//! Round trips of one word, through one fixed cache line each way.
//!
//! Between two looks a side spins, or gives the core away, which suits two processes on one core
//! best.

use std::hint::spin_loop;
use std::sync::atomic::Ordering;

use super::Line;
use crate::harness::{Answer, Ask, Shared, share};

#[derive(Debug)]
#[repr(C)]
struct Lines {
    there: Line,
    back: Line,
}

// SAFETY: two atomics.
unsafe impl Shared for Lines {}

/// The two ends, to be taken to two processes. Both spin.
pub fn pair() -> (impl Ask + 'static, impl Answer + 'static) {
    pair_with(spin_loop)
}

/// As [`pair`], calling `sched_yield` between two looks.
pub fn yielding_pair() -> (impl Ask + 'static, impl Answer + 'static) {
    pair_with(|| {
        // SAFETY: takes nothing and changes nothing.
        unsafe { libc::sched_yield() };
    })
}

fn pair_with<P: Fn() + Copy + 'static>(pause: P) -> (impl Ask + 'static, impl Answer + 'static) {
    let lines = share();
    let end = End {
        lines,
        pause,
        last: 0,
    };
    (end, end)
}

/// Waits until `line` holds something else than `last`.
#[inline(always)]
fn next(line: &Line, last: u64, pause: impl Fn()) -> u64 {
    loop {
        let word = line.0.load(Ordering::Acquire);
        if word != last {
            return word;
        }
        pause();
    }
}

#[derive(Clone, Copy)]
struct End<P> {
    lines: &'static Lines,
    pause: P,
    /// What has come last, and so is still in the line that it came through.
    last: u64,
}

impl<P: Fn() + Copy> Ask for End<P> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        self.lines.there.0.store(word, Ordering::Release);
        self.last = next(&self.lines.back, self.last, self.pause);
        self.last
    }
}

impl<P: Fn() + Copy> Answer for End<P> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.last = next(&self.lines.there, self.last, self.pause);
        self.lines.back.0.store(self.last, Ordering::Release);
        (self.last, self.last)
    }
}
