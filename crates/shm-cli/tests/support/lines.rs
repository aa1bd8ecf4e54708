//! Test data: random numbers that come again with the same seed, and lines made of them.

/// A small generator (xorshift64*). Seeded, so that a failure can be repeated.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number from 0 to `limit - 1`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("64 bits");
        usize::try_from(self.next() % limit).expect("below a usize")
    }

    /// Appends this many random bytes.
    pub(crate) fn fill(&mut self, bytes: &mut Vec<u8>, len: usize) {
        let end = bytes.len() + len;
        while bytes.len() < end {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(end);
    }
}

/// `count` numbered lines, most of them short, some close to 1 KiB.
pub(crate) fn lines(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut text = Vec::new();
    for number in 0..count {
        text.extend_from_slice(format!("{number:08} ").as_bytes());
        let len = if random.below(16) == 0 {
            random.below(1000)
        } else {
            random.below(40)
        };
        text.extend((0..len).map(|_| b"abcdefghijklmnopqrstuvwxyz      "[random.below(32)]));
        text.push(b'\n');
    }
    text
}
