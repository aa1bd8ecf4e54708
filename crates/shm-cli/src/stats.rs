//! Figures of one run: how many messages and bytes went through, and how fast.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::progress;

/// Counts from the moment it is made.
#[derive(Debug)]
pub(crate) struct Stats {
    counts: Arc<Counts>,
}

/// Written by the thread that works, read by the one that shows them.
#[derive(Debug)]
struct Counts {
    began: Instant,
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            counts: Arc::new(Counts {
                began: Instant::now(),
                messages: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
            }),
        }
    }

    /// Shows the figures on standard error from now on, if that is a terminal.
    pub(crate) fn show(&self) {
        let counts = Arc::clone(&self.counts);
        progress::show(move || counts.figures());
    }

    /// Counts one message of `length` bytes.
    pub(crate) fn count(&mut self, length: usize) {
        let add = |count: &AtomicU64, more: u64| {
            // Only this thread writes, and nothing else depends on it.
            count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        };
        add(&self.counts.messages, 1);
        add(&self.counts.bytes, length as u64);
    }

    /// How many messages were counted.
    pub(crate) fn messages(&self) -> u64 {
        self.counts.messages.load(Ordering::Relaxed)
    }

    /// The figures as of now.
    pub(crate) fn figures(&self) -> Figures {
        self.counts.figures()
    }
}

impl Counts {
    fn figures(&self) -> Figures {
        Figures {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            elapsed: self.began.elapsed(),
        }
    }
}

impl Drop for Stats {
    fn drop(&mut self) {
        progress::end();
    }
}

/// Prints as `3 messages, 12 bytes in 0.250 s (12 messages/s, 48 B/s)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    messages: u64,
    bytes: u64,
    elapsed: Duration,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(
            f,
            "{} messages, {} bytes in {seconds:.3} s",
            self.messages, self.bytes
        )?;
        if seconds > 0.0 {
            let rate = |count: u64| count as f64 / seconds;
            let (scaled, unit) = scale(rate(self.bytes));
            let messages = rate(self.messages);
            write!(f, " ({messages:.0} messages/s, {scaled:.3} {unit}/s)")?;
        }
        Ok(())
    }
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
            let elapsed = Duration::from_millis(milliseconds);
            let figures = Figures {
                messages,
                bytes,
                elapsed,
            };
            figures.to_string()
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
