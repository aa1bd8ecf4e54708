//! The receiving end.

use std::fmt;
use std::time::Duration;

use shm_core::{Moment, OpenError, SystemError};

use crate::channel::Channel;
use crate::error::{AttachError, CloseError, Failure, RecvError};
use crate::id::MailboxId;
use crate::lifecycle::{self, Attached, Closed, Disposal};
use crate::limit::Limit;
use crate::message::Message;
use crate::options::Options;
use crate::protocol::{Cursor, ReceiveCursor, Slept};
use crate::role::{Peer, Role};
use crate::wait::{Condition, Waiter};

/// The receiving end of a mailbox: one living receiver at a time.
///
/// There are two ways to receive. [`recv`](Self::recv) takes a message and acknowledges it at once: a
/// receiver killed before it has dealt with the message has lost it. [`peek`](Self::peek) shows
/// messages, and [`ack`](Self::ack) acknowledges those shown: a receiver killed in between gets the same
/// messages, with the same sequence numbers, again. A `for` loop over the receiver does the latter: see
/// [`Messages`](crate::Messages).
///
/// Dropping the receiver is [`close`](Self::close) with the result ignored; but a receiver that is dropped while its
/// thread panics has died.
pub struct Receiver {
    channel: Channel,
    cursor: ReceiveCursor,
    waiter: Waiter,
    /// For the next object of this name.
    options: Box<Options>,
    closed: bool,
}

impl Receiver {
    pub(crate) fn attach(options: &Options) -> Result<Self, AttachError> {
        let limit = options.attach_timeout;
        let attached = lifecycle::attach(options, Role::Receiver, limit, ReceiveCursor::resume);
        Ok(Self::new(attached?, options))
    }

    pub(crate) fn new((channel, cursor): Attached<ReceiveCursor>, options: &Options) -> Self {
        let mut next = options.clone();
        // Who attached once is not kept from the next mailbox by its slots, unless it insists.
        next.exact.get_or_insert(false);
        Self {
            channel,
            cursor,
            waiter: options.waiter(),
            options: Box::new(next),
            closed: false,
        }
    }

