//! The table on the terminal, and the same and more as JSON.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use super::comparison::ComparisonResult;
use super::placement::Placement;
use super::row::{Effort, RowResult};
use super::turns::ContenderResult;
use crate::machine::{Line, Machine};
use crate::statistics::Summary;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this form: 2.
    pub schema: u32,
    /// Where it was measured; the line is that of [`lines`].
    pub machine: Machine,
    /// How often each contender had its turn.
    pub rounds: usize,
    /// How long a turn was, in milliseconds.
    pub slice_milliseconds: f64,
    /// In the order in which they were measured.
    pub rows: Vec<RowResult>,
}

impl Report {
    /// An empty one.
    pub fn new(effort: Effort) -> Self {
        Self {
            schema: 2,
            machine: Machine::here(),
            rounds: effort.rounds,
            slice_milliseconds: effort.slice.as_secs_f64() * 1e3,
            rows: Vec::new(),
        }
    }

    /// Adds a row, and what it says of the machine.
    pub fn add(&mut self, row: RowResult) {
        self.rows.push(row);
        self.machine.line = lines(&self.rows);
    }
}

/// The quickest and the slowest median of the raw lines that took turns in rows on two cores.
pub fn lines<'a>(rows: impl IntoIterator<Item = &'a RowResult>) -> Option<Line> {
    let apart = Placement::Apart.to_string();
    let rows = rows.into_iter().filter(|row| row.placement == apart);
    let lines = rows.flat_map(|row| row.contenders.iter().filter(|one| one.name == "line"));
    Line::of(lines.map(|line| line.nanoseconds.median))
}

/// The table: a line for each comparison.
///
/// A time is that of one exchange, the median of all rounds; `cpu` is what both processes of the mailbox used,
/// in percent of one core; a ratio is the median of the ratios of each round, with the least and the greatest.
pub fn table(report: &Report) -> String {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "row",
            "placement",
            "line",
            "mailbox",
            "time",
            "cpu",
            "against",
            "time",
            "ratio (min–max)",
            "target",
            "",
        ]);
    for column in [2, 4, 5, 7, 8, 9] {
        let column = table.column_mut(column).expect("there are eleven");
        column.set_cell_alignment(CellAlignment::Right);
    }
    for row in &report.rows {
        for (index, comparison) in row.comparisons.iter().enumerate() {
            let mut cells = cells(row, comparison);
            if index > 0 {
                // The same row still.
                cells[..3].fill(String::new());
            }
            table.add_row(cells);
        }
    }
    table.to_string()
}

fn cells(row: &RowResult, comparison: &ComparisonResult) -> [String; 11] {
    let find = |name: &str| row.contenders.iter().find(|one| one.name == name);
    let time = |one: Option<&ContenderResult>| {
        one.map_or_else(String::new, |one| duration(one.nanoseconds.median))
    };
    let subject = find(&comparison.subject);
    let processor = subject.map_or(0.0, |one| one.processor_percent.median);
    let (subject_time, value) = match comparison.against {
        Some(_) => (time(subject), spread(comparison.value, "")),
        // Nothing was exchanged in that time.
        None => (String::new(), spread(comparison.value, " %")),
    };
    let verdict = match comparison.reached {
        Some(true) => "reached",
        Some(false) => "missed",
        None => "",
    };
    let against = comparison.against.clone().unwrap_or_default();
    [
        row.name.clone(),
        row.placement.clone(),
        time(find("line")),
        comparison.subject.clone(),
        subject_time,
        format!("{} %", three_digits(processor)),
        against.clone(),
        time(find(&against)),
        value,
        comparison.target.clone().unwrap_or_default(),
        verdict.to_owned(),
    ]
}

fn spread(value: Summary, unit: &str) -> String {
    let Summary {
        median, min, max, ..
    } = value;
    let [median, min, max] = [median, min, max].map(three_digits);
    format!("{median}{unit} ({min}–{max})")
}

fn duration(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        ..1e6 => (nanoseconds / 1e3, "µs"),
        ..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// About three significant digits, and no more decimals than four.
fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        ..0.0995 => 4,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_with_about_three_digits() {
        let shown =
            [0.00063, 0.017, 1.254, 9.996, 12.34, 99.96, 123.4, 134_567.8].map(three_digits);
        let expected = [
            "0.0006", "0.0170", "1.25", "10.0", "12.3", "100", "123", "134568",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_time_is_shown_in_the_unit_that_suits_it() {
        let shown = [95.2, 4_600.0, 110_000_000.0, 1.5e9].map(duration);
        assert_eq!(shown, ["95.2 ns", "4.60 µs", "110 ms", "1.50 s"]);
    }
}
