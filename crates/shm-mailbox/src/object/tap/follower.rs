//! One ring that a tap follows: of a mailbox, or of a lane of a bus.

use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{Ordering, fence};

use shm_core::{Object, SystemError, barrier};

use super::{Start, TapError};
use crate::memory::geometry::Geometry;
use crate::memory::layout::{LAST_MESSAGE, Stamp};
use crate::memory::{message::Message, payload::MAX_MESSAGE};
use crate::object::track::Track;
use crate::protocol::corrupt::{Corrupt, Field};

/// Slots that are copied at once, at most.
const RUN: u64 = 32;

/// The bytes from one slot to the next.
#[expect(clippy::cast_possible_truncation, reason = "1088")]
const STRIDE: usize = (Geometry::slot_offset(1) - Geometry::slot_offset(0)) as usize;

/// Whether others see the sender's stores in the order in which it makes them. Elsewhere `sent` may
/// come after the first bytes of the next message, unless a barrier in that process comes between.
const IS_ORDERED: bool = cfg!(target_arch = "x86_64");

/// A ring, and how far it was followed.
#[derive(Debug)]
pub(super) struct Follower {
    track: Track,
    /// The number of the next message to show.
    pub(super) next: u64,
    /// The messages below this number are committed. Read before their slots are copied.
    committed: u64,
    /// The highest `sent` that was read.
    sent: u64,
    pub(super) missed: u64,
    /// How far behind the newest message it continues after a miss: half as far after each miss,
    /// twice as far after each hit.
    reach: u64,
    /// Slots as they were copied.
    copy: Vec<u8>,
    /// Those of them that hold the messages from `next` on, unharmed.
    pub(super) ready: Range<usize>,
}

/// What was read after slots were copied. It shows which slots were not written during the copy.
#[derive(Clone, Copy)]
struct After {
    /// At least the number of every message of which a byte was copied: the sender stores it before
    /// it begins to write that message. More than any number if that order is not assured.
    begun: u64,
    /// Messages from this one on are queued, so nothing was written over them. More than any number
    /// if it was not needed.
    received: u64,
}

impl After {
    /// Whether no later message had begun in the slot of message `n`, which is used again after
    /// `period` messages at the earliest.
    fn is_whole(self, n: u64, period: u64) -> bool {
        self.begun < n + period || self.received <= n
    }
}

impl Follower {
    /// Begins with a ring of which `sent` messages were sent, and `received` given back.
    pub(super) fn new(track: Track, start: Start, sent: u64, received: u64) -> Self {
        // A higher count is corrupt, as the first look at it tells. The positions of all lanes
        // can be added up until then.
        let sent = sent.min(LAST_MESSAGE + 1);
        Self {
            track,
            next: match start {
                Start::Next => sent,
                Start::Oldest => received.min(sent),
                Start::First => 0,
            },
            committed: sent,
            sent: sent.saturating_sub(1),
            missed: 0,
            reach: u64::from(track.geometry().hot_slots()).div_ceil(2),
            copy: Vec::new(),
            ready: 0..0,
        }
    }

    /// See [`Tap::try_next`](super::Tap::try_next).
    pub(super) fn try_next(
        &mut self,
        object: &Object,
        message: &mut Message,
    ) -> Result<bool, TapError> {
        loop {
            if let Some(index) = self.ready.next() {
                self.hand_out(object, index, message)?;
                return Ok(true);
            }
            if self.next >= self.committed {
                self.committed = self.count(object)?;
                if self.next >= self.committed {
                    return Ok(false);
                }
            }
            let reach = self.reach;
            self.read(object)?;
            if self.ready.is_empty() && reach == 1 {
                return Ok(false);
            }
        }
    }