    /// The object's name, without a slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.channel.name().as_str()
    }

    /// Which mailbox it is: another one each time a mailbox is made, also under the same name.
    ///
    /// A receiver that [awaits](Options::await_peer) the next sender may go over to the next mailbox in any call that
    /// receives: ask after it.
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

    /// How many messages were acknowledged since the mailbox was created, by this receiver and those
    /// before it; the sequence number of the first one that was not.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.cursor.acknowledged()
    }

    /// How many messages are committed and not yet acknowledged, those shown included: 0 to the
    /// capacity; 0 also if the memory is known to be gone.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.channel.queued()
    }

    /// What is known of the sender now.
    ///
    /// # Errors
    ///
    /// If the system cannot tell about the sender's lock.
    pub fn peer(&self) -> Result<Peer, SystemError> {
        self.channel.verdict()
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
    /// At-most-once: killed after the acknowledgement and before it has dealt with the message, a
    /// receiver has lost it. Use [`peek`](Self::peek) and [`ack`](Self::ack) where that matters.
    ///
    /// # Errors
    ///
    /// [`RecvError::Closed`] or [`RecvError::PeerDied`] if the sender is gone and everything it
    /// committed has been received (unless [`Options::await_peer`] was asked for),
    /// [`RecvError::Unacknowledged`] if all slots hold messages that were shown and not acknowledged,
    /// [`RecvError::Interrupted`], [`RecvError::Unlinked`].
    #[inline]
    pub fn recv(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.show_within(message, None)?;
        self.acknowledge()
    }

    /// As [`recv`](Self::recv), waiting for a [`Duration`] or until an [`Instant`](std::time::Instant).
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
        self.show_within(message, limit)?;
        self.acknowledge()
    }

    /// Waits for a message, takes as many as there are, up to `messages.len()`, and acknowledges them
    /// all at once. Returns how many: at least 1 unless `messages` is empty.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv). An error after the first message is left for the next call.
    pub fn recv_batch(&mut self, messages: &mut [Message]) -> Result<usize, RecvError> {
        self.take_batch(messages, |receiver, first| {
            receiver.show_within(first, None)
        })
    }

    /// As [`recv_batch`](Self::recv_batch), waiting for the first message for a [`Duration`] or until an
    /// [`Instant`](std::time::Instant).
    ///
    /// # Errors
    ///
    /// As [`recv_timeout`](Self::recv_timeout). An error after the first message is left for the next call.
    pub fn recv_batch_timeout(
        &mut self,
        messages: &mut [Message],
        limit: impl Into<Limit>,
    ) -> Result<usize, RecvError> {
        self.take_batch(messages, |receiver, first| {
            receiver.show_within(first, limit)
        })
    }

    /// As [`recv_batch`](Self::recv_batch), without waiting.
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
            let mut arrival = Arrival {
                channel: &self.channel,
                cursor: &mut self.cursor,
                message,
            };
            // A look alone: who has a message need not ask after the sender, nor read the clock.
            if !matches!(arrival.look(), Ok(Some(()))) {
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
        self.ensure_memory()
    }

    #[inline]
    fn try_show(&mut self, message: &mut Message) -> Result<(), RecvError> {
        self.may_show()?;
        let arrival = Arrival {
            channel: &self.channel,
            cursor: &mut self.cursor,
            message,
        };
        match self.waiter.try_once(arrival) {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(RecvError::Empty),
            Err(failure) => self.try_elsewhere(failure, message),
        }
    }

    /// After a failure: goes over to the next object, if that is called for, and there is one, and looks there.
    #[cold]
    fn try_elsewhere(&mut self, failure: Failure, message: &mut Message) -> Result<(), RecvError> {
        self.ensure_over(failure)?;
        // What was shown can only be acknowledged as long as its object is ours.
        if self.cursor.shown() > 0 || !self.go_over(Duration::ZERO)? {
            return Err(RecvError::Empty);
        }
        let mut arrival = Arrival {
            channel: &self.channel,
            cursor: &mut self.cursor,
            message,
        };
        match arrival.look_again() {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(RecvError::Empty),
            Err(failure) => Err(self.fail(failure)),
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
        self.show_within(message, None)?;
        self.ensure_memory()
    }

    /// As [`peek`](Self::peek), waiting for a [`Duration`] or until an [`Instant`](std::time::Instant).
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
        self.show_within(message, limit)?;
        self.ensure_memory()
    }

    /// Acknowledges every message shown so far: their slots are free for the sender. Does nothing if
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`RecvError::Forked`]; [`RecvError::Truncated`] if the memory is gone, and [`RecvError::Corrupt`] if an
    /// earlier call found that.
    #[inline]
    pub fn ack(&mut self) -> Result<(), RecvError> {
        self.usable()?;
        self.acknowledge()
    }

    /// Shows the messages that were shown and not acknowledged once more, from the first.
    pub fn rewind(&mut self) {
        self.cursor.rewind();
    }

    /// Closes this end. A sender that waits for room is told.
    ///
    /// Messages that were not acknowledged stay. The object is unlinked if nothing is left in it, no sender is
    /// attached, and the last one, if there was any, has closed and did not [keep](crate::Sender::keep) it.
    ///
    /// # Errors
    ///
    /// [`CloseError`] says what could not be done; the role is free all the same.
    pub fn close(mut self) -> Result<Closed, CloseError> {
        self.leave(Disposal::Close)
    }

    fn leave(&mut self, disposal: Disposal) -> Result<Closed, CloseError> {
        self.closed = true;
        lifecycle::close(&self.channel, &mut self.cursor, disposal)
    }

    #[inline]
    fn show_within(
        &mut self,
        message: &mut Message,
        limit: impl Into<Limit>,
    ) -> Result<(), RecvError> {
        self.may_show()?;
        let arrival = Arrival {
            channel: &self.channel,
            cursor: &mut self.cursor,
            message,
        };
        match self.waiter.wait(arrival, limit) {
            Ok(()) => Ok(()),
            Err(failure) => self.wait_elsewhere(failure, message),
        }
    }

    /// After a failure: goes over to the next object, if that is called for, as soon as there is one, and goes on
    /// waiting there.
    #[cold]
    fn wait_elsewhere(
        &mut self,
        mut failure: Failure,
        message: &mut Message,
    ) -> Result<(), RecvError> {
        loop {
            self.ensure_over(failure)?;
            while !self.go_over(self.options.attach_timeout)? {
                self.waiter.pass().map_err(|stop| self.fail(stop.into()))?;
            }
            let arrival = Arrival {
                channel: &self.channel,
                cursor: &mut self.cursor,
                message,
            };
            match self.waiter.go_on(arrival) {
                Ok(()) => return Ok(()),
                Err(other) => failure = other,
            }
        }
    }

    /// An error unless it is the end of an object alone, after which the next one is waited for.
    fn ensure_over(&mut self, failure: Failure) -> Result<(), RecvError> {
        match failure {
            Failure::Unlinked if self.options.await_peer => Ok(()),
            failure => Err(self.fail(failure)),
        }
    }

    /// Attaches to the object that has the name now, or makes it; `false` if there is none, and none is to be made.
    fn go_over(&mut self, limit: Duration) -> Result<bool, RecvError> {
        let resume = ReceiveCursor::resume;
        match lifecycle::attach(&self.options, Role::Receiver, limit, resume) {
            Ok((channel, cursor)) => {
                // What becomes of an object without a name matters to nobody.
                let _: Result<Closed, CloseError> = self.leave(Disposal::Close);
                (self.channel, self.cursor) = (channel, cursor);
                self.closed = false;
                Ok(true)
            }
            Err(AttachError::Open(OpenError::NotFound { .. })) => Ok(false),
            Err(error) => Err(RecvError::Reattach(Box::new(error))),
        }
    }

    /// An error if no further message can come.
    #[inline]
    fn may_show(&self) -> Result<(), RecvError> {
        self.usable()?;
        let shown = self.cursor.shown();
        if shown == u64::from(self.capacity()) {
            return Err(RecvError::Unacknowledged { shown });
        }
        Ok(())
    }

    /// Acknowledges what was shown, in an endpoint that is usable.
    #[inline]
    fn acknowledge(&mut self) -> Result<(), RecvError> {
        // What was shown may be zeros. (An acknowledgement that is lost matters to nobody: the messages are.)
        self.ensure_memory()?;
        if self.cursor.shown() > 0 {
            self.cursor.acknowledge(&self.channel.region);
            self.channel
                .wake_parked(&self.channel.region.control().sender.presence);
        }
        Ok(())
    }

    /// After looking at messages: an error if that was in memory that is nobody's any more. One load.
    #[inline]
    fn ensure_memory(&mut self) -> Result<(), RecvError> {
        if self.channel.region.is_lost() {
            return Err(self.fail_of_lost_memory());
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn fail_of_lost_memory(&mut self) -> RecvError {
        let failure = self.channel.lost();
        self.fail(failure)
    }

    #[inline]
    fn usable(&self) -> Result<(), RecvError> {
        self.channel
            .ensure_usable()
            .map_err(|failure| RecvError::new(failure, self.channel.name()))
    }

    #[cold]
    fn fail(&mut self, failure: Failure) -> RecvError {
        let failure = self.channel.remember(failure);
        RecvError::new(failure, self.channel.name())
    }
}

/// What is known without a look at the shared memory.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("name", self.channel.name())
            .field("slots", &self.capacity())
            .field("acknowledged", &self.acknowledged())
            .finish_non_exhaustive()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if !self.closed {
            // Nobody is there to be told; the role lock is freed with the descriptor in any case.
            let _: Result<Closed, CloseError> = self.leave(lifecycle::when_dropped());
        }
    }
}

