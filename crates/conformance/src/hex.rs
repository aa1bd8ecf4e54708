//! Bytes as the command line writes them: two lower-case digits each.

/// The digits of these bytes.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("less than 16");
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// The bytes of these digits; `None` if they are no pairs of digits.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    let pairs = (0..digits.len()).step_by(2);
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    pairs.map(byte).collect()
}
