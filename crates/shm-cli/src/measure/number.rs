//! Numbers in messages, in bytes that the classic layout can carry too.

/// Bytes that a number takes.
pub const LENGTH: usize = 10;

/// Bits of the number in each byte; the highest bit is set, so that no byte is 0 and ends a text of
/// that layout.
const BITS: u32 = 7;
const SET: u8 = 1 << BITS;

/// Writes a number to the beginning of a message.
///
/// # Panics
///
/// If the message is too short.
#[inline]
pub fn put(message: &mut [u8], number: u64) {
    let mut rest = number;
    for byte in &mut message[..LENGTH] {
        *byte = SET | rest.to_le_bytes()[0];
        rest >>= BITS;
    }
}

/// Reads the number at the beginning of a message, if it has one.
#[inline]
pub fn get(message: &[u8]) -> Option<u64> {
    let bytes = message.get(..LENGTH)?;
    let digits = bytes.iter().rev();
    Some(digits.fold(0, |number, byte| number << BITS | u64::from(byte & !SET)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_and_has_no_byte_that_is_0() {
        for number in [0, 1, 127, 128, 1 << 56, u64::MAX - 1, u64::MAX] {
            let mut message = [0; LENGTH];
            put(&mut message, number);
            assert_eq!(get(&message), Some(number));
            assert!(!message.contains(&0));
        }
    }

    #[test]
    fn a_message_that_is_too_short_has_none() {
        assert_eq!(get(&[SET; LENGTH - 1]), None);
    }
}
