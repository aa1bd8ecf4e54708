//! The sending endpoint.

use std::fmt;

use shm_core::{BellError, ShmName, SystemError};

use crate::endpoint::{End, Endpoint};
use crate::error::{BatchError, CloseError, Failure, SendError};
use crate::kind::Kind;
use crate::mailbox::Mailbox;
use crate::memory::id::MailboxId;
use crate::memory::payload::MAX_MESSAGE;
use crate::object::bell::{Armed, Bell};
use crate::object::close::{Closed, Disposal};
use crate::object::seat::Seats;
use crate::protocol::{self, Cursor, Peer, SendCursor, SendRing};
use crate::wait;
use crate::wait::limit::Limit;

/// The sending endpoint of a mailbox: one living sender at a time.
///
/// What was sent stays in the mailbox until a receiver has acknowledged it, whatever happens to the
/// two processes. Dropping the sender is [`close`](Self::close) with the result ignored; but a
/// sender that is dropped while its thread panics has died.
pub struct Sender<K: Kind = Mailbox> {
    pub(crate) end: Endpoint<SendCursor<K::Region>>,
}

impl<R: SendRing + Seats> End for SendCursor<R> {
    type Error = SendError;

    fn error(failure: Failure, name: &ShmName) -> SendError {
        SendError::new(failure, name)
    }
}

impl<K: Kind> Sender<K> {
    pub(crate) fn new(end: Endpoint<SendCursor<K::Region>>) -> Self {
        Self { end }
    }

