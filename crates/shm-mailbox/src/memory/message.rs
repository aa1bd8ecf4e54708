//! A received message: up to 1 KiB of bytes, copied out of the shared memory, and its number.

use std::fmt;
use std::ops::Deref;

use crate::memory::layout::Stamp;
use crate::memory::payload::MAX_MESSAGE;

/// A buffer for one received message.
///
/// Made once and used for every call; nothing is allocated per message. It can be used wherever a
/// byte slice can, and compared with one:
///
/// ```
/// # use shm_mailbox::{Mailbox, Message};
/// # let name = format!("doc-message-{}", std::process::id());
/// # let mut sender = Mailbox::options(&name).sender()?;
/// # let mut receiver = Mailbox::options(&name).receiver()?;
/// let mut message = Message::new();
/// assert!(message.is_empty());
///
/// sender.send(b"price 42")?;
/// receiver.recv(&mut message)?;
/// assert_eq!(message, b"price 42");
/// assert!(message.starts_with(b"price "));
/// assert_eq!(std::str::from_utf8(&message)?, "price 42");
/// # sender.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
// Like the slot that it is copied from: so both sides of the copy lie alike in their cache lines.
#[derive(Clone)]
#[repr(C, align(64))]
pub struct Message {
    /// Number and length, which is at most [`MAX_MESSAGE`]; 0 if no message was received yet.
    stamp: Stamp,
    /// The first of them are the message, the rest is left over from earlier ones.
    bytes: [u8; MAX_MESSAGE],
    /// Of the last message from a bus.
    lane: u32,
}

impl Message {
    /// Makes an empty message, number 0.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stamp: Stamp::from_bits(0),
            bytes: [0; MAX_MESSAGE],
            lane: 0,
        }
    }

    /// Returns the bytes of the message: 0 to 1024 of them.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    /// Returns the sequence number, which counts from 0 since the mailbox was created.
    ///
    /// A receiver that was killed before it acknowledged gets the same message with the same number
    /// again; an application that remembers the last number it dealt with makes its effects
    /// exactly-once.
    #[must_use]
    #[inline]
    pub const fn sequence(&self) -> u64 {
        self.stamp.ordinal().saturating_sub(1)
    }

    /// Returns the lane of a message from a bus: which of its senders sent it, from 0.
    ///
    /// Each lane has its own sequence numbers. A mailbox has one sender, and its receiver leaves
    /// this as it is.
    #[must_use]
    #[inline]
    pub const fn lane(&self) -> u32 {
        self.lane
    }

    pub(crate) fn set_lane(&mut self, lane: u32) {
        self.lane = lane;
    }

    /// Returns the number of bytes.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 1024")]
    pub const fn len(&self) -> usize {
        self.stamp.length() as usize
    }

    /// Tells whether there are no bytes; an empty message is a message.
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

/// The bytes of the message: 0 to 1024 of them.
impl Deref for Message {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Message {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Compares the bytes, with those of anything that is bytes: slices, arrays, `str`, `String`,
/// another message. The number does not count: compare [`Message::sequence`] where it should.
impl<B: AsRef<[u8]> + ?Sized> PartialEq<B> for Message {
    #[inline]
    fn eq(&self, other: &B) -> bool {
        self.as_bytes() == other.as_ref()
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sequence", &self.sequence())
            .field("bytes", &self.as_bytes().escape_ascii().to_string())
            .finish()
    }
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    fn message(sequence: u64, bytes: &[u8]) -> Message {
        let mut message = Message::new();
        message.fill(sequence, bytes.len(), |buffer| {
            buffer[..bytes.len()].copy_from_slice(bytes);
        });
        message
    }

    #[test]
    fn a_message_equals_its_bytes_in_whatever_form_they_come() {
        let message = message(3, b"ab");
        assert_eq!(message, *b"ab");
        assert_eq!(message, b"ab");
        assert_eq!(message, b"ab"[..]);
        assert_eq!(message, &b"ab"[..]);
        assert_eq!(message, "ab");
        assert_eq!(message, vec![b'a', b'b']);
        assert_ne!(message, b"a");
        assert_ne!(message, b"abc");
        assert_ne!(message, b"ac");
    }

    #[test]
    fn two_messages_are_equal_if_their_bytes_are() {
        assert_eq!(message(0, b"ab"), message(7, b"ab"));
        assert_ne!(message(0, b"ab"), message(0, b"ba"));
    }

    #[test]
    fn a_message_is_used_as_the_slice_of_its_bytes() {
        let mut message = message(0, b"a longer one");
        message.fill(1, 3, |buffer| buffer[..3].copy_from_slice(b"x=1"));
        assert_eq!(message.strip_prefix(b"x="), Some(&b"1"[..]));
        assert_eq!(message.iter().copied().last(), Some(b'1'));
        assert_eq!(std::str::from_utf8(&message), Ok("x=1"));
    }
}
