//! Several senders and several receivers: every receiver gets every message of every sender.
//!
//! A bus has a *lane* for each sender and a *place* for each receiver. What a mailbox promises
//! holds in each lane for each receiver: every message whole, in order, until that receiver has
//! acknowledged it, across kills of any of them. Between two senders there is no order.
//!
//! A receiver counts from the moment it attaches: no sender overwrites what it has not
//! acknowledged. A receiver without a label counts until its process leaves or dies. If the process
//! dies, the kernel frees its lock, and a sender that waits for it drops it. A receiver with a
//! label keeps its place and messages until a process attaches with that label again or forgets it.
//! A stopped receiver holds the senders back as soon as a lane is full. No receiver is dropped
//! because time has passed.
//!
//! [`Sender`] and [`Receiver`] have the calls of a mailbox's endpoints.
//!
//! ```
//! use shm_mailbox::Message;
//! use shm_mailbox::bus::Bus;
//!
//! # let ticks = format!("doc-bus-{}", std::process::id());
//! # let ticks = ticks.as_str();
//! let mut sender = Bus::options(ticks).receivers(4).sender()?;
//!
//! // Usually in other processes.
//! let mut prices = Bus::options(ticks).receiver()?;
//! let mut billing = Bus::options(ticks).label("billing").receiver()?;
//!
//! sender.send("price 42")?;
//! let mut message = Message::new();
//! for receiver in [&mut prices, &mut billing] {
//!     receiver.recv(&mut message)?;
//!     assert_eq!(message, "price 42");
//!     assert_eq!((message.lane(), message.sequence()), (0, 0));
//! }
//!
//! drop(prices);
//! billing.forget()?;
//! sender.close()?; // everything was received: the object is unlinked
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io::ErrorKind;

use shm_core::SystemError;
use thiserror::Error;

use crate::error::{AttachError, CloseError, into_io_error};
use crate::object::close::{Closed, Disposal};
use crate::object::observe;
use crate::options::Options;
use crate::wait::Wait;

pub use crate::memory::label::Label;
pub use crate::protocol::bus::Join;

/// The sending endpoint of a bus; see [`crate::Sender`].
pub type Sender = crate::Sender<Bus>;

/// The receiving endpoint of a bus; see [`crate::Receiver`].
pub type Receiver = crate::Receiver<Bus>;

/// The start of every endpoint of a bus: see [`Bus::options`].
#[derive(Clone, Debug)]
pub enum Bus {}

impl Bus {
    /// Makes options for the bus called `name`, with or without a leading slash.
    ///
    /// Nothing happens before [`Options::sender`] or [`Options::receiver`].
    pub fn options(name: impl AsRef<str>) -> Options<Self> {
        Options::new(name.as_ref())
    }
}

/// Why a label was not forgotten.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForgetError {
    /// Attaching to the place or the lane failed: [`AttachError::NoLabel`] if neither has the
    /// label, [`AttachError::LabelTaken`] if a living process has one of them.
    #[error(transparent)]
    Attach(AttachError),
    /// Closing the place or the lane failed.
    #[error(transparent)]
    Close(CloseError),
}

into_io_error!(ForgetError);

impl ForgetError {
    /// Returns the kind of [`std::io::Error`] that this becomes: that of the error inside.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Attach(error) => error.kind(),
            Self::Close(error) => error.kind(),
        }
    }
}

