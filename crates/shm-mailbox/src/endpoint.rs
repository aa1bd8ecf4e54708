//! What a sender and a receiver share: their place in an object, their cursor, and their way of
//! waiting.

use shm_core::{BellError, Moment, ShmName};

use crate::error::{CloseError, Failure};
use crate::memory::region::View;
use crate::object::attach::{self, Attached};
use crate::object::bell::{Armed, Bell};
use crate::object::channel::Channel;
use crate::object::close::{self, Closed, Disposal};
use crate::object::seat::Seats;
use crate::object::sleep::UNSEEN;
use crate::options::Settings;
use crate::protocol::{Cursor, Slept};
use crate::wait::limit::Limit;
use crate::wait::{ASLEEP_SLICE, Condition, Waiter};

/// A cursor whose endpoint reports to a user.
pub(crate) trait End: Cursor<Region: Seats> {
    /// What its calls fail with.
    type Error;

    /// The error for `failure`, at the object with this name.
    fn error(failure: Failure, name: &ShmName) -> Self::Error;
}

/// A test of the memory for the condition of a wait.
///
/// A trait, because `#[inline]` can make the compiler inline a method, but not a closure.
pub(crate) trait Look<C: Cursor> {
    fn look(&mut self, cursor: &mut C, region: &C::Region) -> Result<Option<()>, Failure>;
}

impl<C: Cursor, F> Look<C> for F
where
    F: FnMut(&mut C, &C::Region) -> Result<Option<()>, Failure>,
{
    #[inline(always)]
    fn look(&mut self, cursor: &mut C, region: &C::Region) -> Result<Option<()>, Failure> {
        self(cursor, region)
    }
}

/// One endpoint of a mailbox. Dropping it closes it, or lets it die if the thread panics.
#[derive(Debug)]
pub(crate) struct Endpoint<C: End> {
    pub(crate) channel: Channel<C::Region>,
    pub(crate) cursor: C,
    pub(crate) waiter: Waiter,
    closed: bool,
}

impl<C: End> Endpoint<C> {
    pub(crate) fn attach(options: &Settings) -> Result<Self, crate::AttachError> {
        let attached = attach::attach(options, options.attach_timeout)?;
        Ok(Self::new(attached, options))
    }

    pub(crate) fn new((channel, cursor): Attached<C>, options: &Settings) -> Self {
        Self {
            channel,
            cursor,
            waiter: Waiter::new(options.wait, options.interrupt.clone()),
            closed: false,
        }
    }

    /// Leaves the object, and continues in another.
    pub(crate) fn go_over(&mut self, (channel, cursor): Attached<C>) {
        // No process can open an object without a name, so the result does not matter.
        let _: Result<Closed, CloseError> = self.leave(Disposal::Close);
        let belfry = self.channel.belfry.take();
        (self.channel, self.cursor) = (channel, cursor);
        self.closed = false;
        // The user may be waiting for its descriptor.
        if let Some(mut belfry) = belfry {
            belfry.displace();
            // Tried again, and reported, when the endpoint is armed; a wait has its slices.
            let _: Result<(), BellError> = belfry.place(&self.channel.object);
            self.channel.belfry = Some(belfry);
        }
    }

    pub(crate) fn capacity(&self) -> u32 {
        self.channel.region.ring().slots()
    }

    /// How many messages are committed and not yet acknowledged, as far as there is memory to look
    /// at.
    pub(crate) fn queued(&self) -> u64 {
        if self.channel.broken_memory() {
            return 0;
        }
        C::glance_at_queue(&self.channel.region)
    }

    /// An error in a forked child, or after a violation.
    #[inline]
    pub(crate) fn ensure_usable(&self) -> Result<(), C::Error> {
        if self.channel.is_usable() {
            return Ok(());
        }
        Err(self.refuse())
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self) -> C::Error {
        C::error(self.channel.refusal(), self.channel.name())
    }

