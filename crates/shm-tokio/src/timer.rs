//! A time after which to look although no bell has rung.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::source;

/// A timer of the kernel.
///
/// A timer of tokio panics in a runtime that was built without them. This one needs only what the
/// bell needs as well.
#[derive(Debug)]
pub(crate) struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        source::readable(timer).map(Self)
    }

    /// Lets it expire once, after `pause`; not after what was set before.
    pub(crate) fn set(&self, pause: Duration) -> io::Result<()> {
        const ZERO: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let expiry = Itimerspec {
            it_interval: ZERO,
            it_value: Timespec {
                tv_sec: pause.as_secs().try_into().unwrap_or(i64::MAX),
                // Zero would disarm it.
                tv_nsec: i64::from(pause.subsec_nanos()).max(1),
            },
        };
        timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &expiry)?;
        Ok(())
    }

    /// Ready once it has expired since it was set.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(cx))?;
            let read = guard.try_io(|timer| Ok(rustix::io::read(timer, &mut [0; 8])?));
            match read {
                Ok(read) => return Poll::Ready(read.map(|_| ())),
                // It was set again, and tokio's readiness is older than that.
                Err(_would_block) => continue,
            }
        }
    }
}
