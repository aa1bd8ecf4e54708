//! What a process has used: processor time, and how often it left the processor.

use std::fs;
use std::io;
use std::ops::Sub;
use std::str::FromStr;

use rustix::time::{ClockId, Timespec, clock_gettime};
use serde::Serialize;

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same in every process of the machine.
pub(super) fn now() -> u64 {
    nanoseconds(clock_gettime(ClockId::Monotonic))
}

fn nanoseconds(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).expect("these clocks start at 0");
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).expect("below a second")
}

/// Totals since the process started; a difference of two is what was used between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// They are those of `getrusage(2)` with `RUSAGE_THREAD`; the time is more exact than its ticks.
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
            processor: nanoseconds(clock_gettime(ClockId::ProcessCPUTime)),
            wall: now(),
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

    /// As a word in a line from process to process; [`FromStr`] reads it.
    pub(super) fn to_line(self) -> String {
        let Self {
            wall,
            processor,
            voluntary,
            involuntary,
        } = self;
        format!("{wall} {processor} {voluntary} {involuntary}")
    }
}

impl FromStr for Usage {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u64>, _> = line.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[wall, processor, voluntary, involuntary]) => Ok(Self {
                wall,
                processor,
                voluntary,
                involuntary,
            }),
            _ => Err(format!("expected four numbers, found {line:?}")),
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
    /// Processor time, in percent of one core.
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
        let usage: Usage = "2000000000 500000000 20 4".parse().unwrap();
        let expected = Cost {
            cpu_percent: 25.0,
            wakeups_per_second: 10.0,
            preemptions_per_second: 2.0,
        };
        assert_eq!(usage.cost(), expected);
        assert_eq!(usage.to_line().parse(), Ok(usage));
        assert!("1 2 3".parse::<Usage>().is_err());
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
