//! The messages that pass through a mailbox or a bus, read without taking them or holding a sender
//! back.
//!
//! As in the rest of [`observe`], this reads the object through its descriptor, maps, locks and
//! writes nothing, and neither endpoint notices. A [`Tap`] also shows messages that the receiver
//! has taken already, as long as the sender has not used their slots again. If messages pass faster
//! than it reads them, it misses some, and counts them. It never shows a mixture of two messages,
//! no message twice, and none out of order.
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

mod follower;

use shm_core::{Object, SystemError};
use thiserror::Error;

use crate::memory::id::MailboxId;
use crate::memory::message::Message;
use crate::object::observe::{self, Content};
use crate::object::track::Track;
use crate::protocol::corrupt::Corrupt;
use follower::Follower;

/// Why a mailbox could not be watched, or not any longer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TapError {
    /// The object is not a mailbox or bus that this library can read.
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
    /// The first message that was ever sent. Overwritten messages count as missed.
    First,
}

/// An observer that follows the messages of one mailbox, or of all lanes of a bus.
///
/// It stays with the object that it was given, also if another one gets its name.
#[derive(Debug)]
pub struct Tap {
    object: Object,
    id: MailboxId,
    /// In the order of the lanes, including those that no sender has taken yet.
    rings: Vec<Follower>,
    /// The ring to test first.
    turn: usize,
}

impl Tap {
    /// Begins to follow the mailbox or the bus in `object`, which may be open for reading only.
    ///
    /// # Errors
    ///
    /// [`TapError::NotAMailbox`]; [`TapError::System`] if the object was opened before a `fork`.
    pub fn new(object: Object, start: Start) -> Result<Self, TapError> {
        let (id, rings) = match observe::look(&object)? {
            Content::Mailbox(seen) => {
                let track = Track::of_mailbox(&seen);
                let ring = Follower::new(track, start, seen.sent, seen.received);
                (seen.id, vec![ring])
            }
            Content::Bus(seen) => {
                let ring = |lane| {
                    let track = Track::of_lane(&seen, lane);
                    let known = seen.lanes.iter().find(|known| known.lane == lane);
                    let (sent, received) = known.map_or((0, 0), |lane| (lane.sent, lane.received));
                    Follower::new(track, start, sent, received)
                };
                (seen.id, (0..seen.senders).map(ring).collect())
            }
            _ => {
                return Err(TapError::NotAMailbox {
                    name: object.name().to_string(),
                });
            }
        };
        Ok(Self {
            object,
            id,
            rings,
            turn: 0,
        })
    }

    /// Returns the identity of the mailbox or the bus.
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
    ///
    /// Of a bus it is the sum of these numbers of all lanes.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.rings.iter().map(|ring| ring.next).sum()
    }

    /// Returns how many messages were missed so far, in all lanes of a bus.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.rings.iter().map(|ring| ring.missed).sum()
    }

    /// Copies the next message into `message`; `false` if there is none to show now.
    ///
    /// Then either none has come since the last one, or the sender has written over those that came
    /// before they were copied. It passes over these, and counts them in [`missed`](Self::missed).
    ///
    /// It takes some system calls, and never waits. Reading takes the cache lines of the slots from
    /// the endpoints, which slows them down if it happens all the time. So let at least 100 µs pass
    /// after a `false`.
    ///
    /// # Errors
    ///
    /// [`TapError::Corrupt`], [`TapError::Truncated`]; after one of these each call fails.
    /// [`TapError::System`] in practice never.
    pub fn try_next(&mut self, message: &mut Message) -> Result<bool, TapError> {
        for _ in 0..self.rings.len() {
            let ring = &mut self.rings[self.turn];
            let is_there = ring.try_next(&self.object, message)?;
            // Other lanes have their turn after a block copied at once.
            if ring.ready.is_empty() {
                self.turn = (self.turn + 1) % self.rings.len();
            }
            if is_there {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
