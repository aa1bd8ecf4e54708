//! The position of the sender, and what it does to the shared memory.

use super::corrupt::{Corrupt, Field};
use super::{Bed, Cursor, Ring, ensure_no_newer, glance_at_mailbox, take_parked};
use crate::memory::layout::{AWAKE, LAST_MESSAGE, Presence, Slot, Stamp};
use crate::memory::payload::{FIRST_LINE, MAX_MESSAGE};
use crate::memory::region::{Region, View};
use crate::memory::role::Role;
use crate::memory::sync::Ordering;

/// A ring as its sender sees it.
pub(crate) trait SendRing: Ring + View {
    /// What the sender remembers of its last load of the receivers' counts.
    type Look: Default + std::fmt::Debug;

    /// How many messages were given back; `last` if the sender can learn nothing new now, or if
    /// they are certainly fewer than `wanted`.
    fn point(&self, look: &mut Self::Look, last: u64, wanted: u64) -> Result<u64, Corrupt>;

    /// How many of `hot` slots must be free before a patient sender continues.
    fn step(_hot: u64) -> u64 {
        1
    }

    /// The error for what `look` has found, with its location.
    fn locate(&self, _look: &Self::Look, corrupt: Corrupt) -> Corrupt {
        corrupt
    }

    /// Whether the receiver that holds up the next message sleeps; only a hint.
    fn is_receiver_asleep(&self, look: &Self::Look) -> bool;

    /// After publishing: calls `wake` for each receiver that sleeps. `registered` says that the
    /// barrier of a peer that fences for both sides reaches us.
    fn wake_receivers(&self, registered: bool, wake: impl FnMut(Bed, &Presence));

    /// See [`Cursor::glance_at_queue`].
    fn glance_at_queue(&self) -> u64;

    /// The places that have not given back all of `next` messages: see [`Cursor::holding_back`].
    fn holding_back(&self, _next: u64) -> u32 {
        0
    }
}

impl SendRing for Region {
    type Look = ();

    #[inline(always)]
    fn point(&self, (): &mut (), _last: u64, _wanted: u64) -> Result<u64, Corrupt> {
        // Acquire: pairs with (R) in `acknowledge`; the slots about to be overwritten were read
        // out.
        Ok(self.control().receiver.count.0.load(Ordering::Acquire))
    }

    #[inline(always)]
    fn is_receiver_asleep(&self, (): &()) -> bool {
        // Relaxed: only a hint.
        let parked = &self.control().receiver.presence.parked;
        parked.load(Ordering::Relaxed) != AWAKE
    }

    #[inline(always)]
    fn wake_receivers(&self, registered: bool, mut wake: impl FnMut(Bed, &Presence)) {
        let receiver = &self.control().receiver.presence;
        if let Some(bed) = take_parked(receiver, registered) {
            wake(bed, receiver);
        }
    }

    fn glance_at_queue(&self) -> u64 {
        glance_at_mailbox(self)
    }
}

/// The position of the sender.
#[derive(Debug)]
pub(crate) struct SendCursor<R: SendRing = Region> {
    /// The number of the next message, from 0. At most `LAST_MESSAGE + 1`.
    next: u64,
    /// How many were given back when that was last read. At most `next`, and `next` at most this
    /// plus the slots.
    received: u64,
    /// There is room for the messages below this number, at most `received` plus the slots. Those
    /// that are not below `received` plus the hot slots go to their cold ones, without a look at
    /// `received` for each.
    known: u64,
    /// The slot that `room` has found for the next message.
    pub(super) slot: usize,
    look: R::Look,
}

impl<R: SendRing> SendCursor<R> {
    /// Finds the message that the last sender has committed and not counted, if it was killed
    /// between (S) and (C).
    fn find_uncounted(&mut self, region: &R) -> Result<(), Corrupt> {
        if self.is_exhausted() {
            return Ok(());
        }
        let geometry = region.geometry();
        let expected = self.next + 1;
        for slot in [
            Some(geometry.hot_slot(self.next)),
            geometry.cold_slot(self.next),
        ] {
            let Some(slot) = slot else { continue };
            // Relaxed: our role's own earlier store, handed over by the role lock.
            let bits = region.slot(slot).stamp.load(Ordering::Relaxed);
            let stamp = Stamp::from_bits(bits);
            ensure_no_newer(stamp, expected)?;
            if stamp.ordinal() == expected {
                self.next = expected;
            }
        }
        Ok(())
    }

