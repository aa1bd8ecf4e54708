//! The position of the receiver, and what it does to the shared memory.

use super::corrupt::{Corrupt, Field};
use super::{Bed, Cursor, Ring, ensure_no_newer, glance_at_mailbox, take_parked};
use crate::memory::layout::{LAST_MESSAGE, Presence, Stamp};
use crate::memory::message::Message;
use crate::memory::payload::MAX_MESSAGE;
use crate::memory::region::Region;
use crate::memory::role::Role;
use crate::memory::sync::{AtomicU64, Ordering};

/// A ring as one of its receivers sees it.
pub(crate) trait ReceiveRing: Ring {
    /// How many messages the receiver has given back.
    fn received(&self) -> &AtomicU64;
}

impl ReceiveRing for Region {
    #[inline(always)]
    fn received(&self) -> &AtomicU64 {
        &self.control().receiver.count.0
    }
}

/// What a receiver does to the shared memory.
pub(crate) trait Receiving: Cursor {
    /// Messages shown and not yet acknowledged, of the sender with the most of them.
    fn shown(&self) -> u64;

    /// Whether there are any.
    fn has_shown(&self) -> bool;

    /// Messages acknowledged since the object was created, of all senders.
    fn acknowledged(&self) -> u64;

    /// The length of the next message, 0 to 1024, if it is committed.
    fn look(&mut self, region: &Self::Region) -> Result<Option<usize>, Corrupt>;

    /// Copies out the next message, if it is committed, and steps to the one after it.
    fn show_next(
        &mut self,
        region: &Self::Region,
        message: &mut Message,
    ) -> Result<Option<()>, Corrupt>;

    /// Starts again at the first message that was not acknowledged.
    fn rewind(&mut self);

    /// Gives back everything shown so far.
    fn acknowledge(&mut self, region: &Self::Region);

    /// Gives back what a lane has shown up to message `n`.
    fn acknowledge_through(&mut self, region: &Self::Region, lane: u32, n: u64);
}

/// The position of the receiver.
#[derive(Debug)]
pub(crate) struct ReceiveCursor {
    /// The number of the next message to show, from 0.
    next: u64,
    /// The slot in which `look` has found the next message.
    pub(super) slot: usize,
    /// What `received` says: messages before this one were given back. At most `next`.
    acknowledged: u64,
    /// Where it stood when it was made.
    resumed: u64,
}

impl ReceiveCursor {
    /// The number of the next message to show.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Messages shown and not yet acknowledged.
    #[inline]
    pub(crate) fn shown(&self) -> u64 {
        self.next - self.acknowledged
    }

    /// Messages acknowledged since the mailbox was created.
    #[inline]
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The length of the next message, 0 to 1024, if it is committed.
    ///
    /// One load for a message in a hot slot, otherwise two.
    #[inline(always)]
    pub(crate) fn look(&mut self, ring: &impl ReceiveRing) -> Result<Option<usize>, Corrupt> {
        let geometry = ring.geometry();
        let expected = self.next + 1;
        self.slot = geometry.hot_slot(self.next);
        let hot = load_stamp(ring, self.slot);
        if hot.ordinal() == expected {
            return checked_length(hot).map(Some);
        }
        if let Some(slot) = geometry.cold_slot(self.next) {
            self.slot = slot;
            let cold = load_stamp(ring, slot);
            if cold.ordinal() == expected {
                return checked_length(cold).map(Some);
            }
            ensure_no_newer(cold, expected)?;
        }
        ensure_no_newer(hot, expected)?;
        Ok(None)
    }

    /// Copies out the next message, which `look` has found, and steps to the one after it.
    #[inline(always)]
    pub(crate) fn show(&mut self, ring: &impl ReceiveRing, length: usize, message: &mut Message) {
        let payload = &ring.slot(self.slot).payload;
        message.fill(self.next, length, |buffer| payload.read(buffer, length));
        self.next += 1;
    }

    /// Starts again at the first message that was not acknowledged.
    pub(crate) fn rewind(&mut self) {
        self.next = self.acknowledged;
    }

    /// Gives back everything shown so far.
    #[inline]
    pub(crate) fn acknowledge(&mut self, ring: &impl ReceiveRing) {
        self.acknowledged = self.next;
        // (R) Release: pairs with the Acquire in `SendCursor::queued`; our reads of the payload are
        // done.
        ring.received().store(self.next, Ordering::Release);
    }

    /// Gives back what was shown up to message `n`; false if that is nothing.
    pub(super) fn acknowledge_through(&mut self, ring: &impl ReceiveRing, n: u64) -> bool {
        let end = n.saturating_add(1).min(self.next);
        if end <= self.acknowledged {
            return false;
        }
        self.acknowledged = end;
        // Release: as (R) in `acknowledge`.
        ring.received().store(end, Ordering::Release);
        true
    }

