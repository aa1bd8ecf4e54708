//! What passes through a mailbox, read without taking it and without holding anybody back.
//!
//! As the rest of [`observe`]: the object is read through its descriptor, nothing is mapped, locked
//! or written, and neither end notices. A [`Tap`] also shows messages that the receiver has taken
//! already, as long as the sender has not used their slots again. If they pass faster than they are
//! read, it misses some, and counts them. It never shows a mixture of two messages, no message
//! twice, and none out of order.
//!
//! `docs/protocol.md`, "Watching", has the argument, and what is different on aarch64.
//!
//! ```
//! use shm_mailbox::tap::{Start, Tap};
//! use shm_mailbox::{Mailbox, Message, observe};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let orders = format!("doc-tap-{}", std::process::id());
//! # let orders = orders.as_str();
//! let mut sender = Mailbox::options(orders).sender()?;
//! let mut receiver = Mailbox::options(orders).receiver()?;
//!
//! let mut tap = Tap::new(observe::open(&orders.parse()?)?, Start::Next)?;
//! let mut message = Message::new();
//! assert!(!tap.try_next(&mut message)?);
//!
//! sender.send(b"one")?;
//! receiver.recv(&mut message)?;
//! assert!(tap.try_next(&mut message)?);
//! assert_eq!(message, b"one");
//! assert_eq!(tap.missed(), 0);
//! # sender.close()?;
//! # Ok(())
//! # }
//! ```

use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{Ordering, fence};

use shm_core::{Object, SystemError, barrier};
use thiserror::Error;

use crate::memory::geometry::Geometry;
use crate::memory::id::MailboxId;
use crate::memory::layout::{LAST_MESSAGE, Stamp, offset};
use crate::memory::{message::Message, payload::MAX_MESSAGE};
use crate::object::observe::{self, Content};
use crate::protocol::corrupt::{Corrupt, Field};

/// Slots that are copied at once, at most.
const RUN: u64 = 32;

/// The bytes from one slot to the next.
#[expect(clippy::cast_possible_truncation, reason = "1088")]
const STRIDE: usize = (Geometry::slot_offset(1) - Geometry::slot_offset(0)) as usize;

/// Whether others see the sender's stores in the order in which it makes them. Elsewhere `sent` may
/// come after the first bytes of the next message, unless a barrier in that process comes between.
const IS_ORDERED: bool = cfg!(target_arch = "x86_64");

