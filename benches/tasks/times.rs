//! What is printed: times, by mailbox and by socket.

use std::fmt;
use std::time::Duration;

/// Times in nanoseconds.
#[derive(Default)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let last = times.len() - 1;
        let time = times[(times.len() * percent / 100).min(last)];
        Duration::from_nanos(time).as_secs_f64() * 1e6
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, p99, most] = [50, 90, 99, 100].map(|percent| self.percentile(percent));
        let count = self.0.len();
        write!(
            f,
            "p50 {p50:.0} µs, p90 {p90:.0}, p99 {p99:.0}, most {most:.0} ({count} times)"
        )
    }
}

/// The same thing, by mailbox and by socket.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) mailbox: Times,
    pub(crate) socket: Times,
}

impl Pair {
    pub(crate) fn add(&mut self, source: Source, time: u64) {
        match source {
            Source::Mailbox => self.mailbox.0.push(time),
            Source::Socket => self.socket.0.push(time),
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.mailbox.0.extend(other.mailbox.0);
        self.socket.0.extend(other.socket.0);
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Source {
    Mailbox,
    Socket,
}

/// What was measured while no peer died.
pub(crate) struct Wakes {
    /// The part of a core.
    pub(crate) idle: f64,
    /// How many of the mailboxes wait in threads, since the system had no bell for them.
    pub(crate) threads: usize,
    pub(crate) times: Pair,
}

impl fmt::Display for Wakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pair { mailbox, socket } = &self.times;
        writeln!(f, "{} without a bell", self.threads)?;
        writeln!(f, "idle: {:.4}% of a core", self.idle * 100.0)?;
        writeln!(f, "from sending to running, mailbox: {mailbox}")?;
        writeln!(f, "from sending to running, socket:  {socket}")?;
        let ratio = mailbox.percentile(50) / socket.percentile(50);
        write!(f, "ratio of the p50: {ratio:.2}")
    }
}
