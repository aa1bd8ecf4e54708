//! A time limit that a busy machine cannot reach for a command: it counts the time in which the command could run.
//!
//! A command that shares each processor with 19 others needs 20 times as long, and has 20 times as long. How many
//! there are is in `/proc/loadavg`; where that cannot be read, the limit is one of plain time. The processor time
//! that a command has used would not do: one that sleeps for ever uses none.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// How long a count of the running threads is taken to hold.
const SAMPLE: Duration = Duration::from_millis(100);

/// What is left of a time limit.
pub(crate) struct Patience {
    left: Duration,
    /// The part of the limit that is used up in a second of time, from 0 to 1.
    share: f64,
    sampled: Instant,
}

impl Patience {
    /// Starts the clock of a limit.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            left: limit,
            share: share_now(),
            sampled: Instant::now(),
        }
    }

    /// Whether the limit is used up. To be asked at least ten times a second.
    pub(crate) fn is_over(&mut self) -> bool {
        let passed = self.sampled.elapsed();
        if passed >= SAMPLE || passed >= self.left {
            self.left = self.left.saturating_sub(passed.mul_f64(self.share));
            self.share = share_now();
            self.sampled += passed;
        }
        self.left.is_zero()
    }
}

/// How much of its time a thread that wants to run does run, from 0 to 1.
fn share_now() -> f64 {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| share(&text, processors))
        .unwrap_or(1.0)
}

/// The same by the text of `/proc/loadavg`, whose fourth field is the running threads, `/`, and all threads.
fn share(loadavg: &str, processors: usize) -> Option<f64> {
    let running = loadavg.split_whitespace().nth(3)?.split('/').next()?;
    // The one that reads this is running, and waits for the others.
    let others = running.parse::<u32>().ok()?.saturating_sub(1);
    let processors = f64::from(u32::try_from(processors).ok()?);
    Some(processors / f64::from(others).max(processors))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_for_each_thread_makes_a_limit_plain_time() {
        assert_eq!(share("0.00 0.01 0.05 1/87 20159\n", 2), Some(1.0));
        assert_eq!(share("2.10 1.72 0.96 3/87 20159\n", 2), Some(1.0));
    }

    #[test]
    fn forty_running_threads_on_two_processors_make_a_limit_twenty_times_as_long() {
        assert_eq!(share("38.2 9.72 3.96 41/187 20159\n", 2), Some(1.0 / 20.0));
    }

    #[test]
    fn a_text_that_is_no_loadavg_says_nothing() {
        for text in ["", "0.00 0.01 0.05", "0.00 0.01 0.05 many/87 20159"] {
            assert_eq!(share(text, 2), None, "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_used_up_in_time_and_not_before() {
        let limit = Duration::from_millis(30);
        let begun = Instant::now();
        let mut patience = Patience::new(limit);
        while !patience.is_over() {
            thread::sleep(Duration::from_millis(1));
            assert!(begun.elapsed() < Duration::from_secs(600), "it never ends");
        }
        assert!(begun.elapsed() >= limit);
    }

    #[test]
    fn a_share_of_a_processor_uses_up_a_share_of_the_limit() {
        let hour = Duration::from_secs(3600);
        let mut patience = Patience {
            left: hour,
            share: 0.25,
            sampled: Instant::now() - hour,
        };
        assert!(!patience.is_over());
        let left = patience.left.as_secs();
        assert!((2600..=2700).contains(&left), "{left} s of 3600 are left");
    }
}
