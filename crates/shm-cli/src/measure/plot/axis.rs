//! An axis: which places are labelled, and where along it a value is.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// One axis; it reaches from its first label to its last.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it measures.
    pub name: String,
    /// Places that are labelled, in ascending order; two at least.
    pub labels: Vec<(f64, String)>,
    /// Whether a factor is as long as any other, instead of a difference.
    pub is_logarithmic: bool,
}

impl Axis {
    /// A logarithmic axis of whole decades with room for all values; those that are not positive do
    /// not count.
    pub fn decades(
        name: &str,
        values: impl IntoIterator<Item = f64>,
        label: impl Fn(f64) -> String,
    ) -> Self {
        let values = values.into_iter().filter(|value| *value > 0.0);
        let powers: Vec<f64> = values.map(f64::log10).collect();
        let least = powers.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let greatest = powers.iter().copied().reduce(f64::max).unwrap_or(0.0);
        let mut power = least.floor();
        // One value on a line of the grid still needs room.
        let last = greatest.ceil().max(power + 1.0);
        let mut labels = Vec::new();
        while power <= last {
            let value = 10_f64.powf(power);
            labels.push((value, label(value)));
            power += 1.0;
        }
        Self {
            name: name.to_owned(),
            labels,
            is_logarithmic: true,
        }
    }

    /// A linear axis from 0, with at most eight steps of 1, 2 or 5 of some unit.
    pub fn from_zero(name: &str, greatest: f64, label: impl Fn(f64) -> String) -> Self {
        let unit = 10_f64.powf((greatest / 8.0).max(1.0).log10().floor());
        let steps = [1.0, 2.0, 5.0].map(|step| step * unit);
        let step = steps.into_iter().find(|step| greatest <= 8.0 * step);
        let step = step.unwrap_or(10.0 * unit);
        let mut labels = vec![(0.0, label(0.0))];
        let mut value = 0.0;
        while value < greatest.max(step) {
            value += step;
            labels.push((value, label(value)));
        }
        Self {
            name: name.to_owned(),
            labels,
            is_logarithmic: false,
        }
    }

    /// The part of the axis before a value; what lies beyond an end is drawn there.
    fn part(&self, value: f64) -> f64 {
        let (low, high) = self.ends();
        let length = |from: f64, to: f64| {
            if self.is_logarithmic {
                (to / from).log10()
            } else {
                to - from
            }
        };
        length(low, value.clamp(low, high)) / length(low, high)
    }

    pub(super) fn ends(&self) -> (f64, f64) {
        (self.labels[0].0, self.labels[self.labels.len() - 1].0)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        // The first and the last mark are not to touch the frame.
        const ROOM: f64 = 0.04;
        let part = ROOM + (1.0 - 2.0 * ROOM) * self.part(*value);
        let pixels = part * f64::from(limit.1 - limit.0);
        #[allow(clippy::cast_possible_truncation, reason = "within the picture")]
        let pixels = pixels.round() as i32;
        limit.0 + pixels
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let labels = self
            .labels
            .iter()
            .filter(|_| !hint.weight().allow_light_points());
        labels.map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        let (low, high) = self.ends();
        low..high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let label = self.labels.iter().find(|(at, _)| at == value);
        label.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        let labels = axis.labels.iter();
        labels.map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn an_axis_has_whole_decades_with_room_for_all_values() {
        let axis = Axis::decades("", [180.0, 51e6, 0.0], |value| format!("{value:.0e}"));
        assert_eq!(
            labels(&axis),
            ["1e2", "1e3", "1e4", "1e5", "1e6", "1e7", "1e8"]
        );
        let empty = Axis::decades("", [], |value| value.to_string());
        assert_eq!(labels(&empty), ["1", "10"]);
    }

    #[test]
    fn a_decade_is_as_long_as_any_other_and_a_value_beyond_the_end_is_drawn_there() {
        let axis = Axis::decades("", [1.0, 1000.0], |value| value.to_string());
        for (value, part) in [
            (0.0, 0.0),
            (1.0, 0.0),
            (10.0, 1.0),
            (1000.0, 3.0),
            (1e9, 3.0),
        ] {
            assert!((axis.part(value) - part / 3.0).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn a_linear_axis_has_at_most_eight_steps_of_1_2_or_5() {
        for (greatest, step, last) in [(7.9, 1.0, 8.0), (9.0, 2.0, 10.0), (1110.0, 200.0, 1200.0)] {
            let axis = Axis::from_zero("", greatest, |value| value.to_string());
            let places: Vec<f64> = axis.labels.iter().map(|(at, _)| *at).collect();
            assert_eq!((places[1], places[places.len() - 1]), (step, last));
        }
    }
}
