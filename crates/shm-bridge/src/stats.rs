//! Figures of one run: how many messages and bytes were carried, and how fast.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::log::Log;

/// How often the figures on a terminal change.
const INTERVAL: Duration = Duration::from_millis(500);

/// Counts from the moment it is made.
#[derive(Debug)]
pub(crate) struct Stats {
    began: Instant,
    /// Messages, and their bytes.
    sums: Arc<[AtomicU64; 2]>,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            sums: Arc::default(),
        }
    }

    /// Shows the figures on standard error from now on, if that is a terminal.
    pub(crate) fn show(&self) {
        if !io::stderr().is_terminal() {
            return;
        }
        let (began, sums) = (self.began, Arc::clone(&self.sums));
        // Ends with the process.
        thread::spawn(move || {
            loop {
                thread::sleep(INTERVAL);
                let line = figures(sums.each_ref().map(now), began.elapsed());
                drop(io::stderr().write_all(format!("\r\x1b[K{line}").as_bytes()));
            }
        });
    }

    /// Counts messages, and the bytes in them.
    pub(crate) fn count(&self, messages: u64, bytes: u64) {
        for (sum, more) in self.sums.iter().zip([messages, bytes]) {
            // Nothing else depends on it.
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Prints the figures as of now.
    pub(crate) fn print(&self, log: Log) {
        let [messages, bytes] = self.sums.each_ref().map(now);
        let elapsed = self.began.elapsed();
        if !log.is_json() {
            log.say("stats", figures([messages, bytes], elapsed));
            return;
        }
        let line = json!({
            "schema": 1, "event": "stats", "messages": messages, "bytes": bytes,
            "seconds": elapsed.as_secs_f64(),
        });
        drop(io::stderr().write_all(format!("{line}\n").as_bytes()));
    }
}

fn now(sum: &AtomicU64) -> u64 {
    sum.load(Ordering::Relaxed)
}

/// `3 messages, 12 bytes in 0.250 s (12 messages/s)`
fn figures([messages, bytes]: [u64; 2], elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let rate = if seconds > 0.0 {
        messages as f64 / seconds
    } else {
        0.0
    };
    format!("{messages} messages, {bytes} bytes in {seconds:.3} s ({rate:.0} messages/s)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units() {
        assert_eq!(
            figures([3, 12], Duration::from_millis(250)),
            "3 messages, 12 bytes in 0.250 s (12 messages/s)"
        );
        assert_eq!(
            figures([0, 0], Duration::ZERO),
            "0 messages, 0 bytes in 0.000 s (0 messages/s)"
        );
    }
}
