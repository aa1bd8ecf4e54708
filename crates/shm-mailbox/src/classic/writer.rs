//! The writer of the classic layout, which loses no message to a reader of this crate.

use std::fmt;
use std::time::Duration;

use shm_core::{Created, Moment};

use super::MAX_MESSAGE;
use super::attach::Attached;
use super::error::{CloseError, Fault, SendError};
use super::layout::TEXT;
use super::link::{Glance, Link};
use super::protocol::{self, is_request};
use crate::memory::role::Role;
use crate::object::claim;
use crate::protocol::Slept;
use crate::wait::limit::Limit;
use crate::wait::{Condition, Waiter};

/// Hands messages to a C reader, or to a [`Reader`](super::Reader).
///
/// Made by [`Options::writer`](super::Options::writer).
///
/// It owns the object's name: dropping or closing it unlinks the object, whichever process created
/// it.
pub struct Writer {
    link: Link,
    waiter: Waiter,
    /// How long a blocking wait sleeps before it looks.
    interval: Duration,
    created: Created,
    at_end: AtEnd,
    last: LastMessage,
    reader: KnownReader,
}

/// What becomes of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AtEnd {
    Unlink,
    Keep,
}

/// What is known of the last message that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastMessage {
    /// The reader has it, or there was none.
    Taken,
    /// It stands in the text.
    Unread,
}

/// Who reads, as far as the role lock tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KnownReader {
    /// None, or a C program, which holds no lock.
    Unknown,
    /// One of ours: its lock was held when we last looked.
    Ours,
}

impl Writer {
    pub(super) fn new(attached: Attached, waiter: Waiter, interval: Duration) -> Self {
        Self {
            link: attached.link,
            waiter,
            interval,
            created: attached.created,
            at_end: AtEnd::Unlink,
            last: LastMessage::Taken,
            reader: KnownReader::Unknown,
        }
    }

    /// Returns the object's name, without the leading slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.link.name().as_str()
    }

    /// Tells whether this writer created the object.
    #[must_use]
    pub fn created(&self) -> bool {
        self.created == Created::Yes
    }

    /// Waits for the reader's request and hands over `message`: 1 to 1023 bytes without NUL.
    ///
    /// When it returns, the message is where the reader looks for it, but the reader may not have
    /// looked yet.
    ///
    /// # Errors
    ///
    /// [`SendError::Empty`], [`SendError::Nul`] and [`SendError::TooLong`] at once;
    /// [`SendError::Unlinked`] and [`SendError::Truncated`] within 100 ms of the event (plus the
    /// 100 ms in which a C writer may mend a truncation).
    pub fn send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        self.send_for(message.as_ref(), Limit::Never)
    }

    /// Sends as [`send`](Self::send) does, and waits for at most `limit`.
    ///
    /// The limit is a [`Duration`] or an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// Those of `send`, and [`SendError::TimedOut`].
    pub fn send_timeout(
        &mut self,
        message: impl AsRef<[u8]>,
        limit: impl Into<Limit>,
    ) -> Result<(), SendError> {
        self.send_for(message.as_ref(), limit.into())
    }

    fn send_for(&mut self, message: &[u8], limit: Limit) -> Result<(), SendError> {
        let text = padded(message)?;
        let handing = Handing {
            link: &self.link,
            interval: self.interval,
            text: &text,
            last: &mut self.last,
            reader: &mut self.reader,
        };
        self.link
            .begin()
            .and_then(|()| self.waiter.wait(handing, limit))
            .map_err(|fault| SendError::new(fault, self.link.name()))
    }

    /// Waits until the reader has taken the last message, for as long as `limit` allows.
    ///
    /// A reader takes it by asking for the next one. A Rust reader can also mark it as taken, or
    /// exit and take it along. The limit is a [`Duration`], an [`Instant`](std::time::Instant), or
    /// `None` for no limit.
    ///
    /// Without a limit it can wait forever, because the layout does not show that a C reader was
    /// killed.
    ///
    /// # Errors
    ///
    /// [`SendError::TimedOut`] and [`SendError::Interrupted`]; [`SendError::Unlinked`] and
    /// [`SendError::Truncated`] as for [`send`](Self::send).
    pub fn drain(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        if self.last == LastMessage::Taken {
            return Ok(());
        }
        let draining = Draining {
            link: &self.link,
            interval: self.interval,
            reader: &mut self.reader,
        };
        self.link
            .begin()
            .and_then(|()| self.waiter.wait(draining, limit))
            .map_err(|fault| SendError::new(fault, self.link.name()))?;
        self.last = LastMessage::Taken;
        Ok(())
    }

    /// Unlinks the object, if the name is still its own, and frees the role.
    ///
    /// It does not wait for the reader: see [`drain`](Self::drain).
    ///
    /// A reader that has the object mapped still finds the last message in it.
    ///
    /// # Errors
    ///
    /// [`CloseError::InitBusy`] if another process has been attaching or closing for two seconds;
    /// [`CloseError::System`] if the object belongs to another user.
    pub fn close(mut self) -> Result<(), CloseError> {
        let closed = self.unlink();
        self.at_end = AtEnd::Keep;
        closed
    }

    /// Frees the role and leaves the object, and the last message in it, for the next writer and
    /// reader.
    pub fn keep(mut self) {
        self.at_end = AtEnd::Keep;
    }

    fn unlink(&self) -> Result<(), CloseError> {
        if !self.link.is_ours() {
            return Err(CloseError::Forked {
                name: self.link.name().clone(),
            });
        }
        let object = self.link.object();
        // Held until the object is dropped, which frees the role too.
        claim::init(object)?.ok_or_else(|| CloseError::InitBusy {
            name: self.link.name().clone(),
        })?;
        // A name that was removed, or is another object's by now, is left alone.
        object.unlink()?;
        Ok(())
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("name", self.link.name())
            .finish_non_exhaustive()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.at_end == AtEnd::Unlink {
            // A caller that wants to know calls `close`.
            let _ = self.unlink();
        }
    }
}

