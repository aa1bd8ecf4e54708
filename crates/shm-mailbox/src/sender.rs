//! The sending end.

use std::fmt;

use shm_core::{ShmName, SystemError};

use crate::endpoint::{End, Endpoint};
use crate::error::{BatchError, CloseError, Failure, SendError};
use crate::memory::id::MailboxId;
use crate::memory::payload::MAX_MESSAGE;
use crate::object::close::{Closed, Disposal};
use crate::protocol::{Cursor, Peer, SendCursor};
use crate::wait;
use crate::wait::limit::Limit;

/// The sending end of a mailbox: one living sender at a time.
///
/// What was sent stays in the mailbox until a receiver has acknowledged it, whatever happens to the
/// two processes. Dropping the sender is [`close`](Self::close) with the result ignored; but a sender that is dropped
/// while its thread panics has died.
pub struct Sender {
    end: Endpoint<SendCursor>,
}

impl End for SendCursor {
    type Error = SendError;

    fn error(failure: Failure, name: &ShmName) -> SendError {
        SendError::new(failure, name)
    }
}

impl Sender {
    pub(crate) fn new(end: Endpoint<SendCursor>) -> Self {
        Self { end }
    }

    /// The object's name, without a slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.end.channel.name().as_str()
    }

    /// Which mailbox it is: another one each time a mailbox is made, also under the same name.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.end.channel.id
    }

    /// Whether this endpoint made the mailbox, rather than finding it.
    #[must_use]
    pub fn created(&self) -> bool {
        self.end.channel.created
    }

    /// The number of messages the mailbox has room for: 1 to 65,536.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.end.capacity()
    }

    /// How many messages were committed since the mailbox was created, by this sender and those
    /// before it.
    ///
    /// After a restart this tells where to go on: the next message gets this sequence number. It counts for this
    /// [`id`](Self::id) alone; with another one the mailbox was made anew, and nothing was sent to it before.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.end.cursor.next()
    }

    /// How many messages are committed and not yet acknowledged: 0 to the capacity; 0 also if the memory is
    /// known to be gone.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.end.channel.queued()
    }

    /// What is known of the receiver now.
    ///
    /// # Errors
    ///
    /// If the system cannot tell about the receiver's lock.
    pub fn peer(&self) -> Result<Peer, SystemError> {
        self.end.channel.verdict()
    }

    /// Sends `message` (0 to 1024 bytes) if there is room.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] if all slots are taken; the other errors are those of [`send`](Self::send).
    #[inline]
    pub fn try_send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        let message = message.as_ref();
        check_length(message)?;
        self.try_room()?;
        self.commit(message)
    }

    /// Sends `message` (0 to 1024 bytes), waiting for room as long as it takes.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`], and, when the mailbox is full, [`SendError::Closed`] or
    /// [`SendError::PeerDied`] if the receiver is gone (unless [`Options::await_peer`](crate::Options::await_peer) was asked for),
    /// [`SendError::Interrupted`], [`SendError::Unlinked`]. With room there is no need of a receiver.
    #[inline]
    pub fn send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        self.send_within(message.as_ref(), None)
    }

    /// Sends `message` (0 to 1024 bytes), waiting for room for a [`Duration`](std::time::Duration) or until an
    /// [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// [`SendError::TimedOut`], and those of [`send`](Self::send).
    #[inline]
    pub fn send_timeout(
        &mut self,
        message: impl AsRef<[u8]>,
        limit: impl Into<Limit>,
    ) -> Result<(), SendError> {
        self.send_within(message.as_ref(), limit)
    }

    /// Sends as many of `messages` as there is room for, with one check for room and one wake.
    ///
    /// Returns how many, at least 1 unless `messages` is empty. A batch is not atomic: a kill in the
    /// middle commits the first of it; so does a panic of `as_ref`, and then a receiver that sleeps may find them only
    /// when it looks by itself, after 100 ms at most.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send); then nothing was sent. A message that is too long is found
    /// before the first is sent.
    pub fn try_send_batch<T: AsRef<[u8]>>(&mut self, messages: &[T]) -> Result<usize, SendError> {
        check_lengths(messages)?;
        if messages.is_empty() {
            return Ok(0);
        }
        self.try_room()?;
        self.commit_batch(messages, wait::no_patience)
    }

    /// Sends all `messages` in order, waiting for room as long as it takes.
    ///
    /// Each time there is room for some, they are sent with one wake.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), with the number of messages that were sent before.
    pub fn send_batch<T: AsRef<[u8]>>(&mut self, messages: &[T]) -> Result<(), BatchError> {
        self.send_batch_within(messages, Limit::Never)
    }

    /// As [`send_batch`](Self::send_batch), waiting for room for a [`Duration`](std::time::Duration) in all, or until an
    /// [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// As [`send_timeout`](Self::send_timeout), with the number of messages that were sent before.
    pub fn send_batch_timeout<T: AsRef<[u8]>>(
        &mut self,
        messages: &[T],
        limit: impl Into<Limit>,
    ) -> Result<(), BatchError> {
        self.send_batch_within(messages, limit.into().fixed())
    }

    fn send_batch_within<T: AsRef<[u8]>>(
        &mut self,
        messages: &[T],
        limit: Limit,
    ) -> Result<(), BatchError> {
        check_lengths(messages).map_err(|error| BatchError { sent: 0, error })?;
        let mut sent = 0;
        while sent < messages.len() {
            let left = &messages[sent..];
            sent += self
                .room(limit)
                .and_then(|()| self.commit_batch(left, wait::patience()))
                .map_err(|error| BatchError { sent, error })?;
        }
        Ok(())
    }

    /// Waits until everything committed was acknowledged: for a [`Duration`](std::time::Duration), until an
    /// [`Instant`](std::time::Instant), or without a limit (`None`).
    ///
    /// # Errors
    ///
    /// [`SendError::TimedOut`]; [`SendError::Interrupted`]; if messages are left and nobody is there to take
    /// them, [`SendError::Closed`] or [`SendError::PeerDied`] (unless [`Options::await_peer`](crate::Options::await_peer) was asked for), or
    /// [`SendError::Unlinked`].
    pub fn drain(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        self.end.ensure_usable()?;
        let drained =
            |cursor: &mut SendCursor, region: &_| Ok((cursor.queued(region)? == 0).then_some(()));
        let waited = self.end.wait(limit, drained);
        waited.map_err(|failure| self.end.fail(failure))
    }

    /// Closes this end: the receiver is told once it has received everything.
    ///
    /// Unlinks the object if everything was acknowledged. Messages that are left stay in it for the
    /// next receiver: [`drain`](Self::drain) first if nothing is to be left.
    ///
    /// # Errors
    ///
    /// [`CloseError`] says what could not be done; the role is free all the same.
    pub fn close(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Close)
    }

    /// Closes this end, and leaves the object and its messages for a later sender or receiver; a receiver that leaves
    /// after it does not unlink the object either.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn keep(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Keep)
    }

    /// Gives up: leaves as [`close`](Self::close) does, but as if the process had died, so that a receiver learns that
    /// the stream was cut off. It gets [`RecvError::PeerDied`](crate::RecvError::PeerDied) once it has received
    /// everything.
    ///
    /// A sender that is dropped while its thread panics has died likewise; its object stays, as that of one that was
    /// killed.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn abort(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Abort)
    }

    #[inline]
    fn send_within(&mut self, message: &[u8], limit: impl Into<Limit>) -> Result<(), SendError> {
        check_length(message)?;
        self.room(limit)?;
        self.commit(message)
    }

    /// Waits for room for the next message.
    #[inline]
    pub(crate) fn room(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        self.may_send()?;
        if self.end.cursor.knows_room(&self.end.channel.region) {
            return Ok(());
        }
        let room = |cursor: &mut SendCursor, region: &_| {
            Ok(cursor
                .look_for_room(region, wait::patience())?
                .then_some(()))
        };
        let waited = self.end.wait(limit, room);
        waited.map_err(|failure| self.end.fail(failure))
    }

    /// As [`room`](Self::room), without waiting.
    #[inline]
    pub(crate) fn try_room(&mut self) -> Result<(), SendError> {
        self.may_send()?;
        let room = |cursor: &mut SendCursor, region: &_| {
            Ok(cursor.room(region, wait::no_patience)?.then_some(()))
        };
        match self.end.try_once(room) {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(SendError::Full),
            Err(failure) => Err(self.end.fail(failure)),
        }
    }

    #[inline]
    fn may_send(&self) -> Result<(), SendError> {
        self.end.ensure_usable()?;
        if self.end.cursor.is_exhausted() {
            return Err(SendError::Exhausted {
                name: self.end.channel.name().clone(),
            });
        }
        Ok(())
    }

    #[inline]
    fn commit(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.end.cursor.commit(&self.end.channel.region, message);
        self.announce()
    }

    #[inline]
    pub(crate) fn ensure_usable(&self) -> Result<(), SendError> {
        self.end.ensure_usable()
    }

    /// Commits the next message, whose payload stands in its slot, and wakes the receiver.
    #[inline]
    pub(crate) fn publish(&mut self, length: usize) -> Result<(), SendError> {
        self.end.cursor.publish(&self.end.channel.region, length);
        self.announce()
    }

    /// After committing: wakes the receiver.
    #[inline]
    fn announce(&mut self) -> Result<(), SendError> {
        self.end.announce();
        self.end.ensure_memory()
    }

    /// Writes a part of the next message's payload.
    #[inline]
    pub(crate) fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        self.end
            .cursor
            .write_at(&self.end.channel.region, offset, bytes);
    }

    /// Commits the first of `messages`, for which there is room, and as many of the others as there is room and
    /// are numbers for.
    fn commit_batch<T: AsRef<[u8]>>(
        &mut self,
        messages: &[T],
        mut again: impl FnMut() -> bool,
    ) -> Result<usize, SendError> {
        let region = &self.end.channel.region;
        let mut sent = 0;
        let mut room = Ok(true);
        while room == Ok(true) && !self.end.cursor.is_exhausted() {
            let left = &messages[sent..];
            let run = self.end.cursor.publish_hot(region, left);
            if run == 0 {
                let message = left[0].as_ref();
                self.end.cursor.commit(region, message);
            }
            sent += run.max(1);
            if sent == messages.len() {
                break;
            }
            room = self.end.cursor.room(region, &mut again);
        }
        self.announce()?;
        if let Err(corrupt) = room {
            // Some were sent: the next call reports it.
            self.end.channel.remember(corrupt.into());
        }
        Ok(sent)
    }
}

/// What is known without a look at the shared memory.
impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("name", self.end.channel.name())
            .field("slots", &self.capacity())
            .field("committed", &self.committed())
            .finish_non_exhaustive()
    }
}

#[inline]
fn check_length(message: &[u8]) -> Result<(), SendError> {
    match message.len().checked_sub(MAX_MESSAGE) {
        None | Some(0) => Ok(()),
        Some(excess) => Err(SendError::TooLong {
            length: message.len(),
            excess,
        }),
    }
}

fn check_lengths<T: AsRef<[u8]>>(messages: &[T]) -> Result<(), SendError> {
    messages
        .iter()
        .try_for_each(|message| check_length(message.as_ref()))
}
