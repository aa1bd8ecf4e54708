//! The sending end.

use std::fmt;

use shm_core::SystemError;

use crate::channel::Channel;
use crate::draft::Draft;
use crate::error::{AttachError, BatchError, CloseError, Failure, SendError};
use crate::id::MailboxId;
use crate::lifecycle::{self, Attached, Closed, Disposal};
use crate::limit::Limit;
use crate::message::MAX_MESSAGE;
use crate::options::Options;
use crate::protocol::{Cursor, SendCursor};
use crate::role::{Peer, Role};
use crate::wait::{self, Waiter};

/// The sending end of a mailbox: one living sender at a time.
///
/// What was sent stays in the mailbox until a receiver has acknowledged it, whatever happens to the
/// two processes. Dropping the sender is [`close`](Self::close) with the result ignored; but a sender that is dropped
/// while its thread panics has died.
pub struct Sender {
    channel: Channel,
    cursor: SendCursor,
    waiter: Waiter,
    closed: bool,
}

impl Sender {
    pub(crate) fn attach(options: &Options) -> Result<Self, AttachError> {
        let limit = options.attach_timeout;
        let attached = lifecycle::attach(options, Role::Sender, limit, SendCursor::resume);
        Ok(Self::new(attached?, options))
    }

    pub(crate) fn new((channel, cursor): Attached<SendCursor>, options: &Options) -> Self {
        Self {
            channel,
            cursor,
            waiter: options.waiter(),
            closed: false,
        }
    }

