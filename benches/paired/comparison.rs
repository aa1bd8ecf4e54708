//! What is asked about the contenders of a row, and the answer.

use serde::Serialize;

use super::turns::ContenderResult;
use crate::statistics::Summary;

/// What is asked about the contenders of a row; they are named by their place in it.
#[derive(Clone, Debug)]
pub enum Comparison {
    /// The time that `subject` takes, as a multiple of what the fastest of `against` takes.
    Time {
        /// The library.
        subject: usize,
        /// Baselines; the one with the least median counts.
        against: Vec<usize>,
        /// The ratio that is to be reached: at most this.
        at_most: Option<f64>,
    },
    /// The messages that `subject` moves in a second, as a multiple of what the fastest of `against` moves.
    Rate {
        /// The library.
        subject: usize,
        /// Baselines; the one with the least median counts.
        against: Vec<usize>,
        /// The ratio that is to be reached: at least this.
        at_least: Option<f64>,
    },
    /// The share of a core that the following process of `subject` uses.
    Processor {
        /// The library.
        subject: usize,
        /// Percent.
        at_most: f64,
    },
}

/// What came out of one comparison.
#[derive(Clone, Debug, Serialize)]
pub struct ComparisonResult {
    /// The library.
    pub subject: String,
    /// The baseline, if there is one.
    pub against: Option<String>,
    /// What `value` is.
    pub kind: &'static str,
    /// The ratio, or percent.
    pub value: Summary,
    /// What is to be reached, in words.
    pub target: Option<String>,
    /// Whether the median reached it.
    pub reached: Option<bool>,
}

impl Comparison {
    pub(super) fn apply(&self, contenders: &[ContenderResult]) -> ComparisonResult {
        let fastest = |against: &[usize]| {
            let candidates = against.iter().map(|&index| &contenders[index]);
            candidates
                .min_by(|a, b| a.nanoseconds.median.total_cmp(&b.nanoseconds.median))
                .expect("a ratio has a denominator")
        };
        match self {
            Self::Time {
                subject,
                against,
                at_most,
            } => {
                let (subject, against) = (&contenders[*subject], fastest(against));
                let value = Summary::of_ratios(&subject.rounds, &against.rounds);
                ComparisonResult {
                    subject: subject.name.clone(),
                    against: Some(against.name.clone()),
                    kind: "time",
                    value,
                    target: at_most.map(|limit| format!("≤ {limit}")),
                    reached: at_most.map(|limit| value.median <= limit),
                }
            }
            Self::Rate {
                subject,
                against,
                at_least,
            } => {
                let (subject, against) = (&contenders[*subject], fastest(against));
                let value = Summary::of_ratios(&against.rounds, &subject.rounds);
                ComparisonResult {
                    subject: subject.name.clone(),
                    against: Some(against.name.clone()),
                    kind: "rate",
                    value,
                    target: at_least.map(|limit| format!("≥ {limit}")),
                    reached: at_least.map(|limit| value.median >= limit),
                }
            }
            Self::Processor { subject, at_most } => {
                let subject = &contenders[*subject];
                let value = Summary::of(subject.follower.iter().copied());
                ComparisonResult {
                    subject: subject.name.clone(),
                    against: None,
                    kind: "percent of a core",
                    value,
                    target: Some(format!("< {at_most} %")),
                    reached: Some(value.median < *at_most),
                }
            }
        }
    }
}
