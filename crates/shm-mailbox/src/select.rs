//! Waiting for any of several endpoints, in a program without an event loop.

use std::io;

use shm_core::{BellError, Moment, SystemError, bell};
use thiserror::Error;

use crate::error::{RecvError, SendError};
use crate::kind::Kind;
use crate::object::bell::{Armed, Bell};
use crate::receiver::Receiver;
use crate::sender::Sender;
use crate::wait::{self, limit::Limit};

/// Waits for any of up to 64 endpoints, receivers and senders.
///
/// A receiver is ready when it has a message, a sender when it has room, and each of them when its
/// next call returns an error. While none is ready the thread sleeps on their
/// [bells](Receiver::bell).
///
/// **Fairness**: a call looks first at the endpoint after the one that the last call returned, and
/// goes round. So an endpoint that is always ready comes once in a round, and holds up no other.
///
/// ```
/// use shm_mailbox::{Mailbox, Message, Select};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (mut tea, mut teas) = Mailbox::pair()?;
/// let (_coffee, mut coffees) = Mailbox::pair()?;
/// tea.send("one tea")?;
///
/// let mut select = Select::new();
/// let mut message = Message::new();
/// match select.wait(&mut [&mut coffees, &mut teas], None)? {
///     0 => coffees.try_recv(&mut message)?,
///     _ => teas.try_recv(&mut message)?,
/// }
/// assert_eq!(message, "one tea");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Select {
    /// Where the next call begins.
    next: usize,
}

/// Why [`Select::wait`] returned no endpoint.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectError {
    /// The time-out passed, and none is ready.
    #[error("timed out waiting for {ends} endpoints")]
    TimedOut {
        /// How many endpoints there are.
        ends: usize,
    },
    /// A signal handler ran, or the [interrupt flag](crate::Options::interrupt) of an endpoint is
    /// set.
    #[error("interrupted while waiting for {ends} endpoints")]
    Interrupted {
        /// How many endpoints there are.
        ends: usize,
    },
    /// There are more than 64 endpoints.
    #[error("cannot wait for {ends} endpoints, expected at most 64; use several threads")]
    TooMany {
        /// How many endpoints there are.
        ends: usize,
    },
    /// The system has no bell for one of them.
    #[error("endpoint {place}: {error}")]
    Bell {
        /// Which one, counted from 0.
        place: usize,
        /// What the system lacks.
        error: BellError,
    },
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

impl SelectError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::TimedOut { .. } => io::ErrorKind::TimedOut,
            Self::Interrupted { .. } => io::ErrorKind::Interrupted,
            Self::TooMany { .. } => io::ErrorKind::InvalidInput,
            Self::Bell { error, .. } => error.kind(),
            Self::System(error) => error.kind(),
        }
    }
}

/// An endpoint that [`Select`] can wait for: a [`Sender`] or a [`Receiver`].
pub trait Selectable: sealed::Sealed {}

impl<K: Kind> Selectable for Receiver<K> {}
impl<K: Kind> Selectable for Sender<K> {}

mod sealed {
    use super::{Armed, Bell, BellError};

    pub trait Sealed {
        /// Whether to wait; an error only if there is no bell.
        fn arm_or_report(&mut self) -> Result<Armed, BellError>;

        fn bell(&mut self) -> Result<Bell, BellError>;

        /// Its interrupt flag, if it has one.
        fn interrupt(&self) -> Option<bool>;
    }
}

impl<K: Kind> sealed::Sealed for Receiver<K> {
    fn arm_or_report(&mut self) -> Result<Armed, BellError> {
        match self.arm() {
            Err(RecvError::Bell(error)) => Err(error),
            armed => Ok(armed.unwrap_or(Armed::Now)),
        }
    }

    fn bell(&mut self) -> Result<Bell, BellError> {
        self.bell()
    }

    fn interrupt(&self) -> Option<bool> {
        self.end.waiter.interrupt()
    }
}

impl<K: Kind> sealed::Sealed for Sender<K> {
    fn arm_or_report(&mut self) -> Result<Armed, BellError> {
        match self.arm() {
            Err(SendError::Bell(error)) => Err(error),
            armed => Ok(armed.unwrap_or(Armed::Now)),
        }
    }

    fn bell(&mut self) -> Result<Bell, BellError> {
        self.bell()
    }

    fn interrupt(&self) -> Option<bool> {
        self.end.waiter.interrupt()
    }
}

impl Select {
    /// Makes one that begins with the first endpoint.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until one of `ends` is ready, for at most `limit`, and returns its place, from 0.
    ///
    /// The limit is a [`Duration`](std::time::Duration), an [`Instant`](std::time::Instant), or
    /// `None` for no limit. The endpoint stays ready until its own calls say otherwise: take its
    /// messages with [`Receiver::try_recv`], or send with [`Sender::try_send`]. These return its
    /// error, too, if it has one.
    ///
    /// # Errors
    ///
    /// [`SelectError::TimedOut`], [`SelectError::Interrupted`] after a signal or if a flag is set,
    /// [`SelectError::TooMany`], [`SelectError::Bell`]. None of them is an endpoint's own.
    pub fn wait(
        &mut self,
        ends: &mut [&mut dyn Selectable],
        limit: impl Into<Limit>,
    ) -> Result<usize, SelectError> {
        let count = ends.len();
        if count > bell::MOST {
            return Err(SelectError::TooMany { ends: count });
        }
        let deadline = limit.into().deadline();
        let mut bells = Vec::with_capacity(count);
        for (place, end) in ends.iter_mut().enumerate() {
            let bell = end.bell();
            bells.push(bell.map_err(|error| SelectError::Bell { place, error })?);
        }
        let bells: Vec<_> = bells.iter().map(AsRef::as_ref).collect();
        // When each wants to look again.
        let mut again = vec![deadline; count];
        let mut rung = u64::MAX;
        loop {
            for turn in 0..count {
                let place = (self.next + turn) % count;
                if rung >> place & 1 == 0 {
                    continue;
                }
                let armed = ends[place].arm_or_report();
                match armed.map_err(|error| SelectError::Bell { place, error })? {
                    Armed::Now => {
                        self.next = place + 1;
                        return Ok(place);
                    }
                    Armed::Wait { at_most } => {
                        let moment = at_most.map(|pause| Moment::now().after(pause));
                        again[place] = moment.map_or(deadline, |moment| moment.min(deadline));
                    }
                }
            }
            let flags = ends.iter().filter_map(|end| end.interrupt());
            let has_flag = match flags.max() {
                Some(true) => return Err(SelectError::Interrupted { ends: count }),
                flag => flag.is_some(),
            };
            let mut until = again.iter().copied().min().unwrap_or(deadline);
            if has_flag {
                until = until.min(Moment::now().after(wait::ASLEEP_SLICE));
            }
            if deadline != Moment::NEVER && Moment::now() >= deadline {
                return Err(SelectError::TimedOut { ends: count });
            }
            rung = match bell::wait(&bells, until) {
                // An endpoint wants to look again, or the time is up.
                Ok(0) => u64::MAX,
                Ok(rung) if until == deadline => rung,
                Ok(rung) => {
                    let now = Moment::now();
                    let due = again
                        .iter()
                        .enumerate()
                        .filter(|(_, moment)| **moment <= now);
                    due.fold(rung, |rung, (place, _)| rung | 1 << place)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    return Err(SelectError::Interrupted { ends: count });
                }
                Err(error) => {
                    let error = SystemError::without_object("ppoll", error);
                    return Err(SelectError::System(error));
                }
            };
        }
    }
}
