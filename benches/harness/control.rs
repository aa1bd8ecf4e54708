//! How the leading process tells the other which slice comes next, and hears what it saw.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use shm_cli::measure::clock;
use shm_core::futex;

use super::shared::{Shared, share};

/// Memory that both processes have. Between slices the following one sleeps on `order`.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct Control {
    /// Counts orders: the first is to attach, every other one slice.
    order: AtomicU32,
    /// The contender whose slice it is.
    contender: AtomicU32,
    /// The last order that the other process has seen.
    seen: AtomicU32,
    /// The last order that it has carried out.
    done: AtomicU32,
    /// The sum of the words that it has read in the last slice.
    sum: AtomicU64,
    /// The nanoseconds that it has spent on a processor in the last slice.
    processor: AtomicU64,
}

// SAFETY: atomics only.
unsafe impl Shared for Control {}

/// What the following side saw of one slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    pub(super) sum: u64,
    pub(super) processor: u64,
}

impl Control {
    pub(super) fn new() -> &'static Self {
        share()
    }

    /// Orders the next thing, and returns once the other process is awake.
    pub(super) fn order(&self, contender: usize) {
        let contender = u32::try_from(contender).expect("a row has a few contenders");
        self.contender.store(contender, Ordering::Relaxed);
        // (O) Release: the contender goes with it.
        let order = self.order.fetch_add(1, Ordering::Release) + 1;
        futex::wake(&self.order, 1).expect("wake the other process");
        until(|| self.seen.load(Ordering::Acquire) == order);
    }

    /// Waits until what was ordered is done.
    pub(super) fn wait(&self) -> Followed {
        let order = self.order.load(Ordering::Relaxed);
        // Acquire: pairs with (D), which follows the figures.
        until(|| self.done.load(Ordering::Acquire) == order);
        Followed {
            sum: self.sum.load(Ordering::Relaxed),
            processor: self.processor.load(Ordering::Relaxed),
        }
    }

    /// In the other process: waits for the next order, and carries it out.
    pub(super) fn follow(&self, slice: impl FnOnce(usize) -> u64) {
        let last = self.done.load(Ordering::Relaxed);
        // Acquire: pairs with (O).
        while self.order.load(Ordering::Acquire) == last {
            // Whatever ended the sleep, the loop looks.
            let _ = futex::wait(&self.order, last, None);
        }
        let contender = self.contender.load(Ordering::Relaxed);
        let contender = usize::try_from(contender).expect("small");
        let processor = clock::processor();
        self.seen.store(last + 1, Ordering::Release);
        let sum = slice(contender);
        self.sum.store(sum, Ordering::Relaxed);
        let spent = clock::processor() - processor;
        self.processor.store(spent, Ordering::Relaxed);
        // (D)
        self.done.store(last + 1, Ordering::Release);
    }
}

/// Leaves the core to the other process, which may have no other.
fn until(so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if so() {
            return;
        }
        thread::yield_now();
    }
    while !so() {
        thread::sleep(Duration::from_micros(100));
    }
}