/// The text that carries `message`, padded with NUL as `strncpy` does.
fn padded(message: &[u8]) -> Result<[u8; TEXT], SendError> {
    if message.is_empty() {
        return Err(SendError::Empty);
    }
    if message.len() > MAX_MESSAGE {
        return Err(SendError::TooLong {
            length: message.len(),
            excess: message.len() - MAX_MESSAGE,
        });
    }
    if let Some(at) = message.iter().position(|&byte| byte == 0) {
        return Err(SendError::Nul { at });
    }
    let mut text = [0; TEXT];
    text[..message.len()].copy_from_slice(message);
    Ok(text)
}

/// Waits for a request, and answers it.
struct Handing<'a> {
    link: &'a Link,
    interval: Duration,
    text: &'a [u8; TEXT],
    last: &'a mut LastMessage,
    reader: &'a mut KnownReader,
}

impl Condition for Handing<'_> {
    type Output = ();
    type Error = Fault;

    fn look(&mut self) -> Result<Option<()>, Fault> {
        if let Some(glance) = self.link.glance()?
            && !is_request(glance.flag)
        {
            return Ok(None);
        }
        self.link.inspect()?;
        let region = self.link.region();
        let Some(wanted) = protocol::wanted(region) else {
            return Ok(None);
        };
        // Who asks has what was there.
        *self.last = LastMessage::Taken;
        if *self.reader == KnownReader::Unknown {
            // Before the answer, while a reader of ours that waits for it still lives.
            *self.reader = known_reader(self.link)?;
        }
        if !protocol::hand_over(region, wanted, self.text) {
            return Ok(None);
        }
        self.link.ensure_memory()?;
        *self.last = LastMessage::Unread;
        Link::wake(&region.flag);
        Ok(Some(()))
    }

    /// Does not check the flag: a polling writer checks when its interval is over, as its caller
    /// chose.
    fn check(&mut self) -> Result<Option<()>, Fault> {
        self.link.inspect()?;
        *self.reader = known_reader(self.link)?;
        Ok(None)
    }

    fn park(&mut self, deadline: Moment) -> Result<Slept<()>, Fault> {
        if let Some(glance) = self.link.glance()?
            && !is_request(glance.flag)
        {
            let flag = &self.link.region().flag;
            Link::sleep(flag, glance.flag, deadline, self.interval);
        }
        Ok(self.look()?.map_or(Slept::InVain, Slept::Found))
    }
}

/// Waits until the last message was taken.
struct Draining<'a> {
    link: &'a Link,
    interval: Duration,
    reader: &'a mut KnownReader,
}

impl Condition for Draining<'_> {
    type Output = ();
    type Error = Fault;

    fn look(&mut self) -> Result<Option<()>, Fault> {
        if let Some(glance) = self.link.glance()?
            && is_unread(glance)
        {
            return Ok(None);
        }
        self.link.inspect_memory()?;
        let taken = protocol::is_taken(self.link.region());
        self.link.ensure_memory()?;
        Ok(taken.then_some(()))
    }

    fn check(&mut self) -> Result<Option<()>, Fault> {
        self.link.inspect()?;
        let before = std::mem::replace(self.reader, known_reader(self.link)?);
        let gone = before == KnownReader::Ours && *self.reader == KnownReader::Unknown;
        Ok(gone.then_some(()))
    }

    fn park(&mut self, deadline: Moment) -> Result<Slept<()>, Fault> {
        if let Some(glance) = self.link.glance()?
            && is_unread(glance)
        {
            let head = self.link.region().head();
            Link::sleep(head, glance.head, deadline, self.interval);
        }
        Ok(self.look()?.map_or(Slept::InVain, Slept::Found))
    }
}

/// Whether the last message is still where we have put it, as far as a glance can tell.
fn is_unread(glance: Glance) -> bool {
    glance.head != 0 && !is_request(glance.flag)
}

fn known_reader(link: &Link) -> Result<KnownReader, Fault> {
    let held = link
        .object()
        .is_locked_elsewhere(Role::Receiver.lock_byte())?;
    Ok(if held {
        KnownReader::Ours
    } else {
        KnownReader::Unknown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_padded_with_nul() {
        let text = padded(b"hello\n").expect("a good message");
        assert_eq!(&text[..6], b"hello\n");
        assert!(text[6..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn the_longest_message_leaves_one_nul() {
        let text = padded(&[b'x'; 1023]).expect("a good message");
        assert_eq!((text[1022], text[1023]), (b'x', 0));
    }

    #[test]
    fn what_the_layout_cannot_carry_is_refused() {
        assert!(matches!(padded(b""), Err(SendError::Empty)));
        assert!(matches!(padded(b"ab\0c"), Err(SendError::Nul { at: 2 })));
        assert!(matches!(
            padded(&[b'x'; 1024]),
            Err(SendError::TooLong {
                length: 1024,
                excess: 1
            })
        ));
    }
}
