//! Figures of one run: how many messages and bytes went through, and how fast.

use std::fmt;
use std::time::{Duration, Instant};

/// Counts from the moment it is made.
#[derive(Debug)]
pub(crate) struct Stats {
    began: Instant,
    messages: u64,
    bytes: u64,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            messages: 0,
            bytes: 0,
        }
    }

    /// Counts one message of `length` bytes.
    pub(crate) fn count(&mut self, length: usize) {
        self.messages += 1;
        self.bytes += length as u64;
    }

    /// The figures as of now.
    pub(crate) fn figures(&self) -> Figures {
        Figures {
            messages: self.messages,
            bytes: self.bytes,
            elapsed: self.began.elapsed(),
        }
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
