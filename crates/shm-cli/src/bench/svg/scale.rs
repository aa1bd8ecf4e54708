//! A logarithmic axis: from values to places, and where its lines are.

/// Maps whole decades to a stretch of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Powers of ten at the two ends.
    decades: (i32, i32),
    /// Coordinates there; they may run backwards.
    places: (f64, f64),
}

impl Scale {
    /// An axis of whole decades that has room for all values; those that are not positive do not count.
    pub(super) fn new(values: impl IntoIterator<Item = f64>, places: (f64, f64)) -> Self {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for value in values.into_iter().filter(|value| *value > 0.0) {
            low = low.min(value);
            high = high.max(value);
        }
        let decades = if low <= high {
            (decade(low.log10().floor()), decade(high.log10().ceil()))
        } else {
            (0, 1)
        };
        // One value on a line of the grid still needs room.
        let decades = (decades.0, decades.1.max(decades.0 + 1));
        Self { decades, places }
    }

    /// Where a value is; what lies beyond an end is drawn there.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (low, high) = (f64::from(self.decades.0), f64::from(self.decades.1));
        let part = ((value.log10() - low) / (high - low)).clamp(0.0, 1.0);
        self.places.0 + part * (self.places.1 - self.places.0)
    }

    /// The values of its lines: one a decade.
    pub(super) fn lines(&self) -> impl Iterator<Item = f64> {
        (self.decades.0..=self.decades.1).map(|decade| 10_f64.powi(decade))
    }
}

fn decade(power: f64) -> i32 {
    // No figure of ours has more digits than this; it also makes the cast exact.
    #[allow(clippy::cast_possible_truncation, reason = "whole, and in range")]
    let decade = power.clamp(-12.0, 15.0) as i32;
    decade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_whole_decades_with_room_for_all_values() {
        let scale = Scale::new([180.0, 51e6], (0.0, 600.0));
        let lines: Vec<f64> = scale.lines().collect();
        assert_eq!((lines[0], lines.len()), (100.0, 7));
        assert!((lines[6] - 1e8).abs() < 1.0);
    }

    #[test]
    fn a_decade_is_as_long_as_any_other() {
        let scale = Scale::new([1.0, 1000.0], (0.0, 300.0));
        for (value, place) in [(1.0, 0.0), (10.0, 100.0), (100.0, 200.0), (1000.0, 300.0)] {
            assert!((scale.place(value) - place).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn an_axis_may_run_upwards() {
        let scale = Scale::new([1.0, 100.0], (500.0, 100.0));
        assert!((scale.place(10.0) - 300.0).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_drawn_is_drawn_at_the_end() {
        let scale = Scale::new([1.0, 100.0, 0.0], (0.0, 200.0));
        assert!(scale.place(0.0).abs() < 1e-9);
        let scale = Scale::new([], (0.0, 200.0));
        assert_eq!(scale.lines().count(), 2);
    }
}
