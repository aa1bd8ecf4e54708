//! The receiving endpoint.

use std::fmt;
use std::time::Duration;

use shm_core::{BellError, OpenError, ShmName, SystemError};

use crate::bus::Join;
use crate::endpoint::{End, Endpoint, Look};
use crate::error::{AttachError, CloseError, Failure, RecvError};
use crate::kind::Kind;
use crate::mailbox::Mailbox;
use crate::memory::id::MailboxId;
use crate::memory::message::Message;
use crate::object::attach;
use crate::object::bell::{Armed, Bell};
use crate::object::close::{Closed, Disposal};
use crate::object::seat::Seats;
use crate::options::Settings;
use crate::protocol::{BusReceiveCursor, Peer, ReceiveCursor, Receiving};
use crate::wait;
use crate::wait::limit::Limit;

/// The receiving endpoint of a mailbox: one living receiver at a time.
///
/// There are two ways to receive. [`recv`](Self::recv) takes a message and acknowledges it at once:
/// a receiver killed before it has dealt with the message has lost it. [`peek`](Self::peek) shows
/// messages, and [`ack`](Self::ack) acknowledges those shown: a receiver killed in between gets the
/// same messages, with the same sequence numbers, again. A `for` loop over the receiver does the
/// latter: see [`Messages`](crate::Messages).
///
/// Dropping the receiver is [`close`](Self::close) with the result ignored; but a receiver that is
/// dropped while its thread panics has died.
pub struct Receiver<K: Kind = Mailbox> {
    pub(crate) end: Endpoint<K::Receiving>,
    /// For the next object of this name.
    settings: Box<Settings>,
}

impl End for ReceiveCursor {
    type Error = RecvError;

    fn error(failure: Failure, name: &ShmName) -> RecvError {
        RecvError::new(failure, name)
    }
}

impl End for BusReceiveCursor {
    type Error = RecvError;

    fn error(failure: Failure, name: &ShmName) -> RecvError {
        RecvError::new(failure, name)
    }
}

impl<K: Kind> Receiver<K> {
    pub(crate) fn new(end: Endpoint<K::Receiving>, mut settings: Settings) -> Self {
        // Who attached once is not kept from the next mailbox by its slots, unless it insists.
        if !*settings.exact.get_or_insert(false) {
            end.channel.region.ask_for_the_same(&mut settings);
        }
        // In the next object, all messages that the bus still holds.
        settings.join = Join::Oldest;
        Self {
            end,
            settings: Box::new(settings),
        }
    }

