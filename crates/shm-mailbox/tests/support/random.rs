//! Random numbers that a seed brings back (xorshift64*).

/// A generator; the same seed gives the same numbers.
pub(crate) struct Random(u64);

impl Random {
    /// A generator that starts at `seed`, which is not 0.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 32) % limit
    }

    /// An index below `limit`.
    pub(crate) fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).expect("below a usize")
    }

    /// Lets a random time pass, of up to `looks` times some nanoseconds.
    pub(crate) fn dawdle(&mut self, looks: u64) {
        for _ in 0..self.below(looks) {
            std::hint::spin_loop();
        }
    }
}
