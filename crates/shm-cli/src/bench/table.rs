//! The figures on a terminal.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::report::{Report, Row};
use super::units::{grouped, percent, time, whole};

/// One line, beneath the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The machine, two tables, and how it compares to the lesson.
pub(super) fn table(report: &Report) -> String {
    let settings = report.settings;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}", report.machine);
    let _ = writeln!(
        text,
        "messages of {} bytes, {} slots, processes {}\n",
        settings.size, settings.slots, settings.pin
    );
    let _ = writeln!(
        text,
        "One way, from before sending to after receiving, when a message comes now and then"
    );
    let _ = writeln!(text, "{}\n", latencies(report));
    let _ = writeln!(
        text,
        "CPU in percent of one core; round trip in a closed loop; messages as fast as they come"
    );
    let _ = writeln!(text, "{}", costs(report));
    let sentences = report.against_the_lesson();
    if !sentences.is_empty() {
        let _ = writeln!(text, "\n{}", sentences.join("\n"));
    }
    for note in &report.notes {
        let _ = writeln!(text, "\nNote: {note}");
    }
    for warning in &report.warnings {
        let _ = writeln!(text, "\nWARNING: {warning}");
    }
    text
}

fn latencies(report: &Report) -> Table {
    let mut table = empty(&[
        "wait",
        "samples",
        "mean",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "mean/interval",
    ]);
    for row in &report.rows {
        let one_way = &row.sparse.one_way;
        table.add_row([
            name(row),
            grouped_count(one_way.samples),
            time(one_way.mean_ns),
            whole(one_way.p50_ns),
            optional(one_way.p90_ns),
            optional(one_way.p99_ns),
            optional(one_way.p999_ns),
            whole(one_way.max_ns),
            in_intervals(row),
        ]);
    }
    align(table)
}

fn costs(report: &Report) -> Table {
    let mut table = empty(&[
        "wait",
        "reader CPU",
        "writer CPU",
        "wake-ups/s",
        "idle CPU",
        "idle wake-ups/s",
        "round trip",
        "messages/s",
        "× lesson",
    ]);
    for row in &report.rows {
        let times = report.times_the_lesson(row);
        table.add_row([
            name(row),
            percent(row.sparse.cost.receiver.cpu_percent),
            percent(row.sparse.cost.sender.cpu_percent),
            grouped(row.sparse.cost.receiver.wakeups_per_second),
            percent(row.idle_percent()),
            grouped(row.idle.cost.receiver.wakeups_per_second),
            whole(row.round_trip.p50_ns),
            grouped(row.stream.messages_per_second),
            times.map_or_else(|| "-".to_owned(), grouped),
        ]);
    }
    align(table)
}

fn empty(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        // A table that is too wide is better than one that breaks its numbers.
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header.iter().copied());
    table
}

/// Names to the left, numbers to the right.
fn align(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn name(row: &Row) -> String {
    if row.is_lesson {
        format!("{} (the lesson)", row.name)
    } else {
        row.name.clone()
    }
}

fn grouped_count(count: u64) -> String {
    if count < 10 {
        count.to_string()
    } else {
        grouped(count as f64)
    }
}

fn optional(nanoseconds: Option<u64>) -> String {
    nanoseconds.map_or_else(|| "-".to_owned(), whole)
}

/// Where the mean has to be a half, and whether it is.
fn in_intervals(row: &Row) -> String {
    match row.mean_in_intervals {
        Some(mean) if row.is_valid => format!("{mean:.2}"),
        Some(mean) => format!("{mean:.2} WRONG"),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples::report;

    #[test]
    fn every_way_is_in_both_tables_and_the_lesson_is_named() {
        let text = table(&report());
        for row in report().rows {
            let lines = text
                .lines()
                .filter(|line| line.split_whitespace().next() == Some(row.name.as_str()));
            assert!(lines.count() >= 2, "{}:\n{text}", row.name);
        }
        assert!(text.contains("poll/100ms (the lesson)"), "{text}");
        assert!(!text.contains("WARNING"), "{text}");
    }
}