/// Waiting for the next message, which is then copied out.
struct Arrival<'a> {
    channel: &'a Channel,
    cursor: &'a mut ReceiveCursor,
    message: &'a mut Message,
}

impl Condition for Arrival<'_> {
    type Output = ();
    type Error = Failure;

    #[inline(always)]
    fn look(&mut self) -> Result<Option<()>, Failure> {
        let region = &self.channel.region;
        match self.cursor.look(region)? {
            None => Ok(None),
            Some(length) => {
                self.cursor.show(region, length, self.message);
                Ok(Some(()))
            }
        }
    }

    fn has_news(&self) -> bool {
        self.channel.has_news()
    }

    fn check(&mut self) -> Result<Option<()>, Failure> {
        let channel = self.channel;
        let (count, has_met) = (self.cursor.count(), self.cursor.has_shown());
        let verdict = channel.check(count, has_met)?;
        // A message wins over every verdict. If there is none, we do not look, lest an interval of polling that is
        // longer than a slice become one.
        if verdict.is_some() && self.look_again()?.is_some() {
            return Ok(Some(()));
        }
        self.cursor.ensure_announced_is_there(&channel.region)?;
        verdict.map_or(Ok(None), Err)
    }

    fn park(&mut self, deadline: Moment) -> Result<Slept<()>, Failure> {
        let channel = self.channel;
        channel.park(deadline, || self.look_again())
    }

    fn withdraw(&self) {
        self.channel.withdraw();
    }
}
