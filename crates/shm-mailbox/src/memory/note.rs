//! The sender's note: three words that a sender keeps for itself from one process to the next.

use crate::memory::sync::AtomicU64;

/// Three words for the sender's use, and a fourth that shows whether they belong together.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) words: [AtomicU64; 3],
    /// The [`check_word`] of the three; 0 while they are written, and before they ever were.
    pub(crate) check: AtomicU64,
}

impl Note {
    /// A note that was never written.
    #[cfg(any(test, shm_mailbox_loom, fuzzing))]
    pub(crate) fn new() -> Self {
        Self {
            words: [0; 3].map(AtomicU64::new),
            check: AtomicU64::new(0),
        }
    }
}

/// The fourth word for the three others. It depends on each of them and on their order, and is
/// never 0.
///
/// It detects accidents: words of two notes, or of no note. It is not secret, and does not prove
/// who wrote it.
pub(crate) fn check_word(words: [u64; 3]) -> u64 {
    /// 2^64 divided by the golden ratio, an odd number without a pattern.
    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
    let mixed = words.into_iter().fold(SEED, |sum, word| {
        // Each step can be undone, so words that differ in one place never meet again.
        let product = (sum ^ word).wrapping_mul(SEED);
        product ^ (product >> 32)
    });
    mixed | 1
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_check_word_is_that_of_the_page() {
        // Computed apart from this code: docs/protocol.md has the same values.
        assert_eq!(check_word([0, 0, 0]), 0xB743_DB30_302F_5575);
        assert_eq!(check_word([1, 2, 3]), 0x2AB2_B1C2_04C2_D72B);
        assert_eq!(check_word([u64::MAX; 3]), 0x5573_EE0E_C17F_213B);
    }

    #[test]
    fn the_check_word_is_never_zero_and_notices_every_bit_and_the_order() {
        let words = [0x1234, u64::MAX, 0];
        let check = check_word(words);
        assert_ne!(check, 0);
        for word in 0..3 {
            for bit in 0..64 {
                let mut other = words;
                other[word] ^= 1 << bit;
                assert_ne!(check_word(other), check, "word {word}, bit {bit}");
            }
        }
        assert_ne!(check_word([words[1], words[0], words[2]]), check);
    }
}