impl Options<Bus> {
    /// Forgets the [`label`](Self::label): gives up its place, with the messages kept there, and
    /// its lane.
    ///
    /// It attaches as their receiver and sender, and unlinks the object if
    /// [`Receiver::forget`](crate::Receiver::forget) or [`Sender::forget`](crate::Sender::forget)
    /// would. It never creates the object.
    ///
    /// # Errors
    ///
    /// [`ForgetError`]. If a living process has only the place or only the lane, this call still
    /// forgets the free one.
    pub fn forget(mut self) -> Result<Closed, ForgetError> {
        self.settings.create = false;
        self.settings.resume_only = true;
        // It never waits, and needs no bell.
        self.settings.wait = Wait::Block;
        self.settings.prompt = false;
        let label = self.settings.label.get_or_insert_default();
        if label.is_empty() {
            let found = String::new();
            return Err(ForgetError::Attach(AttachError::Label { found }));
        }
        let place = match self.clone().receiver() {
            Ok(receiver) => receiver.forget().map_err(ForgetError::Close),
            Err(error) => Err(ForgetError::Attach(error)),
        };
        if place == Ok(Closed::Unlinked) {
            // The object was unlinked, and the lane with it.
            return place;
        }
        let lane = match self.sender() {
            Ok(sender) => sender.forget().map_err(ForgetError::Close),
            Err(error) => Err(ForgetError::Attach(error)),
        };
        match (place, lane) {
            (Err(error), lane) if error.is_absence() => lane,
            (place, Err(error)) if error.is_absence() => place,
            (Err(error), _) => Err(error),
            (Ok(_), lane) => lane,
        }
    }
}

impl ForgetError {
    /// No seat has the label.
    fn is_absence(&self) -> bool {
        matches!(self, Self::Attach(AttachError::NoLabel { .. }))
    }
}

impl Sender {
    /// Returns the lane that this sender has: 0 to 31.
    #[must_use]
    pub fn lane(&self) -> u32 {
        self.end.channel.seat().index
    }

    /// Returns how many receivers the bus has room for: 1 to 32.
    #[must_use]
    pub fn receivers(&self) -> u32 {
        self.end.channel.region.form().receivers()
    }

    /// Returns how many senders the bus has room for: 1 to 32.
    #[must_use]
    pub fn senders(&self) -> u32 {
        self.end.channel.region.form().senders()
    }

    /// Returns the receivers that count: whether each is attached, how far it is behind this
    /// sender, and whether it holds the sender back.
    ///
    /// # Errors
    ///
    /// If the system cannot query the receivers' locks.
    pub fn places(&self) -> Result<Vec<observe::Place>, SystemError> {
        let lane = self.lane();
        let seen = observe::look_at_bus(&self.end.channel.object)?;
        Ok(seen.map_or_else(Vec::new, |bus| bus.places_of(lane).collect()))
    }

    /// Closes this endpoint as [`close`](Self::close) does, and removes the label from its lane.
    /// Then any sender may take the lane.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn forget(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Forget)
    }
}

impl Receiver {
    /// Returns the place that this receiver has: 0 to 31.
    #[must_use]
    pub fn place(&self) -> u32 {
        self.end.channel.seat().index
    }

    /// Returns how many receivers the bus has room for: 1 to 32.
    #[must_use]
    pub fn receivers(&self) -> u32 {
        self.end.channel.region.form().receivers()
    }

    /// Returns how many senders the bus has room for: 1 to 32.
    #[must_use]
    pub fn senders(&self) -> u32 {
        self.end.channel.region.form().senders()
    }

    /// Returns the lanes taken so far: whether the sender of each is attached, and how many
    /// messages it has queued for this receiver.
    ///
    /// # Errors
    ///
    /// If the system cannot query the senders' locks.
    pub fn lanes(&self) -> Result<Vec<observe::Lane>, SystemError> {
        let place = self.place();
        let seen = observe::look_at_bus(&self.end.channel.object)?;
        let lanes = seen.iter().flat_map(|bus| bus.lanes_of(place));
        let is_broken = |lane| self.end.cursor.is_broken(lane);
        Ok(lanes
            .map(|lane| observe::Lane {
                corrupt: is_broken(lane.lane),
                ..lane
            })
            .collect())
    }

    /// Closes this endpoint as [`close`](Self::close) does, and removes the label from its place.
    /// The bus no longer keeps messages for it.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn forget(mut self) -> Result<Closed, CloseError> {
        self.end.leave(Disposal::Forget)
    }
}
