//! Figures as people read them.

/// Three digits and the unit that suits, in whole nanoseconds at least: `87 ns`, `1.25 µs`,
/// `50.3 ms`.
pub fn time(nanoseconds: f64) -> String {
    if nanoseconds < 999.5 {
        format!("{nanoseconds:.0} ns")
    } else {
        fine_time(nanoseconds)
    }
}

/// Three digits and the unit that suits: `87.4 ns`.
pub fn fine_time(nanoseconds: f64) -> String {
    let units = [("s", 1e9), ("ms", 1e6), ("µs", 1e3)];
    // What would be rounded up to the next unit is given in it.
    let unit = units
        .into_iter()
        .find(|(_, size)| nanoseconds >= size * 0.9995);
    let (unit, size) = unit.unwrap_or(("ns", 1.0));
    format!("{} {unit}", three_digits(nanoseconds / size))
}

/// About three significant digits, and no more decimals than four.
pub fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        ..0.0995 => 4,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// As [`time`], of whole nanoseconds.
pub fn whole(nanoseconds: u64) -> String {
    time(nanoseconds as f64)
}

/// With as many digits as tell something: `101%`, `2.4%`, `0.03%`.
pub fn percent(value: f64) -> String {
    let decimals = match value {
        value if value >= 99.5 => 0,
        value if value >= 0.995 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}%")
}

/// A whole number in groups of three, or with a decimal below 10: `1,234,567`, `9.1`.
pub fn grouped(value: f64) -> String {
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
    fn a_number_is_shown_with_about_three_digits() {
        let shown =
            [0.00063, 0.017, 1.254, 9.996, 12.34, 99.96, 123.4, 134_567.8].map(three_digits);
        let expected = [
            "0.0006", "0.0170", "1.25", "10.0", "12.3", "100", "123", "134568",
        ];
        assert_eq!(shown, expected);
        assert_eq!([95.2, 1.5e9].map(fine_time), ["95.2 ns", "1.50 s"]);
    }

    #[test]
    fn percentages_are_finer_where_they_are_small() {
        assert_eq!(percent(101.3), "101%");
        assert_eq!(percent(2.44), "2.4%");
        assert_eq!(percent(0.031), "0.03%");
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(999.0), "999");
        assert_eq!(grouped(9.12), "9.1");
    }
}