/// Why a mailbox could not be watched, or not any longer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TapError {
    /// The object is no mailbox of a form that this library reads.
    #[error("object {name:?} is not a mailbox that this version can read; check what it is")]
    NotAMailbox {
        /// The object.
        name: String,
    },
    /// A count went back, or a queued message does not exist or has an impossible length.
    #[error("object {name:?} is corrupt: {corrupt}; remove it and restart both processes")]
    Corrupt {
        /// The object.
        name: String,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// The object has become too small for a mailbox.
    #[error("object {name:?} was truncated to {found} bytes; restart both processes")]
    Truncated {
        /// The object.
        name: String,
        /// Its size in bytes.
        found: u64,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// The first message that a [`Tap`] shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// The next that is sent.
    #[default]
    Next,
    /// The oldest that is queued.
    Oldest,
    /// The first that was ever sent: those that are gone count as missed.
    First,
}

/// An observer that follows the messages of one mailbox.
///
/// It stays with the object that it was given, also if another one gets its name.
#[derive(Debug)]
pub struct Tap {
    object: Object,
    id: MailboxId,
    geometry: Geometry,
    /// The number of the next message to show.
    next: u64,
    /// The messages below this number are committed. Read before their slots are copied.
    committed: u64,
    /// The highest `sent` that was read.
    sent: u64,
    missed: u64,
    /// How many messages behind the newest it goes on after it has missed one: half as many after
    /// each miss, twice as many after each hit.
    reach: u64,
    /// Slots as they were copied.
    copy: Vec<u8>,
    /// Those of them that hold the messages from `next` on, unharmed.
    ready: Range<usize>,
}

/// What was read after slots were copied, and tells which of them were not written meanwhile.
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

impl Tap {
    /// Begins to follow the mailbox in `object`, which may be open for reading only.
    ///
    /// # Errors
    ///
    /// [`TapError::NotAMailbox`]; [`TapError::System`] if the object was opened before a `fork`.
    pub fn new(object: Object, start: Start) -> Result<Self, TapError> {
        let Content::Mailbox(seen) = observe::look(&object)? else {
            return Err(TapError::NotAMailbox {
                name: object.name().to_string(),
            });
        };
        let geometry = Geometry::with_hot(seen.slots, seen.hot_slots).expect("it was checked");
        let next = match start {
            Start::Next => seen.sent,
            Start::Oldest => seen.received.min(seen.sent),
            Start::First => 0,
        };
        Ok(Self {
            object,
            id: seen.id,
            geometry,
            next,
            committed: seen.sent,
            sent: seen.sent.saturating_sub(1),
            missed: 0,
            reach: u64::from(geometry.hot_slots()).div_ceil(2),
            copy: Vec::new(),
            ready: 0..0,
        })
    }

    /// Returns the mailbox's identity.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.id
    }

    /// Returns the object, for [`observe::look`] and the like.
    #[must_use]
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Returns the number of the next message: each below it, from the first on, was shown or
    /// missed.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Returns how many messages were missed so far.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Copies the next message into `message`; `false` if there is none to show now.
    ///
    /// Then either none has come since the last one, or the sender has written over those that came
    /// before they were copied. It passes over these, and counts them in [`missed`](Self::missed).
    ///
    /// It takes some system calls, and never waits. Reading takes the cache lines of the slots from
    /// the two ends, which slows them down if it happens all the time. So let at least 100 µs pass
    /// after a `false`.
    ///
    /// # Errors
    ///
    /// [`TapError::Corrupt`], [`TapError::Truncated`]; after one of these each call fails.
    /// [`TapError::System`] in practice never.
    pub fn try_next(&mut self, message: &mut Message) -> Result<bool, TapError> {
        loop {
            if let Some(index) = self.ready.next() {
                self.hand_out(index, message)?;
                return Ok(true);
            }
            if self.next >= self.committed {
                self.committed = self.count()?;
                if self.next >= self.committed {
                    return Ok(false);
                }
            }
            let reach = self.reach;
            self.read()?;
            if self.ready.is_empty() && reach == 1 {
                return Ok(false);
            }
        }
    }

    /// The message in the slot at this index of the copy.
    fn hand_out(&mut self, index: usize, message: &mut Message) -> Result<(), TapError> {
        let slot = &self.copy[index * STRIDE..];
        let (stamp, payload) = slot.split_at(size_of::<Stamp>());
        let found = stamp_of(stamp).length();
        let length = usize::try_from(found).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            self.ready = 0..0;
            return Err(self.corrupt(Field::Length, found, 0..=MAX_MESSAGE as u64));
        }
        message.fill(self.next, length, |bytes| {
            bytes[..length].copy_from_slice(&payload[..length]);
        });
        self.next += 1;
        Ok(())
    }

    /// How many messages are committed: those that are counted, or one more if its sender was
    /// killed, or is at this moment, between the stamp and the count.
    fn count(&mut self) -> Result<u64, TapError> {
        let sent = self.counted()?;
        if sent != self.next || sent > LAST_MESSAGE {
            return Ok(sent);
        }
        let hot = Some(self.geometry.hot_slot(sent));
        for slot in [hot, self.geometry.cold_slot(sent)].into_iter().flatten() {
            let bits = self.word(Geometry::slot_offset(slot))?;
            if Stamp::from_bits(bits).ordinal() == sent + 1 {
                return Ok(sent + 1);
            }
        }
        Ok(sent)
    }

    /// Copies the next message, and those after it as far as they stand behind it; or passes over
    /// some.
    fn read(&mut self) -> Result<(), TapError> {
        let n = self.next;
        let (hot, slots) = (self.geometry.hot_slots(), self.geometry.slots());
        let mut is_found = self.read_from(self.geometry.hot_slot(n), hot.into())?;
        if !is_found && let Some(cold) = self.geometry.cold_slot(n) {
            is_found = self.read_from(cold, slots.into())?;
        }
        if !self.ready.is_empty() {
            self.reach = (self.reach * 2).min(u64::from(slots).div_ceil(2));
            return Ok(());
        }
        if !is_found && self.word(offset::RECEIVED)? <= n {
            // It is queued, so one of the two slots had it all the time.
            let found = stamp_of(&self.copy).ordinal();
            return Err(self.corrupt(Field::Stamp, found, n + 1..=n + 1));
        }
        self.committed = self.committed.max(self.counted()?);
        let newest = self.committed.saturating_sub(self.reach);
        self.pass_over(newest.saturating_sub(self.next).max(u64::from(!is_found)));
        self.reach = self.reach.div_ceil(2);
        Ok(())
    }

    /// Copies the slots from `first` on, the place of the next message, which it shares with every
    /// `period`th. `ready` is what they hold. Whether the next message was there, whole or not.
    fn read_from(&mut self, first: usize, period: u64) -> Result<bool, TapError> {
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
        let start = Geometry::slot_offset(first);
        if self.object.read_at(&mut self.copy, start)? < length {
            return Err(self.truncated()?);
        }
        let stamps = self.copy.chunks_exact(STRIDE).map(stamp_of).zip(n..);
        let there = stamps.take_while(|(stamp, n)| stamp.ordinal() == n + 1);
        let there = there.count();
        if there == 0 {
            return Ok(false);
        }
        let after = self.after(n, period)?;
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

    /// Looks what happened while slots were copied, that of message `n` first.
    fn after(&mut self, n: u64, period: u64) -> Result<After, TapError> {
        // Acquire: orders the copy before the looks, as the receiver's Release orders its own.
        fence(Ordering::Acquire);
        let mut after = After {
            begun: u64::MAX,
            received: u64::MAX,
        };
        if IS_ORDERED {
            after.begun = self.counted()?;
            if after.is_whole(n, period) {
                return Ok(after);
            }
        }
        after.received = self.word(offset::RECEIVED)?;
        if !IS_ORDERED && !after.is_whole(n, period) && barrier::heavy() {
            after.begun = self.counted()?;
        }
        Ok(after)
    }

    /// Reads `sent`, which never goes back.
    fn counted(&mut self) -> Result<u64, TapError> {
        let sent = self.word(offset::SENT)?;
        if sent < self.sent || sent > LAST_MESSAGE + 1 {
            return Err(self.corrupt(Field::Sent, sent, self.sent..=LAST_MESSAGE + 1));
        }
        self.sent = sent;
        Ok(sent)
    }

    /// A word that its writer stores at once.
    fn word(&self, offset: u64) -> Result<u64, TapError> {
        let mut bytes = [0; 8];
        if self.object.read_at(&mut bytes, offset)? < bytes.len() {
            return Err(self.truncated()?);
        }
        Ok(u64::from_ne_bytes(bytes))
    }

    fn truncated(&self) -> Result<TapError, SystemError> {
        Ok(TapError::Truncated {
            name: self.object.name().to_string(),
            found: self.object.size()?,
        })
    }

    fn corrupt(&self, field: Field, found: u64, expected: RangeInclusive<u64>) -> TapError {
        TapError::Corrupt {
            name: self.object.name().to_string(),
            corrupt: Corrupt::new(field, found, expected),
        }
    }
}

/// The stamp at the start of a slot.
fn stamp_of(slot: &[u8]) -> Stamp {
    let mut bytes = [0; size_of::<Stamp>()];
    bytes.copy_from_slice(&slot[..size_of::<Stamp>()]);
    Stamp::from_bits(u64::from_ne_bytes(bytes))
}
