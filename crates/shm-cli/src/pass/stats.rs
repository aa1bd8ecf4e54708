//! Figures of one run: how many messages and bytes went through, and how fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::terminal::progress;

/// Counts from the moment it is made.
#[derive(Debug)]
pub(super) struct Stats {
    began: Instant,
    /// Messages, and their bytes: written by the thread that works, read by the one that shows
    /// them.
    sums: Arc<[AtomicU64; 2]>,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            sums: Arc::default(),
        }
    }

    /// Shows the figures on standard error from now on, if that is a terminal.
    pub(super) fn show(&self) {
        let (began, sums) = (self.began, Arc::clone(&self.sums));
        progress::show(move || figures(sums.each_ref().map(now), began.elapsed()));
    }

    /// Counts messages, and the bytes in them.
    pub(super) fn count(&mut self, messages: usize, bytes: usize) {
        for (sum, more) in self.sums.iter().zip([messages, bytes]) {
            // Only this thread writes, and nothing else depends on it.
            sum.store(now(sum) + more as u64, Ordering::Relaxed);
        }
    }

    /// How many messages were counted.
    pub(super) fn messages(&self) -> u64 {
        now(&self.sums[0])
    }

    /// The figures as of now.
    pub(super) fn figures(&self) -> String {
        figures(self.sums.each_ref().map(now), self.began.elapsed())
    }
}

impl Drop for Stats {
    fn drop(&mut self) {
        progress::end();
    }
}

fn now(sum: &AtomicU64) -> u64 {
    sum.load(Ordering::Relaxed)
}

/// `3 messages, 12 bytes in 0.250 s (12 messages/s, 48.000 B/s)`
fn figures([messages, bytes]: [u64; 2], elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let sums = format!("{messages} messages, {bytes} bytes in {seconds:.3} s");
    if seconds == 0.0 {
        return sums;
    }
    let [message_rate, byte_rate] = [messages, bytes].map(|count| count as f64 / seconds);
    let (scaled, unit) = scale(byte_rate);
    format!("{sums} ({message_rate:.0} messages/s, {scaled:.3} {unit}/s)")
}

/// Bytes in the decimal unit that leaves at most three digits before the point.
fn scale(bytes: f64) -> (f64, &'static str) {
    let mut scaled = bytes;
    for unit in ["B", "kB", "MB"] {
        if scaled < 1000.0 {
            return (scaled, unit);
        }
        scaled /= 1000.0;
    }
    (scaled, "GB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_units() {
        let figures = |messages, bytes, milliseconds| {
            figures([messages, bytes], Duration::from_millis(milliseconds))
        };
        assert_eq!(
            figures(3, 12, 250),
            "3 messages, 12 bytes in 0.250 s (12 messages/s, 48.000 B/s)"
        );
        assert_eq!(
            figures(2_000_000, 2_048_000_000, 2000),
            "2000000 messages, 2048000000 bytes in 2.000 s (1000000 messages/s, 1.024 GB/s)"
        );
        assert_eq!(figures(0, 0, 0), "0 messages, 0 bytes in 0.000 s");
    }
}