    /// How many messages were committed since the mailbox was created.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The length of the last message, if there is one: 0 to 1024. It stays in its slot until a
    /// later message takes that.
    pub(crate) fn last_length(&self, region: &R) -> Option<usize> {
        let last = self.next.checked_sub(1)?;
        let geometry = region.geometry();
        let slots = [Some(geometry.hot_slot(last)), geometry.cold_slot(last)];
        slots.into_iter().flatten().find_map(|slot| {
            // Relaxed: our role's own store, or an earlier one, handed over by the role lock.
            let stamp = Stamp::from_bits(region.slot(slot).stamp.load(Ordering::Relaxed));
            let length = usize::try_from(stamp.length()).ok()?;
            (stamp.ordinal() == self.next && length <= MAX_MESSAGE).then_some(length)
        })
    }

    /// Whether the numbers are used up.
    #[inline]
    pub(crate) fn is_exhausted(&self) -> bool {
        self.next > LAST_MESSAGE
    }

    /// Whether there is room for the next message, and chooses its slot.
    ///
    /// Looks at the shared memory only if the last look does not suffice.
    #[inline]
    pub(crate) fn room(
        &mut self,
        region: &R,
        again: impl FnMut() -> bool,
    ) -> Result<bool, Corrupt> {
        Ok(self.knows_room(region) || self.look_for_room(region, again)?)
    }

    /// Whether there is room for the next message for all that is known, and chooses its slot.
    #[inline]
    pub(crate) fn knows_room(&mut self, region: &R) -> bool {
        let knows = self.next < self.known;
        if knows {
            self.slot = region
                .geometry()
                .slot_for(self.next, self.next - self.received);
        }
        knows
    }

    /// As [`room`](Self::room), by a look at the shared memory. It suffices for H messages: in the
    /// hot slots, or behind a longer queue in the cold ones, since each look takes the line of
    /// `received` away from the receiver.
    ///
    /// Going through the cold slots costs more than a short wait. So before it leaves the hot ones,
    /// and once in a round after that, it looks as often as `again` tells it to, unless the
    /// receiver sleeps.
    pub(crate) fn look_for_room(
        &mut self,
        region: &R,
        mut again: impl FnMut() -> bool,
    ) -> Result<bool, Corrupt> {
        let geometry = region.geometry();
        let (hot, slots) = (u64::from(geometry.hot_slots()), u64::from(geometry.slots()));
        let was_hot = self.slot < geometry.hot_slots() as usize;
        let patient = was_hot || self.next.is_multiple_of(slots);
        let step = R::step(hot);
        loop {
            // For a full ring, any room counts.
            let wanted = match patient && self.next - self.received < slots {
                true => self.next + step - hot,
                false => self.received + 1,
            };
            let queued = self.queued_below(region, wanted)?;
            if queued == slots {
                return Ok(false);
            }
            if queued + step <= hot || !patient || region.is_receiver_asleep(&self.look) || !again()
            {
                break;
            }
        }
        self.known = self.known_after_look(region);
        Ok(self.knows_room(region))
    }

    /// See [`Cursor::queued`]; as it was if less than `wanted` was given back.
    #[inline]
    fn queued_below(&mut self, region: &R, wanted: u64) -> Result<u64, Corrupt> {
        let received = region.point(&mut self.look, self.received, wanted)?;
        match self.check_received(region, received, self.received) {
            Ok(received) => self.received = received,
            Err(corrupt) => {
                // An impossible value is not kept, and is found again.
                self.look = R::Look::default();
                return Err(corrupt);
            }
        }
        Ok(self.next - self.received)
    }

    /// The messages below this number need no other look at `received`.
    #[inline]
    fn known_after_look(&self, region: &R) -> u64 {
        let geometry = region.geometry();
        let (hot, slots) = (u64::from(geometry.hot_slots()), u64::from(geometry.slots()));
        let is_hot = self.next - self.received < hot;
        let from = if is_hot { self.received } else { self.next };
        (from + hot).min(self.received + slots)
    }

    /// Writes a part of the next message's payload. There must be room.
    #[inline]
    pub(crate) fn write_at(&self, region: &R, offset: usize, bytes: &[u8]) {
        region.slot(self.slot).payload.write_at(offset, bytes);
    }

