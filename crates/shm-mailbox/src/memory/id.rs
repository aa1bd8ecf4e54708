//! Which mailbox it is, whatever its name.

use std::fmt;

/// The identity of a mailbox: 16 random bytes that its creator drew, never all 0.
///
/// A new mailbox under a name that was used before has another one, and counts its messages from 0.
/// So what is remembered of a message (that it was dealt with, or was sent) is the pair of this and
/// the message's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxId([u8; 16]);

impl MailboxId {
    /// Returns the bytes, as they stand in the header.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Makes an identity from the bytes of the header.
    ///
    /// It returns `None` if all are 0, which no creator writes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// Draws a new one.
    #[cfg(not(shm_mailbox_loom))]
    pub(crate) fn random() -> Result<Self, shm_core::SystemError> {
        loop {
            let mut bytes = [0; 16];
            shm_core::random(&mut bytes)?;
            if let Some(id) = Self::from_bytes(bytes) {
                return Ok(id);
            }
        }
    }

    /// The two words of the header, in the machine's byte order.
    pub(crate) fn words(self) -> [u64; 2] {
        let (words, _) = self.0.as_chunks::<8>();
        [words[0], words[1]].map(u64::from_ne_bytes)
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MailboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailboxId({self})")
    }
}
