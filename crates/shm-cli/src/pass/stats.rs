//! Figures of one run: how many messages and bytes went through, and how fast.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::terminal::progress;

/// Counts from the moment it is made.
#[derive(Debug)]
pub(super) struct Stats(Arc<Counts>);

/// Written by the thread that works, read by the one that shows them.
#[derive(Debug)]
struct Counts {
    began: Instant,
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Stats {
    pub(super) fn new() -> Self {
        Self(Arc::new(Counts {
            began: Instant::now(),
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }))
    }

    /// Shows the figures on standard error from now on, if that is a terminal.
    pub(super) fn show(&self) {
        let counts = Arc::clone(&self.0);
        progress::show(move || counts.figures());
    }

    /// Counts one message of `length` bytes.
    pub(super) fn count(&mut self, length: usize) {
        let add = |count: &AtomicU64, more: u64| {
            // Only this thread writes, and nothing else depends on it.
            count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        add(&self.0.messages, 1);
        add(&self.0.bytes, length as u64);
    }

    /// How many messages were counted.
    pub(super) fn messages(&self) -> u64 {
        self.0.messages.load(Ordering::Relaxed)
    }

    /// The figures as of now.
    pub(super) fn figures(&self) -> String {
        self.0.figures()
    }
}

impl Counts {
    fn figures(&self) -> String {
        let messages = self.messages.load(Ordering::Relaxed);
        figures(
            messages,
            self.bytes.load(Ordering::Relaxed),
            self.began.elapsed(),
        )
    }
}

impl Drop for Stats {
    fn drop(&mut self) {
        progress::end();
    }
}

/// `3 messages, 12 bytes in 0.250 s (12 messages/s, 48.000 B/s)`
fn figures(messages: u64, bytes: u64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let sums = format!("{messages} messages, {bytes} bytes in {seconds:.3} s");
    if seconds == 0.0 {
        return sums;
    }
    let rate = |count: u64| count as f64 / seconds;
    let (scaled, unit) = scale(rate(bytes));
    format!(
        "{sums} ({:.0} messages/s, {scaled:.3} {unit}/s)",
        rate(messages)
    )
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
            figures(messages, bytes, Duration::from_millis(milliseconds))
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
