//! Medians with the least, the greatest and the quartiles beside them.

use serde::{Deserialize, Serialize};

/// What is left of a number of rounds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Summary {
    /// The one in the middle, or the mean of the two there.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// Where the middle half begins and ends: a quarter of the values are below the first, a
    /// quarter above the second.
    pub quartiles: (f64, f64),
}

impl Summary {
    /// Of at least one value; none is NaN.
    ///
    /// # Panics
    ///
    /// If there is no value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (values.first(), values.last()) else {
            panic!("no value to summarise");
        };
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        let outside = values.len() / 4;
        let quartiles = (values[outside], values[values.len() - 1 - outside]);
        Self {
            median,
            min,
            max,
            quartiles,
        }
    }

    /// Of the ratios of two measurements, round by round.
    ///
    /// Both of a pair were taken within milliseconds, so whatever slowed the machine down for
    /// longer than that is in neither ratio.
    pub fn of_ratios(numerators: &[f64], denominators: &[f64]) -> Self {
        assert_eq!(numerators.len(), denominators.len(), "rounds are paired");
        let pairs = numerators.iter().zip(denominators);
        Self::of(pairs.map(|(numerator, denominator)| numerator / denominator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_odd_number_is_the_one_in_the_middle() {
        let summary = Summary::of([9.0, 1.0, 4.0]);
        let expected = Summary {
            median: 4.0,
            min: 1.0,
            max: 9.0,
            quartiles: (1.0, 9.0),
        };
        assert_eq!(summary, expected);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle() {
        assert_eq!(Summary::of([8.0, 1.0, 2.0, 3.0]).median, 2.5);
    }

    #[test]
    fn half_of_the_values_lies_between_the_quartiles() {
        let values = (1..=9).map(f64::from);
        assert_eq!(Summary::of(values).quartiles, (3.0, 7.0));
    }

    #[test]
    fn one_value_is_its_own_median() {
        let summary = Summary::of([3.0]);
        assert_eq!((summary.median, summary.min, summary.max), (3.0, 3.0, 3.0));
    }

    #[test]
    #[should_panic(expected = "no value")]
    fn no_value_has_no_median() {
        Summary::of([]);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // A machine that is ten times slower in the second round does not show.
        let summary = Summary::of_ratios(&[2.0, 20.0, 3.0], &[1.0, 10.0, 1.0]);
        assert_eq!((summary.median, summary.min, summary.max), (2.0, 2.0, 3.0));
    }
}
