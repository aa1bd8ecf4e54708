//! What a process has used: CPU time, and how often it left the processor.

use std::fs;
use std::io;
use std::ops::Sub;

use serde::{Deserialize, Serialize};
use shm_cli::measure::clock;

/// Totals since the process started; a difference of two is what was used between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Usage {
    /// Time by the monotonic clock, in nanoseconds.
    wall: u64,
    /// Time on a processor, in user mode and in the kernel, in nanoseconds.
    processor: u64,
    /// How often the thread went to sleep, and so was woken.
    voluntary: u64,
    /// How often the system took the processor away.
    involuntary: u64,
}

impl Usage {
    /// Of this process. The numbers of switches are this thread's, which does all the work.
    ///
    /// They are those of `getrusage(2)` with `RUSAGE_THREAD`; the time is more exact than its
    /// ticks.
    pub(super) fn so_far() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/thread-self/status")?;
        let count = |key| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let count = line.and_then(|value| value.trim().parse().ok());
            count.ok_or_else(|| io::Error::other(format!("/proc/thread-self/status has no {key}")))
        };
        Ok(Self {
            voluntary: count("voluntary_ctxt_switches:")?,
            involuntary: count("nonvoluntary_ctxt_switches:")?,
            processor: clock::processor(),
            wall: clock::monotonic(),
        })
    }

    /// So many of something in this time, as a rate.
    pub(super) fn a_second(&self, count: u64) -> f64 {
        count as f64 / self.wall.max(1) as f64 * 1e9
    }

    /// As rates.
    pub(super) fn cost(&self) -> Cost {
        Cost {
            // Nanoseconds a second, of a thousand million.
            cpu_percent: self.a_second(self.processor) / 1e7,
            wakeups_per_second: self.a_second(self.voluntary),
            preemptions_per_second: self.a_second(self.involuntary),
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            wall: self.wall.saturating_sub(earlier.wall),
            processor: self.processor.saturating_sub(earlier.processor),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
        }
    }
}

/// What one process costs while it does something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Cost {
    /// CPU time, in percent of one core.
    pub(super) cpu_percent: f64,
    /// How often it went to sleep and was woken (voluntary context switches).
    pub(super) wakeups_per_second: f64,
    /// How often the system took the processor away (involuntary context switches).
    pub(super) preemptions_per_second: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second_and_percent_of_one_core() {
        let usage = Usage {
            wall: 2_000_000_000,
            processor: 500_000_000,
            voluntary: 20,
            involuntary: 4,
        };
        let expected = Cost {
            cpu_percent: 25.0,
            wakeups_per_second: 10.0,
            preemptions_per_second: 2.0,
        };
        assert_eq!(usage.cost(), expected);
    }

    #[test]
    fn sleeping_is_counted_and_costs_nearly_nothing() {
        let before = Usage::so_far().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
        let used = Usage::so_far().unwrap() - before;
        assert!(used.voluntary >= 1, "{used:?}");
        assert!(used.wall >= 5_000_000, "{used:?}");
    }
}
