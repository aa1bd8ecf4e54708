//! The reader of the classic layout, which withdraws its request when it leaves.

use std::fmt;
use std::time::Duration;

use shm_core::Moment;

use super::error::{Fault, RecvError};
use super::layout::TEXT;
use super::link::Link;
use super::protocol::{self, is_request};
use crate::memory::message::Message;
use crate::protocol::Slept;
use crate::wait::limit::Limit;
use crate::wait::{Condition, Waiter};

/// Takes messages from a C writer, or from a [`Writer`](super::Writer).
///
/// Made by [`Options::reader`](super::Options::reader).
///
/// Dropping it withdraws its request, and frees the role.
pub struct Reader {
    link: Link,
    waiter: Waiter,
    /// How long a blocking wait sleeps before it looks.
    interval: Duration,
    state: State,
    /// How many messages were received.
    received: u64,
}

/// Where the reader stands between two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has no request in the flag, and no message in the text.
    Idle,
    /// Its request is in the flag, or was answered.
    Asking,
    /// The message it has received is still in the text, not marked as taken.
    Taking,
}

impl Reader {
    pub(super) fn new(link: Link, waiter: Waiter, interval: Duration) -> Self {
        Self {
            link,
            waiter,
            interval,
            state: State::Idle,
            received: 0,
        }
    }

    /// Returns the object's name, without the leading slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.link.name().as_str()
    }

    /// Requests the next message, waits for it, and copies it into `message`.
    ///
    /// The message before it counts as taken.
    ///
    /// 1 to 1023 bytes, up to the NUL; 1024 if a foreign writer left none. Messages are numbered
    /// from 0 since this reader attached.
    ///
    /// # Errors
    ///
    /// [`RecvError::Unlinked`] at the end of the stream, within 100 ms of it;
    /// [`RecvError::Interrupted`], after which the request stands.
    pub fn recv(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.recv_for(message, Limit::Never)
    }

    /// Receives as [`recv`](Self::recv) does, and waits for at most `limit`.
    ///
    /// The limit is a [`Duration`] or an [`Instant`](std::time::Instant).
    ///
    /// If the time passes, the request remains, and the next call waits for its answer.
    ///
    /// # Errors
    ///
    /// Those of `recv`, and [`RecvError::TimedOut`].
    pub fn recv_timeout(
        &mut self,
        message: &mut Message,
        limit: impl Into<Limit>,
    ) -> Result<(), RecvError> {
        self.recv_for(message, limit.into())
    }

    /// Marks the last message as taken, without requesting the next.
    ///
    /// A Rust writer that waits for that at its end of input can then exit.
    ///
    /// # Errors
    ///
    /// [`RecvError::Truncated`] or [`RecvError::Forked`]: there is nothing to be marked.
    pub fn taken(&mut self) -> Result<(), RecvError> {
        self.own()
            .map(|()| self.mark_taken())
            .and_then(|()| self.link.ensure_memory())
            .map_err(|fault| RecvError::new(fault, self.link.name()))
    }

    /// Takes the request back, so that no writer answers a reader that no longer waits.
    ///
    /// If the message came at that very moment, here it is.
    ///
    /// # Errors
    ///
    /// [`RecvError::Truncated`] or [`RecvError::Forked`]: there is no request to be withdrawn.
    pub fn withdraw(&mut self) -> Result<Option<Message>, RecvError> {
        self.own()
            .map(|()| self.take_back())
            .and_then(|message| self.link.ensure_memory().map(|()| message))
            .map_err(|fault| RecvError::new(fault, self.link.name()))
    }

    /// Withdraws the request and frees the role; returns a message that arrived at that moment.
    ///
    /// # Errors
    ///
    /// As for [`withdraw`](Self::withdraw).
    pub fn close(mut self) -> Result<Option<Message>, RecvError> {
        self.withdraw()
    }

    fn recv_for(&mut self, message: &mut Message, limit: Limit) -> Result<(), RecvError> {
        let mut text = [0; TEXT];
        match self.receive(&mut text, limit) {
            Ok(length) => {
                self.deliver(&text, length, message);
                Ok(())
            }
            Err(fault) => Err(RecvError::new(fault, self.link.name())),
        }
    }

    /// Fills `text` and returns the message's length.
    fn receive(&mut self, text: &mut [u8; TEXT], limit: Limit) -> Result<usize, Fault> {
        let began = self.link.begin().and_then(|()| self.link.inspect());
        let mut asking = Asking {
            link: &self.link,
            interval: self.interval,
            text,
        };
        if matches!(began, Err(Fault::Unlinked)) && self.state == State::Asking {
            // The answer may have come before the end. Nothing else may.
            return asking.look()?.ok_or(Fault::Unlinked);
        }
        began?;
        if self.state != State::Asking {
            if self.state == State::Taking {
                mark_taken(&self.link);
            }
            request(&self.link);
            self.state = State::Asking;
        }
        self.waiter.wait(asking, limit)
    }

    fn deliver(&mut self, text: &[u8; TEXT], length: usize, message: &mut Message) {
        message.fill(self.received, length, |buffer| *buffer = *text);
        self.received += 1;
        self.state = State::Taking;
    }

    /// Whether the memory is ours to touch, and there.
    fn own(&self) -> Result<(), Fault> {
        self.link.begin()?;
        self.link.inspect_memory()
    }

    fn mark_taken(&mut self) {
        if self.state == State::Taking {
            mark_taken(&self.link);
            self.state = State::Idle;
        }
    }

    fn take_back(&mut self) -> Option<Message> {
        if self.state != State::Asking {
            return None;
        }
        self.state = State::Idle;
        if protocol::withdraw(self.link.region()) {
            return None;
        }
        let mut text = [0; TEXT];
        let length = protocol::take(self.link.region(), &mut text);
        if length == 0 {
            // A reset, which has removed the request.
            return None;
        }
        let mut message = Message::new();
        self.deliver(&text, length, &mut message);
        Some(message)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("name", self.link.name())
            .finish_non_exhaustive()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A message that came at this very moment stays in the text; a caller that wants it calls
        // `close`.
        if self.state == State::Asking && self.own().is_ok() {
            protocol::withdraw(self.link.region());
        }
    }
}

