//! Waiting for an endpoint's bell, in the runtime's own event loop.

use std::task::{Context, Poll, ready};

use shm_mailbox::{Armed, Bell, BellError, SystemError};
use tokio::io::unix::AsyncFd;

use crate::end::End;
use crate::source;
use crate::timer::Timer;

/// The bell of an endpoint, known to the runtime.
///
/// tokio asks the kernel for *edges*: it learns once that the bell has rung, remembers that, and
/// reports it as ready until `clear_ready`. No ring is lost, because each wait does
/// three things in this order:
///
/// 1. It forgets what tokio remembers.
/// 2. It [arms](End::arm) the endpoint, which reads the bell until it is empty, then announces to
///    the peer that we wait, and then looks.
/// 3. It asks tokio whether the bell has rung, which makes tokio wake the task if not.
///
/// What rang before the reading of 2 is answered by 2, whether tokio knows of it or not; if tokio
/// hears of it only afterwards, we look once in vain. What rings after the reading finds the bell
/// empty, so it is a new edge: the kernel reports it, nothing forgets it before the next 1, and 3
/// returns at once or is followed by a wake. (The other way round, first 2 and then 1, the second
/// would forget a ring that came in between, unless tokio saw that it is another one.)
#[derive(Debug)]
pub(crate) struct Ringing<G> {
    bell: AsyncFd<Bell>,
    /// There once it was needed.
    timer: Option<Timer>,
    /// What the endpoint is armed for, if it is.
    armed: Option<Vigil<G>>,
}

/// Waiting for the bell.
#[derive(Debug)]
struct Vigil<G> {
    goal: G,
    /// Whether to wait for the timer as well.
    timed: bool,
}

/// Why waiting for the bell is over.
pub(crate) enum Over<E> {
    /// To be returned to the caller.
    Failed(E),
    /// There is no bell any more, but there are other ways to wait.
    NoBell(BellError),
}

impl<G: Copy + PartialEq> Ringing<G> {
    /// # Panics
    ///
    /// Outside of a runtime, and in one without I/O.
    pub(crate) fn new<E: End<Goal = G>>(end: &mut E) -> Result<Self, BellError> {
        let bell = source::readable(end.bell()?);
        Ok(Self {
            bell: bell.map_err(|error| SystemError::without_object("epoll_ctl", error))?,
            timer: None,
            armed: None,
        })
    }

    /// Another task has used the endpoint: it has to be armed again.
    pub(crate) fn disarm(&mut self) {
        self.armed = None;
    }

    /// Ready when to try again.
    pub(crate) fn poll<E: End<Goal = G>>(
        &mut self,
        cx: &mut Context<'_>,
        end: &mut E,
        goal: G,
    ) -> Poll<Result<(), Over<E::Error>>> {
        // Armed in an earlier poll, maybe of another future: nothing to do until the bell rings.
        if self.armed.as_ref().is_some_and(|vigil| vigil.goal == goal) {
            ready!(self.poll_signs(cx)).map_err(|error| failed::<E>("epoll_wait", error))?;
        }
        self.armed = None;
        loop {
            let armed = end.arm(goal).map_err(Over::Failed)?;
            let Armed::Wait { at_most } = armed.map_err(Over::NoBell)? else {
                return Poll::Ready(Ok(()));
            };
            if let Some(pause) = at_most {
                let set = self.timer().and_then(|timer| timer.set(pause));
                set.map_err(|error| {
                    Over::NoBell(SystemError::without_object("timerfd_create", error).into())
                })?;
            }
            self.armed = Some(Vigil {
                goal,
                timed: at_most.is_some(),
            });
            ready!(self.poll_signs(cx)).map_err(|error| failed::<E>("epoll_wait", error))?;
            self.armed = None;
        }
    }

    /// Ready when the bell has rung, which is forgotten, or when the time is up.
    fn poll_signs(&self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        if let Poll::Ready(guard) = self.bell.poll_read_ready(cx) {
            guard?.clear_ready();
            return Poll::Ready(Ok(()));
        }
        match (&self.timer, &self.armed) {
            (Some(timer), Some(Vigil { timed: true, .. })) => timer.poll(cx),
            _ => Poll::Pending,
        }
    }

    fn timer(&mut self) -> std::io::Result<&Timer> {
        if self.timer.is_none() {
            self.timer = Some(Timer::new()?);
        }
        Ok(self.timer.as_ref().expect("made just now"))
    }
}

fn failed<E: End>(call: &'static str, error: std::io::Error) -> Over<E::Error> {
    Over::Failed(E::error(call, error))
}