    /// Writes the next message, and commits it. There must be room.
    ///
    /// The line with the stamp comes last, directly before the stamp, so that a receiver that polls
    /// the stamp does not take it away half-filled.
    #[inline]
    pub(crate) fn commit(&mut self, region: &R, message: &[u8]) {
        let slot = region.slot(self.slot);
        if let Some((first, rest)) = message.split_at_checked(FIRST_LINE) {
            slot.payload.write_at(FIRST_LINE, rest);
            slot.payload.write_at(0, first);
        } else {
            slot.payload.write_at(0, message);
        }
        self.publish_in(region, slot, message.len());
    }

    /// Commits the next message, whose payload stands in its slot. There must be room.
    #[inline]
    pub(crate) fn publish(&mut self, region: &R, length: usize) {
        self.publish_in(region, region.slot(self.slot), length);
    }

    #[inline(always)]
    fn publish_in(&mut self, region: &R, slot: &Slot, length: usize) {
        debug_assert!(length <= MAX_MESSAGE && !self.is_exhausted());
        let stamp = Stamp::new(self.next, length).bits();
        // (S) Release: pairs with the Acquire in `ReceiveCursor::look`; publishes the payload.
        slot.stamp.store(stamp, Ordering::Release);
        self.next += 1;
        // (C) Release: after the stamp, for a restarted sender.
        region.sent().store(self.next, Ordering::Release);
    }

    /// Sends the first of `messages`, of at most 1024 bytes each, as far as hot slots are known to
    /// be free.
    ///
    /// What [`room`](Self::room) and [`commit`](Self::commit) would do, with one decision for all.
    #[inline]
    pub(crate) fn publish_hot<T: AsRef<[u8]>>(&mut self, region: &R, messages: &[T]) -> usize {
        let geometry = region.geometry();
        let queued = self.next - self.received;
        let free = u64::from(geometry.hot_slots()).saturating_sub(queued);
        let numbers = LAST_MESSAGE + 1 - self.next;
        let run = (messages.len() as u64).min(free).min(numbers);
        let mut sent = 0;
        for message in messages.iter().take(usize::try_from(run).unwrap_or(0)) {
            let message = message.as_ref();
            self.slot = geometry.hot_slot(self.next);
            self.commit(region, message);
            sent += 1;
        }
        sent
    }

    /// `received` must not go backwards, nor be ahead of us, nor more than the slots behind.
    #[inline]
    fn check_received(&self, region: &R, found: u64, last: u64) -> Result<u64, Corrupt> {
        let oldest = self
            .next
            .saturating_sub(u64::from(region.geometry().slots()))
            .max(last);
        if found < oldest || found > self.next {
            let corrupt = Corrupt::new(Field::Received, found, oldest..=self.next);
            return Err(region.locate(&self.look, corrupt));
        }
        Ok(found)
    }
}

impl<R: SendRing> Cursor for SendCursor<R> {
    type Region = R;
    const ROLE: Role = Role::Sender;

    fn resume(region: &R) -> Result<Self, Corrupt> {
        // Acquire: pairs with (C) in `publish`; the stamps of all messages before it are there.
        let sent = region.sent().load(Ordering::Acquire);
        if sent > LAST_MESSAGE + 1 {
            return Err(Corrupt::new(Field::Sent, sent, 0..=LAST_MESSAGE + 1));
        }
        let mut cursor = Self {
            next: sent,
            received: 0,
            known: 0,
            slot: 0,
            look: R::Look::default(),
        };
        cursor.find_uncounted(region)?;
        if cursor.next > sent {
            // Release: as (C), which it makes up for.
            region.sent().store(cursor.next, Ordering::Release);
        }
        // Loaded now because a cache that starts at 0 would take a full mailbox for an empty one as
        // soon as the difference wraps around the slots.
        let received = region.point(&mut cursor.look, 0, 0)?;
        cursor.received = cursor.check_received(region, received, 0)?;
        cursor.known = cursor.known_after_look(region);
        Ok(cursor)
    }

    fn stands(&self, region: &R) -> bool {
        // Relaxed: no other process that keeps to the protocol writes it while we have the role.
        region.sent().load(Ordering::Relaxed) == self.next
    }

    #[inline]
    fn queued(&mut self, region: &R) -> Result<u64, Corrupt> {
        self.queued_below(region, self.received + 1)
    }

    #[inline]
    fn wake_peers(&self, region: &R, registered: bool, wake: impl FnMut(Bed, &Presence)) {
        region.wake_receivers(registered, wake);
    }

    fn glance_at_queue(region: &R) -> u64 {
        region.glance_at_queue()
    }

    fn holding_back(&self, region: &R) -> u32 {
        region.holding_back(self.next)
    }
}
