//! One word there and back, giving the core away between two looks: what suits two processes on one core best.

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

/// The two ends, to be taken to two processes.
pub fn pair() -> (impl Lead + 'static, impl Follow + 'static) {
    let lines = share();
    (
        Asking {
            lines,
            count: 0,
            sum: 0,
        },
        Answering { lines },
    )
}

#[derive(Debug)]
struct Asking {
    lines: &'static Lines,
    count: u64,
    sum: u64,
}

impl Asking {
    fn ask(&mut self, flag: u64) {
        self.count += 1;
        let word = self.count | flag;
        let before = self.lines.back.0.load(Ordering::Relaxed);
        self.lines.there.0.store(word, Ordering::Release);
        let answer = next(&self.lines.back, before);
        self.sum = self.sum.wrapping_add(answer);
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
    lines: &'static Lines,
}

impl Follow for Answering {
    fn follow(&mut self) -> u64 {
        let mut sum = 0_u64;
        // What was answered last: the question that is still in the line.
        let mut last = self.lines.back.0.load(Ordering::Relaxed);
        loop {
            last = next(&self.lines.there, last);
            sum = sum.wrapping_add(last);
            self.lines.back.0.store(last, Ordering::Release);
            if last & STOP != 0 {
                return sum;
            }
        }
    }
}

/// Waits until `line` holds something else than `before`.
fn next(line: &Line, before: u64) -> u64 {
    loop {
        let word = line.0.load(Ordering::Acquire);
        if word != before {
            return word;
        }
        // SAFETY: takes nothing and changes nothing.
        unsafe { libc::sched_yield() };
    }
}
