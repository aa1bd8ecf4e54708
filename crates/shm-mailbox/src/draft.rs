//! A message being written in place, in its slot.

use std::fmt;
use std::io;

use crate::error::SendError;
use crate::kind::Kind;
use crate::mailbox::Mailbox;
use crate::memory::payload::MAX_MESSAGE;
use crate::sender::Sender;
use crate::wait::limit::Limit;

/// A reserved slot: write the message into it, then [`commit`](Self::commit).
///
/// It saves the copy through a buffer of your own. The receiver sees nothing before the commit;
/// dropping the draft, or being killed, leaves the mailbox as it was. The shared bytes are written,
/// and never lent.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::io::Write;
/// # let name = format!("doc-draft-{}", std::process::id());
/// # let mut receiver = shm_mailbox::Mailbox::options(&name).receiver()?;
/// let mut sender = shm_mailbox::Mailbox::options(&name).sender()?;
/// let mut draft = sender.reserve()?;
/// write!(draft, "order {}", 7)?;
/// draft.commit()?;
/// # receiver.recv(&mut shm_mailbox::Message::new())?;
/// # Ok(())
/// # }
/// ```
///
/// The compiler warns of a draft that is not used:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn send(sender: &mut shm_mailbox::Sender) -> Result<(), shm_mailbox::SendError> {
///     sender.reserve()?;
///     Ok(())
/// }
/// ```
#[must_use = "a draft that is dropped sends nothing: commit it"]
pub struct Draft<'a, K: Kind = Mailbox> {
    sender: &'a mut Sender<K>,
    /// At most [`MAX_MESSAGE`].
    length: usize,
}

/// Sending without a copy through a buffer.
impl<K: Kind> Sender<K> {
    /// Reserves the next slot, to be filled in place, if there is room.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_reserve(&mut self) -> Result<Draft<'_, K>, SendError> {
        self.try_room()?;
        Ok(Draft::new(self))
    }

    /// Reserves the next slot, to be filled in place, waiting for room as long as it takes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reserve(&mut self) -> Result<Draft<'_, K>, SendError> {
        self.room(None)?;
        Ok(Draft::new(self))
    }

    /// Reserves the next slot, to be filled in place, and waits for room for at most `limit`.
    ///
    /// The limit is a [`Duration`](std::time::Duration) or an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// As [`send_timeout`](Self::send_timeout).
    pub fn reserve_timeout(&mut self, limit: impl Into<Limit>) -> Result<Draft<'_, K>, SendError> {
        self.room(limit)?;
        Ok(Draft::new(self))
    }
}

impl<'a, K: Kind> Draft<'a, K> {
    fn new(sender: &'a mut Sender<K>) -> Self {
        Self { sender, length: 0 }
    }

    /// Returns the number of bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Tells whether nothing has been written; an empty message may be committed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the number of bytes that still fit: 1024 at first.
    #[must_use]
    pub fn remaining(&self) -> usize {
        MAX_MESSAGE - self.length
    }

    /// Appends all of `bytes`, or none.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`] if they do not fit, [`SendError::Forked`] in a forked child, and what
    /// has broken the endpoint before; the draft stays as it was.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.sender.ensure_usable()?;
        if bytes.len() > self.remaining() {
            let length = self.length.saturating_add(bytes.len());
            return Err(SendError::TooLong {
                length,
                excess: length - MAX_MESSAGE,
            });
        }
        self.sender.write_at(self.length, bytes);
        self.length += bytes.len();
        Ok(())
    }

    /// Commits the message, which the receiver can then see.
    ///
    /// # Errors
    ///
    /// [`SendError::Forked`] in a forked child, [`SendError::Truncated`] if the memory is lost, and
    /// the error that has broken the endpoint before.
    #[inline]
    pub fn commit(self) -> Result<(), SendError> {
        self.sender.ensure_usable()?;
        self.sender.publish(self.length)
    }
}

impl<K: Kind> io::Write for Draft<'_, K> {
    /// Appends what fits of `bytes`; 0 bytes when the draft is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = &bytes[..bytes.len().min(self.remaining())];
        self.append(fitting)?;
        Ok(fitting.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<K: Kind> fmt::Debug for Draft<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
