//! Signals: SIGINT, SIGTERM and SIGHUP end the program in order, and every wait of its own ends
//! when one comes.

use std::fs;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::BorrowedFd;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Number of the first process of a machine, or of a container as its processes see it.
const FIRST_PROCESS: u32 = 1;

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The descriptor is ready, or has failed in a way that the next call on it will tell. A signal
    /// may have come too.
    Ready,
    /// One of the signals came, now or earlier, and the descriptor is not ready.
    Signal,
    /// The time is up.
    TimedOut,
}

/// The signals that end the program, caught from [`Signals::catch`] on.
#[derive(Debug)]
pub(crate) struct Signals {
    /// Number of the signal that came; 0 while none came.
    caught: Arc<AtomicUsize>,
    /// True once a signal came: what the library's blocking calls look at.
    interrupt: Arc<AtomicBool>,
    /// Readable once a signal came: what `poll` looks at.
    pipe: PipeReader,
    /// True once the process has continued after a stop, until that was asked for.
    continued: Arc<AtomicBool>,
}

impl Signals {
    /// No signals: those that a test raises are not for the others.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        let (signals, wake) = Self::new().unwrap();
        // Open permanently: a pipe that no process can write to is always ready.
        std::mem::forget(wake);
        signals
    }

    /// Catches SIGTERM, and SIGINT and SIGHUP unless the program was started with them ignored: a
    /// shell without job control does so with the SIGINT of what it starts in the background,
    /// `nohup` with SIGHUP.
    pub(crate) fn catch() -> io::Result<Self> {
        let (signals, wake) = Self::new()?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            if signal != SIGTERM && is_ignored(signal) {
                continue;
            }
            let number = usize::try_from(signal).map_err(io::Error::other)?;
            // In this order, so that code that sees the flag or the byte finds the number.
            flag::register_usize(signal, Arc::clone(&signals.caught), number)?;
            flag::register(signal, Arc::clone(&signals.interrupt))?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        flag::register(SIGCONT, Arc::clone(&signals.continued))?;
        Ok(signals)
    }

    /// With the read end of the pipe that reports a signal.
    fn new() -> io::Result<(Self, PipeWriter)> {
        let (pipe, wake) = io::pipe()?;
        let signals = Self {
            caught: Arc::default(),
            interrupt: Arc::default(),
            pipe,
            continued: Arc::default(),
        };
        Ok((signals, wake))
    }

    /// The flag for the library's blocking calls.
    pub(crate) fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// The signal that came, if one did.
    pub(crate) fn caught(&self) -> Option<i32> {
        match self.caught.load(Ordering::SeqCst) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }

    /// Waits until `fd` can be read without blocking, and calls `resumed` when the process was
    /// stopped and goes on.
    pub(crate) fn wait_readable(
        &self,
        fd: BorrowedFd<'_>,
        resumed: impl Fn(),
    ) -> io::Result<Woken> {
        self.wait(Some((fd, PollFlags::IN)), None, || {
            if self.continued.swap(false, Ordering::SeqCst) {
                resumed();
            }
        })
    }

    /// As [`wait_readable`](Self::wait_readable), for at most `time`.
    pub(crate) fn wait_readable_for(
        &self,
        fd: BorrowedFd<'_>,
        time: Duration,
    ) -> io::Result<Woken> {
        self.wait(Some((fd, PollFlags::IN)), Some(time), || {})
    }

    /// Can `fd` be read now without blocking?
    pub(crate) fn is_readable(&self, fd: BorrowedFd<'_>) -> bool {
        let ready = self.wait(Some((fd, PollFlags::IN)), Some(Duration::ZERO), || {});
        matches!(ready, Ok(Woken::Ready))
    }

    /// Waits until `fd` can be written without blocking.
    pub(crate) fn wait_writable(&self, fd: BorrowedFd<'_>) -> io::Result<Woken> {
        self.wait(Some((fd, PollFlags::OUT)), None, || {})
    }

    /// Lets `time` pass, unless a signal comes.
    pub(crate) fn sleep(&self, time: Duration) -> io::Result<Woken> {
        self.wait(None, Some(time), || {})
    }

    /// Waits, and calls `handled` after each signal that came during the wait. If it was one that
    /// ends the program, the pipe is readable from then on.
    fn wait(
        &self,
        other: Option<(BorrowedFd<'_>, PollFlags)>,
        timeout: Option<Duration>,
        handled: impl Fn(),
    ) -> io::Result<Woken> {
        let timeout = timeout
            .map(Timespec::try_from)
            .transpose()
            .map_err(io::Error::other)?;
        let mut fds = vec![PollFd::new(&self.pipe, PollFlags::IN)];
        fds.extend(other.map(|(fd, events)| PollFd::from_borrowed_fd(fd, events)));
        loop {
            match poll(&mut fds, timeout.as_ref()) {
                Err(Errno::INTR) => handled(),
                Err(error) => return Err(error.into()),
                Ok(0) => return Ok(Woken::TimedOut),
                Ok(_) if fds[1..].iter().any(|fd| !fd.revents().is_empty()) => {
                    return Ok(Woken::Ready);
                }
                Ok(_) => return Ok(Woken::Signal),
            }
        }
    }
}

/// Ends the process the way `signal` would have, so that its parent sees a death by that signal.
///
/// The first process of a container cannot die of a signal that it sends itself, see
/// `pid_namespaces(7)`: it exits with the status that a shell would show for such a death.
pub(crate) fn die_of(signal: i32) -> ! {
    if process::id() != FIRST_PROCESS {
        // Returns only for signals that do not end a process, and those are not caught.
        let _ = low_level::emulate_default_handler(signal);
    }
    low_level::exit(128 + signal)
}

/// Was the program started with `signal` ignored?
///
/// `SigIgn` in `proc_pid_status(5)` is a hexadecimal mask with signal 1 in the lowest bit. Without
/// `/proc` nothing is ignored.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    /// The one test that raises a signal: handlers belong to the whole process.
    #[test]
    fn a_signal_ends_every_wait_and_tells_its_number() {
        let signals = Signals::catch().unwrap();
        let (silent, open) = io::pipe().unwrap();
        assert_eq!(signals.caught(), None);
        let moment = Duration::from_millis(1);
        assert_eq!(signals.sleep(moment).unwrap(), Woken::TimedOut);
        assert_eq!(signals.wait_writable(open.as_fd()).unwrap(), Woken::Ready);

        low_level::raise(SIGTERM).unwrap();

        assert_eq!(signals.caught(), Some(SIGTERM));
        assert!(signals.interrupt().load(Ordering::SeqCst));
        let hour = Duration::from_secs(3600);
        assert_eq!(signals.sleep(hour).unwrap(), Woken::Signal);
        assert_eq!(
            signals.wait_readable(silent.as_fd(), || {}).unwrap(),
            Woken::Signal
        );
        assert_eq!(signals.wait_writable(open.as_fd()).unwrap(), Woken::Ready);
    }

    #[test]
    fn the_runtime_ignores_sigpipe_and_nothing_ignores_sigkill() {
        assert!(is_ignored(signal_hook::consts::SIGPIPE));
        assert!(!is_ignored(9));
    }
}
