//! The wait strategies, as a user chooses among them.

use std::fmt;
use std::time::Duration;

/// The longest time between two checks on the peer and the object, for an endpoint that is awake
/// anyway. A check takes 1 to 1.5 µs, so this costs it 0.3% of its core, and a death is noticed
/// within a millisecond.
const SLICE: Duration = Duration::from_micros(500);
/// The same for an endpoint that has to be woken for it. Waking up costs 40 to 100 µs of CPU time
/// on a virtual machine, a hundred times the check itself. So it decides what an idle endpoint
/// costs: some 0.1% of one core. A death is still noticed within 110 ms, and by a bell at once.
pub(crate) const ASLEEP_SLICE: Duration = Duration::from_millis(100);

/// How an endpoint waits: what it does between two checks of the shared memory.
///
/// The two endpoints may wait in different ways. Each way trades latency against CPU time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wait {
    /// Checks without a break. It has the lowest latency and keeps one core busy.
    ///
    /// If both endpoints share one core, each spins while the peer cannot run, and latency is far
    /// higher.
    Spin,
    /// Gives the core away with `sched_yield(2)` between checks.
    ///
    /// It keeps one core busy, but shares it.
    Yield,
    /// Sleeps this long between checks, as the original C programs do with 100 ms.
    ///
    /// A message waits half an interval on average and a whole one at worst, plus the kernel's
    /// timer slack (50 µs by default, see `PR_SET_TIMERSLACK` in `prctl(2)`).
    Poll(Duration),
    /// Spins a little, twice as long each time, then yields (crossbeam's `Backoff`).
    Backoff,
    /// Sleeps in the kernel until the peer wakes it, with `futex(2)`.
    ///
    /// It uses no CPU time while idle.
    Block,
    /// Sleeps in the kernel until the peer rings its bell, an inotify descriptor.
    ///
    /// As `Block`, but it learns at once that its peer died, and a wake-up costs some microseconds
    /// more. See [`Options::prompt`](crate::Options::prompt).
    Bell,
    /// Spins for as long as a wake-up would take, then blocks. The default.
    ///
    /// Where the core is shared, it blocks at once.
    #[default]
    Adaptive,
}

impl Wait {
    /// The longest time between two checks.
    pub(super) const fn slice(self) -> Duration {
        match self {
            Self::Spin | Self::Yield | Self::Backoff => SLICE,
            Self::Poll(_) | Self::Block | Self::Bell | Self::Adaptive => ASLEEP_SLICE,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spin => f.write_str("spin"),
            Self::Yield => f.write_str("yield"),
            Self::Poll(interval) => write!(f, "poll/{interval:?}"),
            Self::Backoff => f.write_str("backoff"),
            Self::Block => f.write_str("block"),
            Self::Bell => f.write_str("bell"),
            Self::Adaptive => f.write_str("adaptive"),
        }
    }
}
