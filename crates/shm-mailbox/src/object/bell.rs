//! The bell of an endpoint: its descriptor, and what is known since it was last answered.

use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use shm_core::{BellError, Object, SystemError};

/// A descriptor that becomes readable when there is something to do at an endpoint.
///
/// Made by [`Receiver::bell`](crate::Receiver::bell) and [`Sender::bell`](crate::Sender::bell). It
/// stays the endpoint's bell for as long as the endpoint lives. Only wait for it (`poll(2)`,
/// `epoll(7)`): the endpoint reads from it, in [`Receiver::arm`](crate::Receiver::arm).
#[derive(Clone, Debug)]
pub struct Bell(Arc<shm_core::Bell>);

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsRef<shm_core::Bell> for Bell {
    fn as_ref(&self) -> &shm_core::Bell {
        &self.0
    }
}

/// What to do after an endpoint was armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Armed {
    /// What is waited for is there, or may be: try again, and then arm again.
    Now,
    /// Wait for the bell, and then arm again.
    Wait {
        /// Arm again after this time, even if the bell has not rung. Usually there is no such time:
        /// the kernel may have told of a death before it was complete, or had no memory for a
        /// barrier.
        at_most: Option<Duration>,
    },
}

/// An endpoint's bell.
#[derive(Debug)]
pub(crate) struct Belfry {
    bell: Bell,
    /// Whether it is the bell of the object that the endpoint has now.
    placed: bool,
    /// It has rung, or may have before there was a bell, and nobody has looked after the object and
    /// the peer since.
    rung: Cell<bool>,
    /// Somebody has closed the object, maybe the peer, whose lock may not be free yet: the pause
    /// before the next look.
    closing: Cell<Option<Duration>>,
}

/// How long after a close the first further look comes; each takes twice as long as the one before.
/// The kernel frees the locks of a dead process within microseconds of telling of it, unless
/// something else runs in between.
const FIRST_LOOK: Duration = Duration::from_millis(1);
/// The last such look. By then it was another process that has closed.
const LAST_LOOK: Duration = Duration::from_millis(64);

impl Belfry {
    pub(crate) fn new(object: &Object) -> Result<Self, BellError> {
        Ok(Self {
            bell: Bell(Arc::new(shm_core::Bell::new(object)?)),
            placed: true,
            rung: Cell::new(true),
            closing: Cell::new(None),
        })
    }

    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// The endpoint has gone over to another object.
    pub(crate) fn displace(&mut self) {
        self.placed = false;
    }

    /// Makes sure that it is the bell of this object, the endpoint's.
    pub(crate) fn place(&mut self, object: &Object) -> Result<(), BellError> {
        if !self.placed {
            self.bell.0.move_to(object)?;
            self.placed = true;
            self.rung.set(true);
        }
        Ok(())
    }

    /// Takes what has rung it.
    pub(crate) fn answer(&self) -> Result<(), SystemError> {
        let rings = self.bell.0.answer()?;
        if rings.closed() {
            self.closing.set(Some(Duration::ZERO));
        }
        if !rings.is_empty() {
            self.rung.set(true);
        }
        Ok(())
    }

    /// Whether the object and the peer have to be looked after.
    pub(crate) fn wants_check(&self) -> bool {
        self.rung.get() || self.closing.get().is_some()
    }

    /// They were, and the peer is there, or not.
    pub(crate) fn checked(&self, has_peer: bool) {
        self.rung.set(false);
        let next = match self.closing.get().filter(|_| has_peer) {
            Some(Duration::ZERO) => Some(FIRST_LOOK),
            Some(LAST_LOOK) | None => None,
            Some(pause) => Some(pause * 2),
        };
        self.closing.set(next);
    }

    /// The longest time until the next look.
    pub(crate) fn at_most(&self) -> Option<Duration> {
        self.closing.get()
    }
}
