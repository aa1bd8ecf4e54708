//! Figures as people read them.

/// Three digits and the unit that suits: `87 ns`, `1.25 µs`, `50.3 ms`.
pub(super) fn time(nanoseconds: f64) -> String {
    for (unit, size) in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)] {
        // What would be rounded up to the next unit is told in it.
        if nanoseconds >= size * 0.9995 {
            let value = nanoseconds / size;
            let decimals = match value {
                value if value >= 99.95 => 0,
                value if value >= 9.995 => 1,
                _ => 2,
            };
            return format!("{value:.decimals$} {unit}");
        }
    }
    format!("{nanoseconds:.0} ns")
}

/// As [`time`], of whole nanoseconds.
pub(super) fn whole(nanoseconds: u64) -> String {
    time(nanoseconds as f64)
}

/// With as many digits as tell something: `101 %`, `2.4 %`, `0.03 %`.
pub(super) fn percent(value: f64) -> String {
    let decimals = match value {
        value if value >= 99.5 => 0,
        value if value >= 0.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} %")
}

/// A whole number in groups of three, or with a decimal below 10: `1,234,567`, `9.1`.
pub(super) fn grouped(value: f64) -> String {
    if value < 9.95 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (87.4, "87 ns"),
            (999.6, "1.00 µs"),
            (1250.0, "1.25 µs"),
            (50_340_000.0, "50.3 ms"),
            (999_400.0, "999 µs"),
            (100_000_000.0, "100 ms"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
    }

    #[test]
    fn percentages_are_finer_where_they_are_small() {
        assert_eq!(percent(101.3), "101 %");
        assert_eq!(percent(2.44), "2.4 %");
        assert_eq!(percent(0.031), "0.03 %");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(9.12), "9.1");
    }
}
