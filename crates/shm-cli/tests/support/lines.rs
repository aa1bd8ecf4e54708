//! Test data: random numbers that come again with the same seed, and lines made of them.

use fastrand::Rng;

/// `count` numbered lines, most of them short, some close to 1 KiB.
pub(crate) fn lines(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut text = Vec::new();
    for number in 0..count {
        text.extend_from_slice(format!("{number:08} ").as_bytes());
        let len = if random.usize(..16) == 0 {
            random.usize(..1000)
        } else {
            random.usize(..40)
        };
        text.extend((0..len).map(|_| b"abcdefghijklmnopqrstuvwxyz      "[random.usize(..32)]));
        text.push(b'\n');
    }
    text
}