    /// The message in the slot at this index of the copy.
    fn hand_out(
        &mut self,
        object: &Object,
        index: usize,
        message: &mut Message,
    ) -> Result<(), TapError> {
        let slot = &self.copy[index * STRIDE..];
        let (stamp, payload) = slot.split_at(size_of::<Stamp>());
        let found = stamp_of(stamp).length();
        let length = usize::try_from(found).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            self.ready = 0..0;
            return Err(self.corrupt(object, Field::Length, found, 0..=MAX_MESSAGE as u64));
        }
        message.fill(self.next, length, |bytes| {
            bytes[..length].copy_from_slice(&payload[..length]);
        });
        message.set_lane(self.track.lane());
        self.next += 1;
        Ok(())
    }

    /// How many messages are committed: those that are counted, or one more if its sender was
    /// killed, or is at this moment, between the stamp and the count.
    fn count(&mut self, object: &Object) -> Result<u64, TapError> {
        let sent = self.counted(object)?;
        if sent != self.next || sent > LAST_MESSAGE {
            return Ok(sent);
        }
        let hot = Some(self.track.geometry().hot_slot(sent));
        for slot in [hot, self.track.geometry().cold_slot(sent)]
            .into_iter()
            .flatten()
        {
            let bits = word(object, self.track.slot_offset(slot))?;
            if Stamp::from_bits(bits).ordinal() == sent + 1 {
                return Ok(sent + 1);
            }
        }
        Ok(sent)
    }

    /// Copies the next message, and those in the slots after it; or passes over some.
    fn read(&mut self, object: &Object) -> Result<(), TapError> {
        let n = self.next;
        let (hot, slots) = (
            self.track.geometry().hot_slots(),
            self.track.geometry().slots(),
        );
        let mut is_found = self.read_from(object, self.track.geometry().hot_slot(n), hot.into())?;
        if !is_found && let Some(cold) = self.track.geometry().cold_slot(n) {
            is_found = self.read_from(object, cold, slots.into())?;
        }
        if !self.ready.is_empty() {
            self.reach = (self.reach * 2).min(u64::from(slots).div_ceil(2));
            return Ok(());
        }
        if !is_found && self.received(object)? <= n {
            // It is queued, so one of the two slots had it all the time.
            let found = stamp_of(&self.copy).ordinal();
            return Err(self.corrupt(object, Field::Stamp, found, n + 1..=n + 1));
        }
        self.committed = self.committed.max(self.counted(object)?);
        let newest = self.committed.saturating_sub(self.reach);
        self.pass_over(newest.saturating_sub(self.next).max(u64::from(!is_found)));
        self.reach = self.reach.div_ceil(2);
        Ok(())
    }

    /// Copies the slots from `first` on, the place of the next message, which it shares with every
    /// `period`th. `ready` is what they hold. Returns whether the next message was found, whole or
    /// not.
    fn read_from(&mut self, object: &Object, first: usize, period: u64) -> Result<bool, TapError> {
        let n = self.next;
        let run = RUN
            .min(self.reach)
            .min(self.committed - n)
            .min(period - n % period);
        let length = usize::try_from(run).unwrap_or(1) * STRIDE;
        // Acquire: the count was read before. It pairs with the sender's Release of the stamp, or
        // of `sent`: these messages were whole before they are copied.
        fence(Ordering::Acquire);
        self.copy.resize(length, 0);
        let start = self.track.slot_offset(first);
        if object.read_at(&mut self.copy, start)? < length {
            return Err(truncated(object)?);
        }
        let stamps = self.copy.chunks_exact(STRIDE).map(stamp_of).zip(n..);
        let there = stamps.take_while(|(stamp, n)| stamp.ordinal() == n + 1);
        let there = there.count();
        if there == 0 {
            return Ok(false);
        }
        let after = self.after(object, n, period)?;
        let numbers = (n..).take(there);
        let lost = numbers.take_while(|n| !after.is_whole(*n, period)).count();
        self.pass_over(lost as u64);
        self.ready = lost..there;
        Ok(true)
    }

    /// Misses that many messages.
    fn pass_over(&mut self, count: u64) {
        self.next += count;
        self.missed += count;
    }

    /// Reads what happened while slots were copied, that of message `n` first.
    fn after(&mut self, object: &Object, n: u64, period: u64) -> Result<After, TapError> {
        // Acquire: orders the copy before these loads, as the receiver's Release orders its own.
        fence(Ordering::Acquire);
        let mut after = After {
            begun: u64::MAX,
            received: u64::MAX,
        };
        if IS_ORDERED {
            after.begun = self.counted(object)?;
            if after.is_whole(n, period) {
                return Ok(after);
            }
        }
        after.received = self.received(object)?;
        if !IS_ORDERED && !after.is_whole(n, period) && barrier::heavy() {
            after.begun = self.counted(object)?;
        }
        Ok(after)
    }

    /// Reads `sent`, which never goes back.
    fn counted(&mut self, object: &Object) -> Result<u64, TapError> {
        let sent = word(object, self.track.sent_offset())?;
        if sent < self.sent || sent > LAST_MESSAGE + 1 {
            return Err(self.corrupt(object, Field::Sent, sent, self.sent..=LAST_MESSAGE + 1));
        }
        self.sent = sent;
        Ok(sent)
    }

    fn received(&self, object: &Object) -> Result<u64, TapError> {
        self.track.received(|offset| word(object, offset))
    }

    fn corrupt(
        &self,
        object: &Object,
        field: Field,
        found: u64,
        expected: RangeInclusive<u64>,
    ) -> TapError {
        TapError::Corrupt {
            name: object.name().to_string(),
            corrupt: self.track.locate(Corrupt::new(field, found, expected)),
        }
    }
}

/// The stamp at the start of a slot.
fn stamp_of(slot: &[u8]) -> Stamp {
    let mut bytes = [0; size_of::<Stamp>()];
    bytes.copy_from_slice(&slot[..size_of::<Stamp>()]);
    Stamp::from_bits(u64::from_ne_bytes(bytes))
}

/// A word that its writer stores at once.
fn word(object: &Object, offset: u64) -> Result<u64, TapError> {
    let mut bytes = [0; 8];
    if object.read_at(&mut bytes, offset)? < bytes.len() {
        return Err(truncated(object)?);
    }
    Ok(u64::from_ne_bytes(bytes))
}

fn truncated(object: &Object) -> Result<TapError, SystemError> {
    Ok(TapError::Truncated {
        name: object.name().to_string(),
        found: object.size()?,
    })
}
