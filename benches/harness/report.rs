//! The table on the terminal, and the same and more as JSON.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use serde::Serialize;
use shm_cli::measure::machine::{Line, Machine};
use shm_cli::measure::placement::Placement;
use shm_cli::measure::units::{fine_time, three_digits};

use super::comparison::ComparisonResult;
use super::row::{Effort, RowResult};
use super::statistics::Summary;
use super::turns::ContenderResult;

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
    let apart = Placement::Far.in_short();
    let rows = rows.into_iter().filter(|row| row.placement == apart);
    let lines = rows.flat_map(|row| row.contenders.iter().filter(|one| one.name == "line"));
    Line::of(lines.map(|line| line.nanoseconds.median))
}

/// The table: a line for each comparison.
///
/// A time is that of one exchange, the median of all rounds; `cpu` is what both processes of the
/// mailbox used, in percent of one core; a ratio is the median of the ratios of each round, with
/// the least and the greatest.
pub fn table(report: &Report) -> String {
    let header = "row|placement|line|mailbox|time|cpu|against|time|ratio (min–max)|target|";
    let mut table = aligned(header.split('|'), &[2, 4, 5, 7, 8, 9]);
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
        one.map_or_else(String::new, |one| fine_time(one.nanoseconds.median))
    };
    let subject = find(&comparison.subject);
    let processor = subject.map_or(0.0, |one| one.processor_percent.median);
    let (subject_time, value) = match comparison.against {
        Some(_) => (time(subject), spread(comparison.value, "")),
        // Nothing was exchanged in that time.
        None => (String::new(), spread(comparison.value, "%")),
    };
    let against = comparison.against.clone().unwrap_or_default();
    [
        row.name.clone(),
        row.placement.clone(),
        time(find("line")),
        comparison.subject.clone(),
        subject_time,
        format!("{}%", three_digits(processor)),
        against.clone(),
        time(find(&against)),
        value,
        comparison.target.clone().unwrap_or_default(),
        verdict(comparison.reached).to_owned(),
    ]
}

/// An empty table without lines, with these columns; those that are numbers stand to the right.
pub fn aligned(header: impl IntoIterator<Item = impl Into<Cell>>, numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for (index, column) in table.column_iter_mut().enumerate() {
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Whether a target was reached, if there is one, in a word.
pub fn verdict(reached: Option<bool>) -> &'static str {
    match reached {
        Some(true) => "reached",
        Some(false) => "missed",
        None => "",
    }
}

/// The median with the least and the greatest.
pub fn spread(value: Summary, unit: &str) -> String {
    let Summary {
        median, min, max, ..
    } = value;
    let [median, min, max] = [median, min, max].map(three_digits);
    format!("{median}{unit} ({min}–{max})")
}
