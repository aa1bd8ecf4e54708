//! Random numbers that a seed brings back.

use fastrand::Rng;

/// A generator; the same seed gives the same numbers.
pub(crate) struct Random(Rng);

impl Random {
    /// A generator that starts at `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0.u64(..limit)
    }

    /// An index below `limit`.
    pub(crate) fn index(&mut self, limit: usize) -> usize {
        self.0.usize(..limit)
    }

    /// Lets a random time pass, of up to `looks` times some nanoseconds.
    pub(crate) fn dawdle(&mut self, looks: u64) {
        for _ in 0..self.below(looks) {
            std::hint::spin_loop();
        }
    }
}