fn mark_taken(link: &Link) {
    protocol::mark_taken(link.region());
    Link::wake(link.region().head());
}

fn request(link: &Link) {
    protocol::request(link.region());
    Link::wake(&link.region().flag);
}

/// Waits for the answer to a request, and takes it.
struct Asking<'a> {
    link: &'a Link,
    interval: Duration,
    text: &'a mut [u8; TEXT],
}

impl Condition for Asking<'_> {
    type Output = usize;
    type Error = Fault;

    fn look(&mut self) -> Result<Option<usize>, Fault> {
        if let Some(glance) = self.link.glance()?
            && is_request(glance.flag)
        {
            return Ok(None);
        }
        self.link.inspect_memory()?;
        let region = self.link.region();
        if !protocol::is_answered(region) {
            return Ok(None);
        }
        let length = protocol::take(region, self.text);
        self.link.ensure_memory()?;
        if length > 0 {
            return Ok(Some(length));
        }
        // A C writer has started.
        request(self.link);
        Ok(None)
    }

    /// Does not check the flag while all is well: a polling reader checks when its interval is
    /// over, as its caller chose.
    fn check(&mut self) -> Result<Option<usize>, Fault> {
        match self.link.inspect() {
            // The answer may have come before the end, and wins.
            Err(Fault::Unlinked) => self.look()?.map(Some).ok_or(Fault::Unlinked),
            other => other.map(|()| None),
        }
    }

    fn park(&mut self, deadline: Moment) -> Result<Slept<usize>, Fault> {
        if let Some(glance) = self.link.glance()?
            && is_request(glance.flag)
        {
            let flag = &self.link.region().flag;
            Link::sleep(flag, glance.flag, deadline, self.interval);
        }
        Ok(self.look()?.map_or(Slept::InVain, Slept::Found))
    }
}