    /// Returns the object's name, without a slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.end.channel.name().as_str()
    }

    /// Returns the mailbox's identity.
    ///
    /// Each new mailbox has another one, also under the same name.
    ///
    /// A receiver that [awaits](crate::Options::await_peer) the next sender may go over to the next
    /// mailbox in any call that receives: ask after it.
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

    /// Returns how many messages all receivers acknowledged since the mailbox was created.
    ///
    /// It is the sequence number of the first message that is not acknowledged. On a bus it is the
    /// sum of these numbers of all lanes; [`lanes`](crate::bus::Receiver::lanes) has each.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.end.cursor.acknowledged()
    }

    /// Returns how many messages are committed and not acknowledged, those shown included.
    ///
    /// The range is 0 to the capacity, on a bus for each lane. It is also 0 if the memory is known
    /// to be lost.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.end.queued()
    }

    /// Returns what is known of the sender now.
    ///
    /// On a bus it is [`Peer::Attached`] if any sender is attached, else [`Peer::Died`] if any
    /// died.
    ///
    /// # Errors
    ///
    /// If the system cannot tell about the sender's lock.
    pub fn peer(&self) -> Result<Peer, SystemError> {
        self.end.channel.verdict()
    }

    /// Takes the next message, if there is one, and acknowledges it and all shown before.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] if there is none; the other errors are those of [`recv`](Self::recv).
    #[inline]
    pub fn try_recv(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.try_show(message)?;
        self.acknowledge()
    }

    /// Waits for the next message, takes it, and acknowledges it and all shown before.
    ///
    /// Delivery is at most once: if the receiver is killed after the acknowledgement and before it
    /// has processed the message, the message is lost. Use [`peek`](Self::peek) and
    /// [`ack`](Self::ack) where that matters.
    ///
    /// # Errors
    ///
    /// [`RecvError::Closed`] or [`RecvError::PeerDied`] if the sender has left and everything it
    /// committed has been received (unless [`Options::await_peer`](crate::Options::await_peer) was
    /// asked for), [`RecvError::Unacknowledged`] if all slots, of one lane of a bus, hold messages
    /// that were shown and not acknowledged, [`RecvError::Interrupted`], [`RecvError::Unlinked`].
    #[inline]
    pub fn recv(&mut self, message: &mut Message) -> Result<(), RecvError> {
        match self.show(message, None) {
            Ok(()) => self.acknowledge(),
            Err(error) => Err(error),
        }
    }

    /// Receives as [`recv`](Self::recv) does, and waits for at most `limit`.
    ///
    /// The limit is a [`Duration`] or an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// [`RecvError::TimedOut`], and those of [`recv`](Self::recv).
    #[inline]
    pub fn recv_timeout(
        &mut self,
        message: &mut Message,
        limit: impl Into<Limit>,
    ) -> Result<(), RecvError> {
        self.show(message, limit)?;
        self.acknowledge()
    }

    /// Waits for a message, takes up to `messages.len()` of them, and acknowledges all at once.
    ///
    /// Returns how many: at least 1 unless `messages` is empty.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv). An error after the first message is left for the next call.
    pub fn recv_batch(&mut self, messages: &mut [Message]) -> Result<usize, RecvError> {
        self.take_batch(messages, |receiver, first| receiver.show(first, None))
    }

    /// Waits as [`recv_batch`](Self::recv_batch) does, for the first message, for at most `limit`.
    ///
    /// The limit is a [`Duration`] or an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// As [`recv_timeout`](Self::recv_timeout). An error after the first message is left for the
    /// next call.
    pub fn recv_batch_timeout(
        &mut self,
        messages: &mut [Message],
        limit: impl Into<Limit>,
    ) -> Result<usize, RecvError> {
        self.take_batch(messages, |receiver, first| receiver.show(first, limit))
    }

    /// Takes messages as [`recv_batch`](Self::recv_batch) does, without waiting.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](Self::try_recv). An error after the first message is left for the next call.
    pub fn try_recv_batch(&mut self, messages: &mut [Message]) -> Result<usize, RecvError> {
        self.take_batch(messages, Self::try_show)
    }

    #[inline]
    fn take_batch(
        &mut self,
        messages: &mut [Message],
        show: impl FnOnce(&mut Self, &mut Message) -> Result<(), RecvError>,
    ) -> Result<usize, RecvError> {
        let Some((first, rest)) = messages.split_first_mut() else {
            return Ok(0);
        };
        show(self, first)?;
        let mut received = 1;
        for message in rest {
            // A look alone: who has a message need not ask after the sender, nor read the clock.
            let shown = self.end.cursor.show_next(&self.end.channel.region, message);
            if !matches!(shown, Ok(Some(()))) {
                break;
            }
            received += 1;
        }
        self.acknowledge()?;
        Ok(received)
    }

    /// Shows the next message not yet shown, if there is one, without acknowledging it.
    ///
    /// # Errors
    ///
    /// [`RecvError::Empty`] if there is none; the other errors are those of [`peek`](Self::peek).
    #[inline]
    pub fn try_peek(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.try_show(message)?;
        self.end.ensure_memory()
    }

    #[inline]
    fn try_show(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.may_show()?;
        match self.end.try_once(Showing(message)) {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(RecvError::Empty),
            Err(failure) => self.try_show_elsewhere(failure, message),
        }
    }

    /// After a failure: goes over to the next object, if that is called for, and there is one, and
    /// looks there.
    #[cold]
    fn try_show_elsewhere(
        &mut self,
        failure: Failure,
        message: &mut Message,
    ) -> Result<(), RecvError> {
        self.ensure_over(failure)?;
        // What was shown can only be acknowledged as long as its object is ours.
        if self.end.cursor.has_shown() || !self.go_over(Duration::ZERO)? {
            return Err(RecvError::Empty);
        }
        let shown = self.end.cursor.show_next(&self.end.channel.region, message);
        match shown {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(RecvError::Empty),
            Err(corrupt) => Err(self.end.fail(corrupt.into())),
        }
    }

    /// Waits for the next message not yet shown, and shows it without acknowledging it.
    ///
    /// Each call shows the next message; [`ack`](Self::ack) acknowledges all shown so far, and
    /// [`rewind`](Self::rewind) starts again at the first that is not acknowledged.
    ///
    /// # Errors
    ///
    /// [`RecvError::Unacknowledged`] if all slots hold messages shown already, and those of
    /// [`recv`](Self::recv).
    #[inline]
    pub fn peek(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.show(message, None)?;
        self.end.ensure_memory()
    }

    /// Shows a message as [`peek`](Self::peek) does, and waits for at most `limit`.
    ///
    /// The limit is a [`Duration`] or an [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// [`RecvError::TimedOut`], and those of [`peek`](Self::peek).
    #[inline]
    pub fn peek_timeout(
        &mut self,
        message: &mut Message,
        limit: impl Into<Limit>,
    ) -> Result<(), RecvError> {
        self.show(message, limit)?;
        self.end.ensure_memory()
    }

    /// Waits for the next message not yet shown, for at most `limit`, without showing it.
    ///
    /// The limit is a [`Duration`], an [`Instant`](std::time::Instant), or `None` for no limit.
    ///
    /// # Errors
    ///
    /// As [`peek_timeout`](Self::peek_timeout).
    pub fn wait(&mut self, limit: impl Into<Limit>) -> Result<(), RecvError> {
        self.may_show()?;
        match self.end.wait(limit, looking::<K>) {
            Ok(()) => Ok(()),
            Err(failure) if failure.leaves_other_lanes() => Ok(()),
            Err(failure) => self.go_on_elsewhere(failure, looking::<K>),
        }
    }

    /// Acknowledges every message shown so far, which frees their slots for the sender.
    ///
    /// Does nothing if no message was shown.
    ///
    /// # Errors
    ///
    /// [`RecvError::Forked`]; [`RecvError::Truncated`] if the memory is lost, and
    /// [`RecvError::Corrupt`] if an earlier call found that.
    #[inline]
    pub fn ack(&mut self) -> Result<(), RecvError> {
        self.end.ensure_usable()?;
        self.acknowledge()
    }

    /// Acknowledges the messages shown so far from `lane`, up to number `sequence`.
    ///
    /// Later messages of the lane, and messages of other lanes, stay shown and unacknowledged. The
    /// lane of a mailbox is 0. The call does nothing if no such message was shown.
    ///
    /// # Errors
    ///
    /// As [`ack`](Self::ack).
    pub fn ack_through(&mut self, lane: u32, sequence: u64) -> Result<(), RecvError> {
        self.end.ensure_usable()?;
        self.end.ensure_memory()?;
        let region = &self.end.channel.region;
        self.end.cursor.acknowledge_through(region, lane, sequence);
        self.end.announce();
        Ok(())
    }

    /// Returns the receiver's bell, a descriptor for event loops.
    ///
    /// It becomes readable when a message comes, and when the sender closes or dies, but only after
    /// [`arm`](Self::arm) has said to wait. All calls return the same bell.
    ///
    /// # Errors
    ///
    /// [`BellError`] says what the system lacks. A program then waits in a thread of its own, with
    /// [`wait`](Self::wait).
    pub fn bell(&mut self) -> Result<Bell, BellError> {
        self.end.bell()
    }

    /// Prepares to wait for the next message by the [`bell`](Self::bell), and tells whether to
    /// wait.
    ///
    /// Call it whenever [`try_recv`](Self::try_recv) has found nothing, and first after each wait:
    /// before it touches the memory, it makes sure that no process has truncated it. Call it again
    /// after any other call of this receiver, which may have answered the bell. It costs a system
    /// call, and now and then two more (1.5 µs). A receiver that goes over to the next object may
    /// take as long as attaching does.
    ///
    /// ```
    /// use shm_mailbox::{Armed, Mailbox, Message, RecvError};
    ///
    /// # fn wait_for<T>(_bell: &T, _at_most: Option<std::time::Duration>) {}
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (mut sender, mut receiver) = Mailbox::pair()?;
    /// # sender.send("one tea")?;
    /// # drop(sender);
    /// let bell = receiver.bell()?;
    /// let mut message = Message::new();
    /// let end = loop {
    ///     match receiver.arm() {
    ///         Ok(Armed::Now) => {
    ///             while receiver.try_recv(&mut message).is_ok() {
    ///                 println!("{}", message.as_bytes().escape_ascii());
    ///             }
    ///         }
    ///         Ok(Armed::Wait { at_most }) => wait_for(&bell, at_most), // by poll(2), for one
    ///         Err(end) => break end,
    ///     }
    /// };
    /// assert!(matches!(end, RecvError::Closed { .. }));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RecvError::Bell`], and those of [`recv`](Self::recv).
    pub fn arm(&mut self) -> Result<Armed, RecvError> {
        self.may_show()?;
        match self.end.arm(looking::<K>) {
            Ok(armed) => Ok(armed),
            Err(failure) if failure.leaves_other_lanes() => Ok(Armed::Now),
            Err(failure) => self.arm_elsewhere(failure),
        }
    }

    /// After a failure: goes over to the next object, if that is called for, and there is one.
    #[cold]
    fn arm_elsewhere(&mut self, failure: Failure) -> Result<Armed, RecvError> {
        self.ensure_over(failure)?;
        if self.end.cursor.has_shown() || !self.go_over(Duration::ZERO)? {
            // Nobody rings for an object that is not there.
            let at_most = Some(wait::ASLEEP_SLICE);
            return Ok(Armed::Wait { at_most });
        }
        Ok(Armed::Now)
    }

    /// Shows the messages again that were shown and not acknowledged, from the first.
    pub fn rewind(&mut self) {
        self.end.cursor.rewind();
    }

    /// Closes this endpoint; a sender that waits for room gets `Closed`.
    ///
    /// Messages that were not acknowledged stay. The object is unlinked if nothing is left in it,
    /// no sender is attached, and the last one, if there was any, has closed and did not
    /// [keep](crate::Sender::keep) it. A bus also stays while another receiver is attached, and
    /// while it keeps a place for a label. If this receiver has no label and others count, its
    /// unacknowledged messages are given back.
    ///
    /// # Errors
    ///
    /// [`CloseError`] says what could not be done; the role is free anyway.
    pub fn close(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Close)
    }

    /// Waits for the next message, and shows it.
    #[inline]
    fn show(&mut self, message: &mut Message, limit: impl Into<Limit>) -> Result<(), RecvError> {
        self.may_show()?;
        match self.end.wait(limit, Showing(message)) {
            Ok(()) => Ok(()),
            Err(failure) => self.show_elsewhere(failure, message),
        }
    }

    /// As [`go_on_elsewhere`](Self::go_on_elsewhere), and shows the message.
    #[cold]
    fn show_elsewhere(&mut self, failure: Failure, message: &mut Message) -> Result<(), RecvError> {
        self.go_on_elsewhere(failure, |cursor: &mut K::Receiving, region: &K::Region| {
            Ok(cursor.show_next(region, message)?)
        })
    }

    /// After a failure: goes over to the next object, if that is called for, as soon as there is
    /// one, and continues to wait there for what `look` looks for.
    #[cold]
    fn go_on_elsewhere(
        &mut self,
        mut failure: Failure,
        mut look: impl FnMut(&mut K::Receiving, &K::Region) -> Result<Option<()>, Failure>,
    ) -> Result<(), RecvError> {
        loop {
            self.ensure_over(failure)?;
            while !self.go_over(self.settings.attach_timeout)? {
                let passed = self.end.waiter.pass();
                passed.map_err(|stop| self.end.fail(stop.into()))?;
            }
            match self.end.go_on_waiting(&mut look) {
                Ok(()) => return Ok(()),
                Err(other) => failure = other,
            }
        }
    }

    /// An error unless it is the end of an object alone, after which the next one is waited for.
    fn ensure_over(&mut self, failure: Failure) -> Result<(), RecvError> {
        match failure {
            Failure::Unlinked if self.settings.await_peer => Ok(()),
            failure => Err(self.end.fail(failure)),
        }
    }

    /// Attaches to the object that has the name now, or makes it; `false` if there is none, and
    /// none is to be made.
    fn go_over(&mut self, limit: Duration) -> Result<bool, RecvError> {
        match attach::attach(&self.settings, limit) {
            Ok(attached) => {
                self.end.go_over(attached);
                Ok(true)
            }
            Err(AttachError::Open(OpenError::NotFound { .. })) => Ok(false),
            Err(error) => Err(RecvError::Reattach(Box::new(error))),
        }
    }

    /// An error if no further message can come.
    #[inline]
    fn may_show(&self) -> Result<(), RecvError> {
        self.end.ensure_usable()?;
        let shown = self.end.cursor.shown();
        if shown >= u64::from(self.capacity()) {
            return Err(RecvError::Unacknowledged { shown });
        }
        Ok(())
    }

    /// Acknowledges what was shown, in an endpoint that is usable.
    #[inline]
    fn acknowledge(&mut self) -> Result<(), RecvError> {
        // What was shown may be zeros. (An acknowledgement that is lost matters to nobody: the
        // messages are.)
        self.end.ensure_memory()?;
        if self.end.cursor.has_shown() {
            self.end.cursor.acknowledge(&self.end.channel.region);
            self.end.announce();
        }
        Ok(())
    }
}

/// What is known without a look at the shared memory.
impl<K: Kind> fmt::Debug for Receiver<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("name", self.end.channel.name())
            .field("slots", &self.capacity())
            .field("acknowledged", &self.acknowledged())
            .finish_non_exhaustive()
    }
}

/// Looks for the next message.
fn looking<K: Kind>(cursor: &mut K::Receiving, region: &K::Region) -> Result<Option<()>, Failure> {
    Ok(cursor.look(region)?.map(|_| ()))
}

/// Looks for the next message, and copies it out.
struct Showing<'a>(&'a mut Message);

impl<C: Receiving> Look<C> for Showing<'_> {
    #[inline(always)]
    fn look(&mut self, cursor: &mut C, region: &C::Region) -> Result<Option<()>, Failure> {
        Ok(cursor.show_next(region, self.0)?)
    }
}
