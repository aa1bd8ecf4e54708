//! Distributions of times: percentiles, and only those that so many values can tell.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Times in nanoseconds, to three digits.
#[derive(Debug)]
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn new() -> Self {
        Self(Histogram::new(3).expect("three digits are possible"))
    }

    /// Adds one time, in nanoseconds.
    pub(super) fn add(&mut self, nanoseconds: u64) {
        // It grows as needed.
        self.0.record(nanoseconds).expect("it fits any time");
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(super) fn summary(&self) -> Summary {
        // A percentile needs one value in the part above it, else it is just the greatest.
        let quantile =
            |part: f64, least: u64| (self.count() >= least).then(|| self.0.value_at_quantile(part));
        Summary {
            samples: self.count(),
            mean_ns: self.0.mean(),
            p50_ns: self.0.value_at_quantile(0.5),
            p90_ns: quantile(0.9, 10),
            p99_ns: quantile(0.99, 100),
            p999_ns: quantile(0.999, 1000),
            max_ns: self.0.max(),
        }
    }
}

/// What a report shows of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Summary {
    pub(super) samples: u64,
    pub(super) mean_ns: f64,
    pub(super) p50_ns: u64,
    /// Of at least 10 values.
    pub(super) p90_ns: Option<u64>,
    /// Of at least 100 values.
    pub(super) p99_ns: Option<u64>,
    /// Of at least 1000 values.
    pub(super) p999_ns: Option<u64>,
    pub(super) max_ns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u64) -> Summary {
        let mut times = Times::new();
        (1..=count).for_each(|time| times.add(time));
        times.summary()
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let summary = of(1000);
        assert_eq!(summary.p50_ns, 500);
        assert_eq!(summary.p90_ns, Some(900));
        assert_eq!(summary.p99_ns, Some(990));
        assert_eq!(summary.p999_ns, Some(999));
        assert_eq!(summary.max_ns, 1000);
        assert!((summary.mean_ns - 500.5).abs() < 1e-6);
    }

    #[test]
    fn a_percentile_that_so_few_values_cannot_tell_is_missing() {
        let summary = of(99);
        assert!(summary.p90_ns.is_some());
        assert_eq!((summary.p99_ns, summary.p999_ns), (None, None));
    }
}
