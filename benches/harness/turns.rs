//! What is left of the turns of one contender.

use serde::Serialize;

use super::contender::Slice;
use super::statistics::Summary;

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
    /// The share of one core that the following process used, in percent, round by round.
    #[serde(skip)]
    pub(super) follower: Vec<f64>,
}

impl ContenderResult {
    /// Of its slices, each with the nanoseconds that the other process spent on a processor.
    pub(super) fn of(name: String, turns: &[(Slice, u64)]) -> Self {
        let percent = |spent: u64, slice: &Slice| 100.0 * spent as f64 / slice.elapsed as f64;
        let times = turns.iter();
        let times = times.map(|(slice, _)| slice.elapsed as f64 / slice.exchanges as f64);
        let rounds: Vec<f64> = times.collect();
        let both = turns
            .iter()
            .map(|(slice, other)| percent(slice.processor + other, slice));
        let follower = turns.iter().map(|(slice, other)| percent(*other, slice));
        Self {
            name,
            nanoseconds: Summary::of(rounds.iter().copied()),
            processor_percent: Summary::of(both),
            rounds,
            follower: follower.collect(),
        }
    }
}
