//! A received message: up to 1 KiB of bytes, copied out of the shared memory, and its number.

use std::fmt;

use crate::layout::Stamp;

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 1024;

/// A buffer for one received message.
///
/// Made once and used for every call; nothing is allocated per message.
///
/// ```
/// let message = shm_mailbox::Message::new();
/// assert!(message.as_bytes().is_empty());
/// ```
// Like the slot that it is copied from: so both sides of the copy lie alike in their cache lines.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct Message {
    /// Number and length, which is at most [`MAX_MESSAGE`]; 0 if no message was received yet.
    stamp: Stamp,
    /// The first of them are the message, the rest is left over from earlier ones.
    bytes: [u8; MAX_MESSAGE],
}

impl Message {
    /// An empty message, number 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stamp: Stamp::from_bits(0),
            bytes: [0; MAX_MESSAGE],
        }
    }

    /// The bytes of the message: 0 to 1024 of them.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// The message's number, counted from 0 since the mailbox was created.
    ///
    /// A receiver that was killed before it acknowledged gets the same message with the same number
    /// again; an application that remembers the last number it dealt with makes its effects
    /// exactly-once.
    #[must_use]
    #[inline]
    pub const fn sequence(&self) -> u64 {
        self.stamp.ordinal().saturating_sub(1)
    }

    /// The number of bytes.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 1024")]
    pub const fn len(&self) -> usize {
        self.stamp.length() as usize
    }

    /// Whether there are no bytes; an empty message is a message.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets `copy` fill the buffer, and takes its first `length` bytes as message `sequence`.
    #[inline]
    pub(crate) fn fill(
        &mut self,
        sequence: u64,
        length: usize,
        copy: impl FnOnce(&mut [u8; MAX_MESSAGE]),
    ) {
        debug_assert!(length <= MAX_MESSAGE);
        copy(&mut self.bytes);
        self.stamp = Stamp::new(sequence, length);
    }
}

impl Default for Message {
    fn default() -> Self {
        Self::new()
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sequence", &self.sequence())
            .field("bytes", &self.as_bytes().escape_ascii().to_string())
            .finish()
    }
}
