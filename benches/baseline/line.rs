//! One word there and back, through one fixed cache line each way.
//!
//! Between two looks a side spins, or gives the core away, which suits two processes on one core best.

use std::hint::spin_loop;
use std::sync::atomic::Ordering;

use super::{Line, Shared, share};
use crate::paired::{Follow, Lead};
use crate::payload::STOP;

#[derive(Debug)]
#[repr(C)]
struct Lines {
    there: Line,
    back: Line,
}

// SAFETY: two atomics.
unsafe impl Shared for Lines {}

/// The two ends, to be taken to two processes. Both spin.
pub fn pair() -> (impl Lead + 'static, impl Follow + 'static) {
    pair_with(spin_loop)
}

/// As [`pair`], calling `sched_yield` between two looks.
pub fn yielding_pair() -> (impl Lead + 'static, impl Follow + 'static) {
    pair_with(|| {
        // SAFETY: takes nothing and changes nothing.
        unsafe { libc::sched_yield() };
    })
}

fn pair_with<P: Fn() + Copy + 'static>(pause: P) -> (impl Lead + 'static, impl Follow + 'static) {
    let lines = share();
    (
        Asking {
            lines,
            pause,
            count: 0,
            last: 0,
            sum: 0,
        },
        Answering { lines, pause },
    )
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

struct Asking<P> {
    lines: &'static Lines,
    pause: P,
    count: u64,
    /// What was answered last.
    last: u64,
    sum: u64,
}

impl<P: Fn() + Copy> Asking<P> {
    #[inline(always)]
    fn ask(&mut self, flag: u64) {
        self.count += 1;
        let word = self.count | flag;
        self.lines.there.0.store(word, Ordering::Release);
        self.last = next(&self.lines.back, self.last, self.pause);
        self.sum = self.sum.wrapping_add(self.last);
    }
}

impl<P: Fn() + Copy> Lead for Asking<P> {
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

struct Answering<P> {
    lines: &'static Lines,
    pause: P,
}

impl<P: Fn() + Copy> Follow for Answering<P> {
    fn follow(&mut self) -> u64 {
        let mut sum = 0_u64;
        // What was answered last: the question that is still in the line.
        let mut last = self.lines.back.0.load(Ordering::Relaxed);
        loop {
            last = next(&self.lines.there, last, self.pause);
            sum = sum.wrapping_add(last);
            self.lines.back.0.store(last, Ordering::Release);
            if last & STOP != 0 {
                return sum;
            }
        }
    }
}