    /// Returns the object's name, without a slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.end.channel.name().as_str()
    }

    /// Returns the mailbox's identity.
    ///
    /// Each new mailbox has another one, also under the same name.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.end.channel.id
    }

    /// Tells whether this endpoint created the mailbox.
    #[must_use]
    pub fn created(&self) -> bool {
        self.end.channel.created
    }

    /// Returns the number of messages that the mailbox has room for: 1 to 65,536.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.end.capacity()
    }

    /// Returns how many messages all senders committed since the mailbox was created; on a bus,
    /// all senders of this lane.
    ///
    /// After a restart this tells where to go on: the next message gets this sequence number. It
    /// counts for this [`id`](Self::id) alone; with another one the mailbox is a new one, and
    /// nothing was sent to it before.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.end.cursor.next()
    }

    /// Returns the length of the last committed message, 0 to 1024 bytes.
    ///
    /// If you send longer content in several messages, the length tells a restarted sender whether
    /// the last sender finished. The result is `None` if no message was committed, or if the memory
    /// is known to be lost. Do not trust it: another process wrote it.
    #[must_use]
    pub fn last_length(&self) -> Option<usize> {
        let channel = &self.end.channel;
        let length = self.end.cursor.last_length(&channel.region);
        length.filter(|_| !channel.broken_memory())
    }

    /// Returns how many messages are committed and not acknowledged: 0 to the capacity.
    ///
    /// It is 0 also if the memory is known to be lost.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.end.queued()
    }

    /// Returns the note, three words that the senders of this mailbox leave for themselves.
    ///
    /// A note outlives its sender, and the next sender finds it. The result is `None` if no sender
    /// wrote a note, if a sender was killed while writing it, or if the memory is known to be lost.
    /// Do not trust the words: another process wrote them.
    #[must_use]
    pub fn note(&self) -> Option<[u64; 3]> {
        if self.end.channel.broken_memory() {
            return None;
        }
        let note = protocol::read_note(&self.end.channel.own().note);
        // Lost memory reads as zeros, which are no note. Words read before the loss may be half of
        // a note.
        note.filter(|_| !self.end.channel.broken_memory())
    }

    /// Writes the note, for this sender and for the next.
    ///
    /// No receiver reads or writes it. A sender that is killed within this call leaves the former
    /// note, the new note, or none, but never a mixture. So write the note before the first message
    /// that it describes. If the next sender then finds no note, that message was not sent.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) that mean that this endpoint or its memory is unusable.
    pub fn set_note(&mut self, words: [u64; 3]) -> Result<(), SendError> {
        self.end.ensure_usable()?;
        protocol::write_note(&self.end.channel.own().note, words);
        self.end.ensure_memory()
    }

    /// Returns what is known of the receiver now.
    ///
    /// On a bus it is [`Peer::Attached`] if any receiver is attached, else [`Peer::Died`] if any
    /// died.
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
    /// [`SendError::Full`] if all slots are taken; the other errors are those of
    /// [`send`](Self::send).
    #[inline]
    pub fn try_send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        let message = message.as_ref();
        check_length(message)?;
        self.try_room()?;
        self.commit(message)
    }

    /// Sends `message` (0 to 1024 bytes), and waits for room without limit.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`], and, when the mailbox is full, [`SendError::Closed`] or
    /// [`SendError::PeerDied`] if the receiver has left (unless
    /// [`Options::await_peer`](crate::Options::await_peer) was asked for),
    /// [`SendError::Interrupted`], [`SendError::Unlinked`], and on a bus
    /// [`SendError::HeldBack`]. If there is room, no receiver is needed.
    #[inline]
    pub fn send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        self.send_within(message.as_ref(), None)
    }

    /// Sends `message` (0 to 1024 bytes), and waits for room for at most `limit`.
    ///
    /// The limit is a [`Duration`](std::time::Duration) or an [`Instant`](std::time::Instant).
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
    /// Returns how many, at least 1 unless `messages` is empty. A batch is not atomic: a kill in
    /// the middle commits the first of it; so does a panic of `as_ref`.
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

    /// Sends all `messages` in order, and waits for room without limit.
    ///
    /// Each time there is room for some, they are sent with one wake.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), with the number of messages that were sent before.
    pub fn send_batch<T: AsRef<[u8]>>(&mut self, messages: &[T]) -> Result<(), BatchError> {
        self.send_batch_within(messages, Limit::Never)
    }

    /// Sends all `messages` as [`send_batch`](Self::send_batch) does, within `limit`.
    ///
    /// The limit is a [`Duration`](std::time::Duration) in all, or an
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

    /// Waits until the receiver has acknowledged everything committed, for at most `limit`.
    ///
    /// The limit is a [`Duration`](std::time::Duration), an [`Instant`](std::time::Instant), or
    /// `None` for no limit.
    ///
    /// # Errors
    ///
    /// [`SendError::TimedOut`]; [`SendError::Interrupted`]; if messages are left and no receiver
    /// can take them, [`SendError::Closed`] or [`SendError::PeerDied`] (unless
    /// [`Options::await_peer`](crate::Options::await_peer) was asked for),
    /// [`SendError::Unlinked`], or on a bus [`SendError::HeldBack`].
    pub fn drain(&mut self, limit: impl Into<Limit>) -> Result<(), SendError> {
        self.end.ensure_usable()?;
        let waited = self.end.wait(limit, drained);
        waited.map_err(|failure| self.end.fail(failure))
    }

    /// Returns the sender's bell, a descriptor for event loops.
    ///
    /// It becomes readable when a message is acknowledged, and when the receiver closes or dies,
    /// but only after [`arm`](Self::arm) or [`arm_drain`](Self::arm_drain) has said to wait. All
    /// calls return the same bell.
    ///
    /// # Errors
    ///
    /// [`BellError`] says what the system lacks. A program then waits in a thread of its own, with
    /// [`send_timeout`](Self::send_timeout).
    pub fn bell(&mut self) -> Result<Bell, BellError> {
        self.end.bell()
    }

    /// Prepares to wait for room by the [`bell`](Self::bell), and tells whether to wait.
    ///
    /// Call it whenever [`try_send`](Self::try_send) has found the mailbox full, and first after
    /// each wait: before it touches the memory, it makes sure that no process has truncated it.
    /// Call it again after any other call of this sender, which may have answered the bell. It
    /// costs a system call, and now and then two more (1.5 µs).
    ///
    /// # Errors
    ///
    /// [`SendError::Bell`], and those of [`send`](Self::send).
    pub fn arm(&mut self) -> Result<Armed, SendError> {
        self.may_send()?;
        let armed = self.end.arm(room_at_once);
        armed.map_err(|failure| self.end.fail(failure))
    }

    /// Prepares as [`arm`](Self::arm) does to wait until all messages are acknowledged: the
    /// receiver has [drained](Self::drain) the mailbox when it says [`Armed::Now`] and
    /// [`queued`](Self::queued) is 0.
    ///
    /// # Errors
    ///
    /// [`SendError::Bell`], and those of [`drain`](Self::drain).
    pub fn arm_drain(&mut self) -> Result<Armed, SendError> {
        self.end.ensure_usable()?;
        let armed = self.end.arm(drained);
        armed.map_err(|failure| self.end.fail(failure))
    }

    /// Closes this endpoint: the receiver gets `Closed` once it has received everything.
    ///
    /// Unlinks the object if everything was acknowledged. Messages that are left stay in it for the
    /// next receiver. To leave none, call [`drain`](Self::drain) first.
    ///
    /// A bus also stays while another sender is attached, has died or has kept it, and while it
    /// keeps a place for a label.
    ///
    /// # Errors
    ///
    /// [`CloseError`] says what could not be done; the role is free anyway.
    pub fn close(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Close)
    }

    /// Closes this endpoint, and leaves the object and its messages for a later sender or receiver.
    ///
    /// A receiver that leaves after it does not unlink the object either.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn keep(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Keep)
    }

    /// Leaves as [`close`](Self::close) does, but as if this process had died.
    ///
    /// So the receiver learns that the stream was cut off. It gets
    /// [`RecvError::PeerDied`](crate::RecvError::PeerDied) once it has received everything.
    ///
    /// A sender that is dropped while its thread panics also leaves as if it had died, and its
    /// object stays.
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
        let room = |cursor: &mut SendCursor<K::Region>, region: &_| {
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
        match self.end.try_once(room_at_once) {
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

    /// Commits the first of `messages`, for which there is room, and as many of the others as there
    /// is room and are numbers for.
    fn commit_batch<T: AsRef<[u8]>>(
        &mut self,
        messages: &[T],
        mut again: impl FnMut() -> bool,
    ) -> Result<usize, SendError> {
        // Also if a message panics: those before it are committed.
        let announcing = Announcing(&mut self.end);
        let Endpoint {
            cursor, channel, ..
        } = &mut *announcing.0;
        let region = &channel.region;
        let mut sent = 0;
        let mut room = Ok(true);
        while room == Ok(true) && !cursor.is_exhausted() {
            let left = &messages[sent..];
            let run = cursor.publish_hot(region, left);
            if run == 0 {
                let message = left[0].as_ref();
                cursor.commit(region, message);
            }
            sent += run.max(1);
            if sent == messages.len() {
                break;
            }
            room = cursor.room(region, &mut again);
        }
        drop(announcing);
        self.end.ensure_memory()?;
        if let Err(corrupt) = room {
            // Some were sent: the next call reports it.
            self.end.fail(corrupt.into());
        }
        Ok(sent)
    }
}

/// Announces, when it is dropped, what was committed before.
struct Announcing<'a, C: End>(&'a mut Endpoint<C>);

impl<C: End> Drop for Announcing<'_, C> {
    fn drop(&mut self) {
        self.0.announce();
    }
}

/// What is known without a look at the shared memory.
impl<K: Kind> fmt::Debug for Sender<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("name", self.end.channel.name())
            .field("slots", &self.capacity())
            .field("committed", &self.committed())
            .finish_non_exhaustive()
    }
}

/// Looks for room, without patience.
#[inline(always)]
fn room_at_once<R: SendRing>(
    cursor: &mut SendCursor<R>,
    region: &R,
) -> Result<Option<()>, Failure> {
    Ok(cursor.room(region, wait::no_patience)?.then_some(()))
}

/// Looks whether all messages are acknowledged.
fn drained<R: SendRing>(cursor: &mut SendCursor<R>, region: &R) -> Result<Option<()>, Failure> {
    Ok((cursor.queued(region)? == 0).then_some(()))
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
