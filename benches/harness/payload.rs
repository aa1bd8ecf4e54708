//! What messages carry: words that change with every message, are written by one side, and summed
//! by the other.
//!
//! One word in each cache line is written and summed: enough for every line to be needed on both
//! sides, and too little to count beside the copies, which move every byte.

/// In the word of the last message of a slice; the other bits count messages.
pub const STOP: u64 = 1 << 63;

const LINE: usize = 64;
const WORD: usize = size_of::<u64>();

/// How often the word of a message of `length` bytes stands in it.
pub const fn words(length: usize) -> u64 {
    length.div_ceil(LINE) as u64
}

/// Writes `word` into every cache line of `message`, whose length is a multiple of 8; the sum of
/// what was written.
#[inline(always)]
pub fn write<const L: usize>(message: &mut [u8; L], word: u64) -> u64 {
    for line in message.chunks_mut(LINE) {
        line[..WORD].copy_from_slice(&word.to_ne_bytes());
    }
    word.wrapping_mul(words(L))
}

/// Reads the words of a message: the first, and the sum of all.
#[inline(always)]
pub fn read<const L: usize>(message: &[u8; L]) -> (u64, u64) {
    let word = |line: &[u8]| {
        let word = line[..WORD].try_into().expect("that many bytes");
        u64::from_ne_bytes(word)
    };
    let sum = |sum: u64, line| sum.wrapping_add(word(line));
    (word(message), message.chunks(LINE).fold(0, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let mut message = [0; 1024];
        let written = write(&mut message, 7 | STOP);
        assert_eq!(read(&message), (7 | STOP, written));
    }

    #[test]
    fn a_line_that_kept_an_older_word_changes_the_sum() {
        let mut message = [0; 128];
        write(&mut message, 1);
        message[64] = 0;
        assert_eq!(read(&message), (1, 1));
    }

    #[test]
    fn a_short_message_has_one_word() {
        let mut message = [0; 8];
        assert_eq!(write(&mut message, 5), 5);
        assert_eq!(read(&message), (5, 5));
    }
}