    /// After touching slots: an error if their memory no longer exists. One load.
    #[inline]
    pub(crate) fn ensure_memory(&mut self) -> Result<(), C::Error> {
        if self.channel.region.is_lost() {
            return Err(self.fail_of_lost_memory());
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn fail_of_lost_memory(&mut self) -> C::Error {
        let failure = self.channel.lost();
        self.fail(failure)
    }

    /// The error to report; what breaks the endpoint is remembered.
    #[cold]
    pub(crate) fn fail(&mut self, failure: Failure) -> C::Error {
        let failure = self.channel.remember(failure, &mut self.cursor);
        C::error(failure, self.channel.name())
    }

    /// After committing or acknowledging: wakes the peer if it sleeps.
    #[inline]
    pub(crate) fn announce(&self) {
        let channel = &self.channel;
        let wake = |bed, peer: &_| channel.wake(bed, peer);
        self.cursor
            .wake_peers(&channel.region, channel.fences.registered, wake);
    }

    /// Waits until `look` finds what it looks for.
    #[inline]
    pub(crate) fn wait<L>(&mut self, limit: impl Into<Limit>, look: L) -> Result<(), Failure>
    where
        L: Look<C>,
    {
        let watch = Watch::new(&self.channel, &mut self.cursor, look);
        self.waiter.wait(watch, limit)
    }

    /// Continues the wait that has just ended, until its deadline.
    pub(crate) fn go_on_waiting<L>(&mut self, look: L) -> Result<(), Failure>
    where
        L: Look<C>,
    {
        let watch = Watch::new(&self.channel, &mut self.cursor, look);
        self.waiter.go_on(watch)
    }

    /// As [`wait`](Self::wait), without waiting.
    #[inline]
    pub(crate) fn try_once<L>(&mut self, look: L) -> Result<Option<()>, Failure>
    where
        L: Look<C>,
    {
        let watch = Watch::new(&self.channel, &mut self.cursor, look);
        self.waiter.try_once(watch)
    }

    pub(crate) fn bell(&mut self) -> Result<Bell, BellError> {
        Ok(self.channel.ensure_bell()?.bell().clone())
    }

    /// Prepares for a wait for the bell, for what `look` looks for.
    pub(crate) fn arm<L>(&mut self, look: L) -> Result<Armed, Failure>
    where
        L: Look<C>,
    {
        self.channel.ensure_bell().map_err(Failure::Bell)?;
        Watch::new(&self.channel, &mut self.cursor, look).arm()
    }

    pub(crate) fn leave(&mut self, disposal: Disposal) -> Result<Closed, CloseError> {
        self.closed = true;
        close::close(&self.channel, &mut self.cursor, disposal)
    }
}

impl<C: End> Drop for Endpoint<C> {
    fn drop(&mut self) {
        if !self.closed {
            // No caller can get the error; the role lock is freed with the descriptor in any case.
            let _: Result<Closed, CloseError> = self.leave(close::when_dropped());
        }
    }
}

/// Waiting for what `look` looks for, and checking the object and the peer during the wait.
struct Watch<'a, C: End, L> {
    channel: &'a Channel<C::Region>,
    cursor: &'a mut C,
    look: L,
}

impl<'a, C: End, L> Watch<'a, C, L> {
    #[inline]
    fn new(channel: &'a Channel<C::Region>, cursor: &'a mut C, look: L) -> Self {
        Self {
            channel,
            cursor,
            look,
        }
    }
}

impl<C: End, L> Watch<'_, C, L>
where
    L: Look<C>,
{
    /// Answers the bell, checks the object and the peer if it has rung, and announces that we wait
    /// for the next ring.
    fn arm(&mut self) -> Result<Armed, Failure> {
        let channel = self.channel;
        let Some(belfry) = &channel.belfry else {
            return Ok(Armed::Now);
        };
        // After a mere ring, the check, which takes longer than a message, is left to the next
        // call.
        if belfry.answer()? && self.look_again()?.is_some() {
            return Ok(Armed::Now);
        }
        // No process rings when a sender ends whose messages came first.
        let is_due = channel.owes_an_end(self.cursor);
        if (is_due || self.has_news()) && self.check()?.is_some() {
            return Ok(Armed::Now);
        }
        channel.leave_fences_to_peer();
        let (found, seen) = channel.announce_for_bell(|| self.look_again())?;
        // A peer that has closed, or come, before it could see the announcement did not ring.
        if found.is_some() || channel.has_news_of_peer() && !channel.is_peer_unsettled()? {
            channel.withdraw();
            return Ok(Armed::Now);
        }
        // No process rings for a place that was dead or absent before it began to hold us back.
        let holding = self.cursor.holding_back(&channel.region);
        if holding & !channel.looked_after.get() != 0 && self.check()?.is_some() {
            channel.withdraw();
            return Ok(Armed::Now);
        }
        // One of several peers may have cleared our flag and be stopped before it rings, and the
        // others then leave us asleep.
        let slice = (channel.peers().nth(1).is_some()).then_some(ASLEEP_SLICE);
        let at_most = match seen {
            true => belfry.at_most().into_iter().chain(slice).min(),
            false => Some(UNSEEN),
        };
        Ok(Armed::Wait { at_most })
    }
}

impl<C: End, L> Condition for Watch<'_, C, L>
where
    L: Look<C>,
{
    type Output = ();
    type Error = Failure;

    #[inline(always)]
    fn look(&mut self) -> Result<Option<()>, Failure> {
        self.look.look(self.cursor, &self.channel.region)
    }

    fn has_news(&self) -> bool {
        self.channel.has_news()
    }

    fn check(&mut self) -> Result<Option<()>, Failure> {
        let verdict = self.channel.check(self.cursor)?;
        let holding = self.cursor.holding_back(&self.channel.region);
        self.channel.looked_after.set(holding);
        let relief = C::Region::relieve(self.channel, holding)?;
        let is_told = verdict.attached && !self.channel.await_peer;
        let held_by = relief.held_by.filter(|_| is_told);
        if held_by.is_some() {
            self.channel.abandoned.set(true);
        }
        let failure = verdict.failure.or(held_by);
        // What was waited for wins over every verdict. Without a verdict we do not test again, so
        // that a polling interval longer than a slice stays as it is.
        if (failure.is_some() || relief.freed) && self.look_again()?.is_some() {
            return Ok(Some(()));
        }
        self.cursor
            .ensure_announced_is_there(&self.channel.region)?;
        failure.map_or(Ok(None), Err)
    }

    fn park(&mut self, deadline: Moment) -> Result<Slept<()>, Failure> {
        let channel = self.channel;
        channel.park(deadline, || self.look_again())
    }

    fn withdraw(&self) {
        self.channel.withdraw();
    }
}
