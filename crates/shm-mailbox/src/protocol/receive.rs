//! Where the receiver stands, and what it does to the shared memory.

use super::corrupt::{Corrupt, Field};
use super::{Cursor, ensure_no_newer};
use crate::memory::layout::{LAST_MESSAGE, Stamp};
use crate::memory::message::Message;
use crate::memory::payload::MAX_MESSAGE;
use crate::memory::region::Region;
use crate::memory::role::Role;
use crate::memory::sync::Ordering;

/// Where the receiver stands.
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

    /// Whether the next message is there, and its length: 0 to 1024.
    ///
    /// One load for a message in a hot slot, otherwise two.
    #[inline(always)]
    pub(crate) fn look(&mut self, region: &Region) -> Result<Option<usize>, Corrupt> {
        let geometry = region.geometry();
        let expected = self.next + 1;
        self.slot = geometry.hot_slot(self.next);
        let hot = load_stamp(region, self.slot);
        if hot.ordinal() == expected {
            return checked_length(hot).map(Some);
        }
        if let Some(slot) = geometry.cold_slot(self.next) {
            self.slot = slot;
            let cold = load_stamp(region, slot);
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
    pub(crate) fn show(&mut self, region: &Region, length: usize, message: &mut Message) {
        let payload = &region.slot(self.slot).payload;
        message.fill(self.next, length, |buffer| payload.read(buffer, length));
        self.next += 1;
    }

    /// Copies out the next message, if it is there, and steps to the one after it.
    #[inline(always)]
    pub(crate) fn show_next(
        &mut self,
        region: &Region,
        message: &mut Message,
    ) -> Result<Option<()>, Corrupt> {
        let Some(length) = self.look(region)? else {
            return Ok(None);
        };
        self.show(region, length, message);
        Ok(Some(()))
    }

    /// Starts again at the first message that was not acknowledged.
    pub(crate) fn rewind(&mut self) {
        self.next = self.acknowledged;
    }

    /// Gives back everything shown so far.
    #[inline]
    pub(crate) fn acknowledge(&mut self, region: &Region) {
        self.acknowledged = self.next;
        // (R) Release: pairs with the Acquire in `SendCursor::queued`; our reads of the payload are
        // done.
        region
            .control()
            .receiver
            .count
            .0
            .store(self.next, Ordering::Release);
    }
}

impl Cursor for ReceiveCursor {
    const ROLE: Role = Role::Receiver;

    fn resume(region: &Region) -> Result<Self, Corrupt> {
        // Relaxed: our role's own earlier store, handed over by the role lock.
        let received = region.control().receiver.count.0.load(Ordering::Relaxed);
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

    fn count(&self) -> u64 {
        self.acknowledged
    }

    /// Those shown and not acknowledged are shown again after this.
    fn queued(&mut self, region: &Region) -> Result<u64, Corrupt> {
        self.rewind();
        let slots = u64::from(region.geometry().slots());
        // Acquire: so that the look comes after it.
        let sent = region.control().sender.count.0.load(Ordering::Acquire);
        let counted = sent.saturating_sub(self.next).min(slots);
        // A sender that was killed between (S) and (C) has committed one more than it counted.
        let found = self.look(region)?.is_some();
        Ok(counted.max(u64::from(found)))
    }

    fn has_met(&self) -> bool {
        self.next != self.resumed
    }

    /// What is announced is read before the look, since a healthy sender may announce more at any
    /// moment.
    fn ensure_announced_is_there(&mut self, region: &Region) -> Result<(), Corrupt> {
        // Acquire: pairs with (C) in `publish`; the stamps of all messages before `sent` are there.
        let sent = region.control().sender.count.0.load(Ordering::Acquire);
        if sent > self.next && self.look(region)?.is_none() {
            let expected = self.next + 1;
            return Err(Corrupt::new(Field::Stamp, 0, expected..=expected));
        }
        Ok(())
    }
}

#[inline]
fn load_stamp(region: &Region, slot: usize) -> Stamp {
    // Acquire: pairs with (S) in `publish`; with the number comes the payload.
    Stamp::from_bits(region.slot(slot).stamp.load(Ordering::Acquire))
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
