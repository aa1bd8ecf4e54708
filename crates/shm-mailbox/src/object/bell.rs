//! The bell of an endpoint: its descriptor, and what is known since it was last answered.

use std::cell::Cell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use shm_core::{BellError, Moment, Object, SystemError};

/// A descriptor that becomes readable when there is something to do at an endpoint.
///
/// Made by [`Receiver::bell`](crate::Receiver::bell) and [`Sender::bell`](crate::Sender::bell). It
/// stays the endpoint's bell for as long as the endpoint lives. Only wait for it (`poll(2)`,
/// `epoll(7)`): the endpoint reads from it, in [`Receiver::arm`](crate::Receiver::arm). Take it out
/// of an event loop before you drop it with its endpoint: its descriptor stays open for a while.
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
        /// Arm again after this time, even if the bell has not rung. There is such a time for a
        /// second after the bell was made, and after a process has closed the object: the kernel
        /// rings before it frees the role of a dead process. If the bus has several seats for the
        /// peer's role, it is always at most 100 ms.
        at_most: Option<Duration>,
    },
}

/// An endpoint's bell.
#[derive(Debug)]
pub(crate) struct Belfry {
    bell: Bell,
    /// Whether it is the bell of the object that the endpoint has now.
    placed: bool,
    /// It has rung, or may have before there was a bell, and the object and the peer were not
    /// checked since.
    rung: Cell<bool>,
    /// A process has closed the object, or may have before there was a bell. If it was the peer,
    /// its lock may not be free yet.
    closing: Cell<Option<Closing>>,
}

/// When to look again after a close.
#[derive(Clone, Copy, Debug)]
struct Closing {
    due: Moment,
    /// How long before that the last look was due.
    pause: Duration,
}

impl Closing {
    /// How long after a close the first further look comes; each pause is twice as long as the one
    /// before. The kernel frees the locks of a dead process within microseconds of ringing, unless
    /// something else runs in between.
    const FIRST: Duration = Duration::from_millis(1);
    /// The pause before the last look, a second after the close.
    const LAST: Duration = Duration::from_millis(512);

    fn after(pause: Duration) -> Self {
        let due = Moment::now().after(pause);
        Self { due, pause }
    }
}

impl Belfry {
    pub(crate) fn new(object: &Object) -> Result<Self, BellError> {
        Ok(Self {
            bell: Bell(Arc::new(shm_core::Bell::new(object)?)),
            placed: true,
            rung: Cell::new(true),
            closing: Cell::new(Some(Closing::after(Closing::FIRST))),
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
            self.closing.set(Some(Closing::after(Closing::FIRST)));
        }
        Ok(())
    }

    /// Looks again soon, and less and less often, as after a close.
    pub(crate) fn look_soon(&self) {
        if self.closing.get().is_none() {
            self.closing.set(Some(Closing::after(Closing::FIRST)));
        }
    }

    /// Takes what has rung it. Whether it was just rung: then the memory is there, and a message,
    /// or room, most probably.
    pub(crate) fn answer(&self) -> Result<bool, SystemError> {
        let rings = self.bell.0.answer()?;
        if rings.closed() {
            self.closing.set(Some(Closing::after(Closing::FIRST)));
        }
        if !rings.is_empty() {
            self.rung.set(true);
        }
        Ok(rings.is_plain())
    }

    /// Whether to check the object and the peer.
    pub(crate) fn wants_check(&self) -> bool {
        let is_due = |closing: Closing| closing.due <= Moment::now();
        self.rung.get() || self.closing.get().is_some_and(is_due)
    }

    /// They were, and the peer is there, or not.
    pub(crate) fn checked(&self, has_peer: bool) {
        self.rung.set(false);
        let closing = self.closing.get().filter(|_| has_peer);
        self.closing.set(closing.and_then(|closing| {
            if closing.due > Moment::now() {
                return Some(closing);
            }
            let is_last = closing.pause >= Closing::LAST;
            (!is_last).then(|| Closing::after(closing.pause * 2))
        }));
    }

    /// The time until the next look, if one is due by itself.
    pub(crate) fn at_most(&self) -> Option<Duration> {
        let closing = self.closing.get()?;
        Some(closing.due.since(Moment::now()))
    }
}