    /// See [`Cursor::resume`].
    pub(super) fn resume_at(ring: &impl ReceiveRing) -> Result<Self, Corrupt> {
        // Relaxed: our role's own earlier store, handed over by the role lock.
        let received = ring.received().load(Ordering::Relaxed);
        if received > LAST_MESSAGE + 1 {
            return Err(Corrupt::new(
                Field::Received,
                received,
                0..=LAST_MESSAGE + 1,
            ));
        }
        Ok(Self {
            next: received,
            slot: 0,
            acknowledged: received,
            resumed: received,
        })
    }

    /// See [`Cursor::stands`].
    pub(super) fn stands_at(&self, ring: &impl ReceiveRing) -> bool {
        // Relaxed: no other process that keeps to the protocol writes it while we have the role.
        ring.received().load(Ordering::Relaxed) == self.acknowledged
    }

    /// See [`Cursor::queued`]. Those shown and not acknowledged are shown again after this.
    pub(super) fn queued_at(&mut self, ring: &impl ReceiveRing) -> Result<u64, Corrupt> {
        self.rewind();
        let slots = u64::from(ring.geometry().slots());
        // Acquire: so that the look comes after it.
        let sent = ring.sent().load(Ordering::Acquire);
        let counted = sent.saturating_sub(self.next).min(slots);
        // A sender that was killed between (S) and (C) has committed one more than it counted.
        let found = self.look(ring)?.is_some();
        Ok(counted.max(u64::from(found)))
    }

    /// See [`Cursor::has_met`].
    pub(super) fn has_moved(&self) -> bool {
        self.next != self.resumed
    }

    /// See [`Cursor::ensure_announced_is_there`]. What is announced is read before the test,
    /// because a healthy sender may announce more at any moment.
    pub(super) fn ensure_announced_at(&mut self, ring: &impl ReceiveRing) -> Result<(), Corrupt> {
        // Acquire: pairs with (C) in `publish`; the stamps of all messages before `sent` are there.
        let sent = ring.sent().load(Ordering::Acquire);
        if sent > self.next && self.look(ring)?.is_none() {
            let expected = self.next + 1;
            return Err(Corrupt::new(Field::Stamp, 0, expected..=expected));
        }
        Ok(())
    }
}

impl Receiving for ReceiveCursor {
    #[inline(always)]
    fn shown(&self) -> u64 {
        self.shown()
    }

    #[inline(always)]
    fn has_shown(&self) -> bool {
        self.shown() > 0
    }

    #[inline(always)]
    fn acknowledged(&self) -> u64 {
        self.acknowledged()
    }

    #[inline(always)]
    fn look(&mut self, region: &Region) -> Result<Option<usize>, Corrupt> {
        self.look(region)
    }

    #[inline(always)]
    fn show_next(&mut self, region: &Region, message: &mut Message) -> Result<Option<()>, Corrupt> {
        let Some(length) = self.look(region)? else {
            return Ok(None);
        };
        self.show(region, length, message);
        Ok(Some(()))
    }

    #[inline(always)]
    fn rewind(&mut self) {
        self.rewind();
    }

    #[inline(always)]
    fn acknowledge(&mut self, region: &Region) {
        self.acknowledge(region);
    }

    fn acknowledge_through(&mut self, region: &Region, lane: u32, n: u64) {
        if lane == 0 {
            Self::acknowledge_through(self, region, n);
        }
    }
}

impl Cursor for ReceiveCursor {
    type Region = Region;
    const ROLE: Role = Role::Receiver;

    fn resume(region: &Region) -> Result<Self, Corrupt> {
        Self::resume_at(region)
    }

    fn stands(&self, region: &Region) -> bool {
        self.stands_at(region)
    }

    fn queued(&mut self, region: &Region) -> Result<u64, Corrupt> {
        self.queued_at(region)
    }

    fn has_met(&self, _peer: u32) -> bool {
        self.has_moved()
    }

    fn ensure_announced_is_there(&mut self, region: &Region) -> Result<(), Corrupt> {
        self.ensure_announced_at(region)
    }

    #[inline]
    fn wake_peers(&self, region: &Region, registered: bool, mut wake: impl FnMut(Bed, &Presence)) {
        let sender = &region.control().sender.presence;
        if let Some(bed) = take_parked(sender, registered) {
            wake(bed, sender);
        }
    }

    fn glance_at_queue(region: &Region) -> u64 {
        glance_at_mailbox(region)
    }
}

#[inline]
fn load_stamp(ring: &impl Ring, slot: usize) -> Stamp {
    // Acquire: pairs with (S) in `publish`; with the number comes the payload.
    Stamp::from_bits(ring.slot(slot).stamp.load(Ordering::Acquire))
}

/// The length in a stamp, which is the peer's word.
#[inline]
fn checked_length(stamp: Stamp) -> Result<usize, Corrupt> {
    match usize::try_from(stamp.length()) {
        Ok(length) if length <= MAX_MESSAGE => Ok(length),
        _ => Err(Corrupt::new(
            Field::Length,
            stamp.length(),
            0..=MAX_MESSAGE as u64,
        )),
    }
}
