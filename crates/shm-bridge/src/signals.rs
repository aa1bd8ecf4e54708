//! Signals: SIGINT, SIGTERM and SIGHUP end the program in order.

use std::fs;
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// A signal that ends the program came during a wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted;

/// The signals that end the program, caught from [`Signals::catch`] on.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    /// Number of the signal that came; 0 while none came.
    caught: Arc<AtomicUsize>,
    /// True once a signal came. The mailbox's blocking calls check it.
    interrupt: Arc<AtomicBool>,
}

impl Signals {
    /// Catches SIGTERM, and SIGINT and SIGHUP unless the program was started with them ignored.
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = Self {
            caught: Arc::default(),
            interrupt: Arc::default(),
        };
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            if signal != SIGTERM && is_ignored(signal) {
                continue;
            }
            let number = usize::try_from(signal).map_err(io::Error::other)?;
            // In this order, so that code that sees the flag finds the number.
            flag::register_usize(signal, Arc::clone(&signals.caught), number)?;
            flag::register(signal, Arc::clone(&signals.interrupt))?;
        }
        Ok(signals)
    }

    /// The flag for the mailbox's blocking calls.
    pub(crate) fn interrupt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.interrupt)
    }

    /// The signal that came, or SIGTERM.
    pub(crate) fn number(&self) -> i32 {
        self.caught().unwrap_or(SIGTERM)
    }

    /// Lets `time` pass, unless a signal comes.
    pub(crate) fn sleep(&self, time: Duration) -> Result<(), Interrupted> {
        /// How often it checks the signals.
        const GLANCE: Duration = Duration::from_millis(50);
        let end = Instant::now() + time;
        loop {
            if self.caught().is_some() {
                return Err(Interrupted);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(GLANCE));
        }
    }

    /// The signal that came, if one did.
    pub(crate) fn caught(&self) -> Option<i32> {
        match self.caught.load(Ordering::SeqCst) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }
}

/// Ends the process the way `signal` would have, so that its parent sees a death by that signal.
///
/// The first process of a container cannot die of a signal that it sends itself, see
/// `pid_namespaces(7)`: it exits with the status that a shell would show for such a death.
pub(crate) fn die_of(signal: i32) -> ! {
    if process::id() != 1 {
        // Returns only for signals that do not end a process, and those are not caught.
        drop(low_level::emulate_default_handler(signal));
    }
    low_level::exit(128 + signal)
}

/// Was the program started with `signal` ignored? Without `/proc` nothing is.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) >> (signal - 1) & 1 == 1
}
