//! The turns of one contender, and what is left of them.

use serde::Serialize;

use super::contender::Slice;
use crate::statistics::Summary;

/// What one contender did.
#[derive(Clone, Debug, Serialize)]
pub struct ContenderResult {
    /// The contender.
    pub name: String,
    /// Nanoseconds of one exchange.
    pub nanoseconds: Summary,
    /// The cores that both processes kept busy together, in percent of one.
    pub processor_percent: Summary,
    /// Nanoseconds of one exchange, round by round.
    pub rounds: Vec<f64>,
    /// The share of a core that the following process used, in percent, round by round.
    #[serde(skip)]
    pub(super) follower: Vec<f64>,
}

/// The turns of one contender so far.
pub(super) struct Turns {
    pub(super) name: String,
    nanoseconds: Vec<f64>,
    processor: Vec<f64>,
    follower: Vec<f64>,
}

impl Turns {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            nanoseconds: Vec::new(),
            processor: Vec::new(),
            follower: Vec::new(),
        }
    }

    /// `follower` is the nanoseconds that the other process spent on a processor.
    pub(super) fn add(&mut self, slice: Slice, follower: u64) {
        let elapsed = slice.elapsed as f64;
        let percent = |spent: u64| 100.0 * spent as f64 / elapsed;
        self.nanoseconds.push(elapsed / slice.exchanges as f64);
        self.processor.push(percent(slice.processor + follower));
        self.follower.push(percent(follower));
    }

    pub(super) fn summarise(self) -> ContenderResult {
        ContenderResult {
            name: self.name,
            nanoseconds: Summary::of(self.nanoseconds.iter().copied()),
            processor_percent: Summary::of(self.processor.iter().copied()),
            rounds: self.nanoseconds,
            follower: self.follower,
        }
    }
}
