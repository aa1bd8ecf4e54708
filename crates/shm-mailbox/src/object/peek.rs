//! What is queued in a mailbox or on a bus, read without taking it.
//!
//! As in the rest of [`observe`], this reads the object through its descriptor, maps and locks
//! nothing, and neither endpoint notices. A receiver may have taken a message by the time you see
//! it. A message is never a mixture of two.
//!
//! ```
//! use shm_mailbox::{Mailbox, observe, peek};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let orders = format!("doc-peek-{}", std::process::id());
//! # let orders = orders.as_str();
//! let mut sender = Mailbox::options(orders).sender()?;
//! sender.send(b"one")?;
//! sender.send(b"two")?;
//!
//! let object = observe::open(&orders.parse()?)?;
//! for message in peek::queued(&object)? {
//!     let message = message?;
//!     println!("{}: {:?}", message.sequence(), message.as_bytes());
//! }
//! # assert_eq!(peek::queued(&object)?.count(), 2);
//! # let mut receiver = Mailbox::options(orders).receiver()?;
//! # receiver.recv(&mut shm_mailbox::Message::new())?;
//! # receiver.recv(&mut shm_mailbox::Message::new())?;
//! # sender.close()?;
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{Ordering, fence};

use shm_core::{Object, SystemError};
use thiserror::Error;

use crate::memory::id::MailboxId;
use crate::memory::layout::Stamp;
use crate::memory::{message::Message, payload::MAX_MESSAGE};
use crate::object::observe::{self, Content, Lane};
use crate::object::track::Track;
use crate::protocol::corrupt::{Corrupt, Field};

/// Why the queue could not be read, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PeekError {
    /// The object is not a mailbox or bus that this library can read.
    #[error("object {name:?} is not a mailbox that this version can read; check what it is")]
    NotAMailbox {
        /// The object.
        name: String,
    },
    /// A counted message does not exist, or has an impossible length.
    #[error("object {name:?} is corrupt: {corrupt}; remove it and restart both processes")]
    Corrupt {
        /// The object.
        name: String,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Lists the messages that are queued at this moment, oldest first; of a bus, lane by lane.
///
/// A message of a bus is queued until every receiver that counts has acknowledged it.
///
/// # Errors
///
/// [`PeekError::NotAMailbox`]; [`PeekError::System`] if the object was opened before a `fork`.
pub fn queued(object: &Object) -> Result<Queue<'_>, PeekError> {
    // Counts that no correct peer writes give a queue that is as long as the ring, and an error at
    // its first message.
    let numbers = |received: u64, queued: u64| received..received.saturating_add(queued);
    let (id, rings) = match observe::look(object)? {
        Content::Mailbox(seen) => {
            let ring = (
                Track::of_mailbox(&seen),
                numbers(seen.received, seen.queued),
            );
            (seen.id, vec![ring])
        }
        Content::Bus(seen) => {
            let ring = |lane: &Lane| {
                let track = Track::of_lane(&seen, lane.lane);
                (track, numbers(lane.received, lane.queued))
            };
            (seen.id, seen.lanes.iter().map(ring).collect())
        }
        _ => {
            return Err(PeekError::NotAMailbox {
                name: object.name().to_string(),
            });
        }
    };
    Ok(Queue {
        id,
        object,
        rings: rings.into(),
        failed: false,
    })
}

/// The messages that were queued at the call of [`queued`].
///
/// It leaves out those that a receiver takes before they are read.
///
/// An error is the last item.
#[derive(Debug)]
pub struct Queue<'a> {
    id: MailboxId,
    object: &'a Object,
    /// The rings, and the numbers of the messages of each that have not been read yet.
    rings: VecDeque<(Track, Range<u64>)>,
    failed: bool,
}