    /// The object's name, without a slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.channel.name().as_str()
    }

    /// Which mailbox it is: another one each time a mailbox is made, also under the same name.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.channel.id
    }

    /// Whether this endpoint made the mailbox, rather than finding it.
    #[must_use]
    pub fn created(&self) -> bool {
        self.channel.created
    }

    /// The number of messages the mailbox has room for: 1 to 65,536.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.channel.region.geometry().slots()
    }

    /// How many messages were committed since the mailbox was created, by this sender and those
    /// before it.
    ///
    /// After a restart this tells where to go on: the next message gets this sequence number. It counts for this
    /// [`id`](Self::id) alone; with another one the mailbox was made anew, and nothing was sent to it before.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.cursor.next()
    }

    /// How many messages are committed and not yet acknowledged: 0 to the capacity; 0 also if the memory is
    /// known to be gone.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.channel.queued()
    }

    /// What is known of the receiver now.
    ///
    /// # Errors
    ///
    /// If the system cannot tell about the receiver's lock.
    pub fn peer(&self) -> Result<Peer, SystemError> {
        self.channel.verdict()
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
    /// [`SendError::PeerDied`] if the receiver is gone (unless [`Options::await_peer`] was asked for),
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

    /// Reserves the next slot, to be filled in place, if there is room.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_reserve(&mut self) -> Result<Draft<'_>, SendError> {
        self.try_room()?;
        Ok(Draft::new(self))
    }

    /// Reserves the next slot, to be filled in place, waiting for room as long as it takes.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reserve(&mut self) -> Result<Draft<'_>, SendError> {
        self.room(None)?;
        Ok(Draft::new(self))
    }

    /// Reserves the next slot, to be filled in place, waiting for room for a [`Duration`](std::time::Duration) or until
    /// an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// As [`send_timeout`](Self::send_timeout).
    pub fn reserve_timeout(&mut self, limit: impl Into<Limit>) -> Result<Draft<'_>, SendError> {
        self.room(limit)?;
        Ok(Draft::new(self))
    }

    /// Waits until everything committed was acknowledged: for a [`Duration`](std::time::Duration), until an
    /// [`Instant`](std::time::Instant), or without a limit (`None`).
    ///
    /// # Errors
    ///
    /// [`SendError::TimedOut`]; [`SendError::Interrupted`]; if messages are left and nobody is there to take
    /// them, [`SendError::Closed`] or [`SendError::PeerDied`] (unless [`Options::await_peer`] was asked for), or
    /// [`SendError::Unlinked`].
    pub fn drain(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        self.usable()?;
        let (channel, cursor) = (&self.channel, &mut self.cursor);
        let count = cursor.next();
        let drained = || Ok((cursor.queued(&channel.region)? == 0).then_some(()));
        self.waiter
            .wait(channel.watch(count, drained), limit)
            .map_err(|failure| self.fail(failure))
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
        self.leave(Disposal::Close)
    }

    /// Closes this end, and leaves the object and its messages for a later sender or receiver; a receiver that leaves
    /// after it does not unlink the object either.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn keep(mut self) -> Result<Closed, CloseError> {
        self.leave(Disposal::Keep)
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
        self.leave(Disposal::Abort)
    }

    fn leave(&mut self, disposal: Disposal) -> Result<Closed, CloseError> {
        self.closed = true;
        lifecycle::close(&self.channel, &mut self.cursor, disposal)
    }

    #[inline]
    fn send_within(&mut self, message: &[u8], limit: impl Into<Limit>) -> Result<(), SendError> {
        check_length(message)?;
        self.room(limit)?;
        self.commit(message)
    }

    /// Waits for room for the next message.
    #[inline]
    fn room(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        self.may_send()?;
        if self.cursor.knows_room(&self.channel.region) {
            return Ok(());
        }
        let (channel, cursor) = (&self.channel, &mut self.cursor);
        let count = cursor.next();
        let room = || {
            let found = cursor.look_for_room(&channel.region, wait::patience())?;
            Ok(found.then_some(()))
        };
        self.waiter
            .wait(channel.watch(count, room), limit)
            .map_err(|failure| self.fail(failure))
    }

    /// As `room`, without waiting.
    #[inline]
    fn try_room(&mut self) -> Result<(), SendError> {
        self.may_send()?;
        let (channel, cursor) = (&self.channel, &mut self.cursor);
        let count = cursor.next();
        let room = || {
            let found = cursor.room(&channel.region, wait::no_patience)?;
            Ok(found.then_some(()))
        };
        match self.waiter.try_once(channel.watch(count, room)) {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(SendError::Full),
            Err(failure) => Err(self.fail(failure)),
        }
    }

    #[inline]
    fn may_send(&self) -> Result<(), SendError> {
        self.usable()?;
        if self.cursor.is_exhausted() {
            return Err(SendError::Exhausted {
                name: self.channel.name().clone(),
            });
        }
        Ok(())
    }

    #[inline]
    fn commit(&mut self, message: &[u8]) -> Result<(), SendError> {
        self.cursor.commit(&self.channel.region, message);
        self.announce()
    }

    /// An error in a forked child, or after a violation.
    #[inline]
    pub(crate) fn usable(&self) -> Result<(), SendError> {
        self.channel
            .ensure_usable()
            .map_err(|failure| SendError::new(failure, self.channel.name()))
    }

    /// Commits the next message, whose payload stands in its slot, and wakes the receiver.
    #[inline]
    pub(crate) fn publish(&mut self, length: usize) -> Result<(), SendError> {
        self.cursor.publish(&self.channel.region, length);
        self.announce()
    }

    /// After committing: wakes the receiver.
    #[inline]
    fn announce(&mut self) -> Result<(), SendError> {
        let region = &self.channel.region;
        self.channel
            .wake_parked(&region.control().receiver.presence);
        self.ensure_memory()
    }

    /// After committing: an error if that went into memory that is nobody's any more. One load.
    #[inline]
    fn ensure_memory(&mut self) -> Result<(), SendError> {
        if self.channel.region.is_lost() {
            return Err(self.fail_of_lost_memory());
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn fail_of_lost_memory(&mut self) -> SendError {
        let failure = self.channel.lost();
        self.fail(failure)
    }

    /// Writes a part of the next message's payload.
    #[inline]
    pub(crate) fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        self.cursor.write_at(&self.channel.region, offset, bytes);
    }

    /// Commits the first of `messages`, for which there is room, and as many of the others as there is room and
    /// are numbers for.
    fn commit_batch<T: AsRef<[u8]>>(
        &mut self,
        messages: &[T],
        mut again: impl FnMut() -> bool,
    ) -> Result<usize, SendError> {
        let region = &self.channel.region;
        let mut sent = 0;
        let mut room = Ok(true);
        while room == Ok(true) && !self.cursor.is_exhausted() {
            let left = &messages[sent..];
            let run = self.cursor.publish_hot(region, left);
            if run == 0 {
                let message = left[0].as_ref();
                self.cursor.commit(region, message);
            }
            sent += run.max(1);
            if sent == messages.len() {
                break;
            }
            room = self.cursor.room(region, &mut again);
        }
        self.announce()?;
        if let Err(corrupt) = room {
            // Some were sent: the next call reports it.
            self.channel.remember(corrupt.into());
        }
        Ok(sent)
    }

    #[cold]
    fn fail(&mut self, failure: Failure) -> SendError {
        let failure = self.channel.remember(failure);
        SendError::new(failure, self.channel.name())
    }
}

/// What is known without a look at the shared memory.
impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("name", self.channel.name())
            .field("slots", &self.capacity())
            .field("committed", &self.committed())
            .finish_non_exhaustive()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if !self.closed {
            // Nobody is there to be told; the role lock is freed with the descriptor in any case.
            let _: Result<Closed, CloseError> = self.leave(lifecycle::when_dropped());
        }
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
