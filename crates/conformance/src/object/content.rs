//! What message number n holds in every row, so that a lost, torn or repeated message shows.

use shm_mailbox::Message;

/// The bytes of message `number`: 0 to 1024, mostly few, and they depend on nothing else.
pub(crate) fn content(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    let length = match number % 32 {
        0 => random.usize(..=1024),
        1 => 1024,
        2 => 0,
        _ => random.usize(..40),
    };
    (0..length).map(|_| random.u8(..)).collect()
}

/// Fails unless this is message `number`, whole.
#[track_caller]
pub(crate) fn assert_content(message: &Message, number: u64) {
    assert_eq!(message.sequence(), number, "the number of a message");
    let expected = content(number);
    assert!(
        message.as_bytes() == expected,
        "message {number} is not the one that was sent: {} bytes instead of {}",
        message.as_bytes().len(),
        expected.len()
    );
}
