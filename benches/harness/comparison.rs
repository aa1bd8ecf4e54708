//! What is asked about the contenders of a row, and the answer.

use serde::Serialize;

use super::statistics::Summary;
use super::turns::ContenderResult;

/// What a comparison tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The time of the subject, as a multiple of what the baseline takes: smaller is better.
    Time,
    /// The messages of the subject in a second, as a multiple of what the baseline moves: larger is
    /// better.
    Rate,
    /// The share of one core that the following process of the subject uses, in percent.
    Processor,
}

/// What is asked about the contenders of a row; they are named by their place in it.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What it tells.
    pub kind: Kind,
    /// The library.
    pub subject: usize,
    /// Baselines; the one with the least median counts.
    pub against: Vec<usize>,
    /// What is to be reached, if anything is.
    pub target: Option<f64>,
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
        let subject = &contenders[self.subject];
        let against = self.against.iter().map(|&index| &contenders[index]);
        let fastest = against.min_by(|a, b| a.nanoseconds.median.total_cmp(&b.nanoseconds.median));
        let rounds = || &fastest.expect("a ratio has a denominator").rounds;
        let (kind, value) = match self.kind {
            Kind::Time => ("time", Summary::of_ratios(&subject.rounds, rounds())),
            Kind::Rate => ("rate", Summary::of_ratios(rounds(), &subject.rounds)),
            Kind::Processor => {
                let percent = subject.follower.iter().copied();
                ("percent of one core", Summary::of(percent))
            }
        };
        let (in_words, reached) = self
            .target
            .map(|target| match self.kind {
                Kind::Time => (format!("≤ {target}"), value.median <= target),
                Kind::Rate => (format!("≥ {target}"), value.median >= target),
                Kind::Processor => (format!("< {target}%"), value.median < target),
            })
            .unzip();
        ComparisonResult {
            subject: subject.name.clone(),
            against: fastest.map(|baseline| baseline.name.clone()),
            kind,
            value,
            target: in_words,
            reached,
        }
    }
}