impl Iterator for Queue<'_> {
    type Item = Result<Message, PeekError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let (track, numbers) = self.rings.front()?;
            let (track, n) = (*track, numbers.start);
            if numbers.is_empty() {
                self.rings.pop_front();
                continue;
            }
            match self.read_after(track, n, || {}) {
                Ok(Ok(message)) => {
                    self.go_on_at(n + 1);
                    return Some(Ok(message));
                }
                // It was taken, and perhaps others after it.
                Ok(Err(received)) => self.go_on_at(received),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Queue<'_> {
    /// Returns the identity of the mailbox or the bus.
    #[must_use]
    pub fn id(&self) -> MailboxId {
        self.id
    }

    /// Passes over the messages of the first ring before `n`.
    fn go_on_at(&mut self, n: u64) {
        if let Some((_, numbers)) = self.rings.front_mut() {
            numbers.start = n;
        }
    }

    /// Reads message `n`, or returns the number of the next not taken if a receiver takes it first.
    /// Calls `meanwhile` between finding the message and copying it.
    fn read_after(
        &self,
        track: Track,
        n: u64,
        meanwhile: impl Fn(),
    ) -> Result<Result<Message, u64>, PeekError> {
        let found = match self.locate(track, n)? {
            Ok((slot, stamp)) => {
                meanwhile();
                Ok(self.copy(track, slot, stamp)?)
            }
            Err(other) => Err(other),
        };
        // The sender writes over a message, its bytes first and its stamp last, only after
        // `received` has gone beyond it. So what was read before this look, and is not beyond it,
        // is whole; the stamp alone would not tell. Acquire: orders the copy before the look, as
        // the receiver's Release orders its own.
        fence(Ordering::Acquire);
        let received = track.received(|offset| self.word(offset))?;
        if received > n {
            return Ok(Err(received));
        }
        match found {
            Ok(message) => Ok(Ok(message)),
            Err(other) => Err(self.corrupt(track, Field::Stamp, other, n + 1..=n + 1)),
        }
    }

    /// The location of message `n`, and its stamp; if it is not there, the number found instead.
    ///
    /// Each number is stamped into one slot only, so whichever place shows it is the right one.
    fn locate(&self, track: Track, n: u64) -> Result<Result<(usize, Stamp), u64>, PeekError> {
        let geometry = track.geometry();
        let hot = geometry.hot_slot(n);
        let stamp = self.stamp(track, hot)?;
        if stamp.ordinal() == n + 1 {
            return Ok(Ok((hot, stamp)));
        }
        if let Some(cold) = geometry.cold_slot(n) {
            let stamp = self.stamp(track, cold)?;
            if stamp.ordinal() == n + 1 {
                return Ok(Ok((cold, stamp)));
            }
        }
        Ok(Err(stamp.ordinal()))
    }

    /// The message behind a stamp, as far as it is still that one.
    fn copy(&self, track: Track, slot: usize, stamp: Stamp) -> Result<Message, PeekError> {
        let length = usize::try_from(stamp.length()).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            let expected = 0..=MAX_MESSAGE as u64;
            return Err(self.corrupt(track, Field::Length, stamp.length(), expected));
        }
        // Acquire: the stamp was read before; it pairs with the sender's Release of it.
        fence(Ordering::Acquire);
        let start = track.slot_offset(slot) + size_of::<Stamp>() as u64;
        let mut message = Message::new();
        message.set_lane(track.lane());
        let mut read = Ok(0);
        message.fill(stamp.ordinal() - 1, length, |bytes| {
            read = self.object.read_at(&mut bytes[..length], start);
        });
        read?;
        Ok(message)
    }

    fn stamp(&self, track: Track, slot: usize) -> Result<Stamp, SystemError> {
        self.word(track.slot_offset(slot)).map(Stamp::from_bits)
    }

    /// A word that its writer stores at once; 0 if the object has lost its memory.
    fn word(&self, offset: u64) -> Result<u64, SystemError> {
        let mut bytes = [0; 8];
        self.object.read_at(&mut bytes, offset)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn corrupt(
        &self,
        track: Track,
        field: Field,
        found: u64,
        expected: RangeInclusive<u64>,
    ) -> PeekError {
        PeekError::Corrupt {
            name: self.object.name().to_string(),
            corrupt: track.locate(Corrupt::new(field, found, expected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use shm_core::ShmName;

    use super::*;
    use crate::Mailbox;
    use crate::memory::geometry::Geometry;

    /// A name of an object that is removed afterwards, also when the test fails.
    struct Name(ShmName);

    impl Drop for Name {
        fn drop(&mut self) {
            let _ = shm_core::unlink(&self.0);
        }
    }

    #[test]
    fn a_message_whose_slot_is_written_again_is_not_shown_although_its_stamp_still_stands() {
        let name = format!("shm-mailbox-peek-{}", std::process::id());
        let unlinked = Name(name.parse().unwrap());
        let mut sender = Mailbox::options(&name).slots(1).sender().unwrap();
        sender.send(b"old").unwrap();
        let receiver = Mailbox::options(&name).receiver().unwrap();
        let receiver = RefCell::new(receiver);
        let object = observe::open(&unlinked.0).unwrap();
        let mut queue = queued(&object).unwrap();
        let (track, _) = queue.rings[0];
        let shown = queue.read_after(track, 0, || {
            receiver.borrow_mut().recv(&mut Message::new()).unwrap();
            // As a sender that has come as far as the first byte of the next message, and not to
            // its stamp.
            let file = File::options().write(true).open(format!("/dev/shm/{name}"));
            let payload = Geometry::slot_offset(0) + 8;
            file.unwrap().write_all_at(b"n", payload).unwrap();
        });
        sender.close().unwrap();
        assert!(matches!(shown, Ok(Err(1))), "{shown:?}");
        assert!(queue.next().is_none());
    }
}
