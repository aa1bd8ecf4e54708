//! The figures on a terminal.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use shm_cli::measure::units::{grouped, percent, time, whole};

use super::report::{Report, Row};

/// One line, beneath the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The machine, two tables, and how it compares to the original loop.
pub(super) fn table(report: &Report) -> String {
    let settings = report.settings;
    let mut text = format!(
        "{}\nmessages of {} bytes, {} slots, processes {}\n\n\
         One way, from before sending to after receiving, when a message comes now and then\n{}\n\n\
         CPU in percent of one core; round trip in a closed loop; messages as fast as they come\n{}\n",
        report.machine,
        settings.size,
        settings.slots,
        settings.pin,
        lines(report, latencies),
        lines(report, costs),
    );
    let sentences = report.against_the_original();
    if !sentences.is_empty() {
        text += &format!("\n{}\n", sentences.join("\n"));
    }
    for note in &report.notes {
        text += &format!("\nNote: {note}\n");
    }
    for warning in &report.warnings {
        text += &format!("\nWARNING: {warning}\n");
    }
    text
}

/// How late messages are.
fn latencies(_: &Report, row: &Row) -> [(&'static str, String); 9] {
    let one_way = &row.sparse.one_way;
    [
        ("wait", name(row)),
        ("samples", grouped_count(one_way.samples)),
        ("mean", time(one_way.mean_ns)),
        ("p50", whole(one_way.p50_ns)),
        ("p90", optional(one_way.p90_ns)),
        ("p99", optional(one_way.p99_ns)),
        ("p99.9", optional(one_way.p999_ns)),
        ("max", whole(one_way.max_ns)),
        ("mean/interval", in_intervals(row)),
    ]
}

/// What that takes, and how fast they can come.
fn costs(report: &Report, row: &Row) -> [(&'static str, String); 9] {
    let (reader, writer) = (&row.sparse.cost.receiver, &row.sparse.cost.sender);
    let waiting = &row.idle.cost.receiver;
    let times = report.times_the_original(row);
    [
        ("wait", name(row)),
        ("reader CPU", percent(reader.cpu_percent)),
        ("writer CPU", percent(writer.cpu_percent)),
        ("wake-ups/s", grouped(reader.wakeups_per_second)),
        ("idle CPU", percent(row.idle_percent())),
        ("idle wake-ups/s", grouped(waiting.wakeups_per_second)),
        ("round trip", whole(row.round_trip.p50_ns)),
        ("messages/s", grouped(row.stream.messages_per_second)),
        ("× original", times.map_or_else(|| "-".to_owned(), grouped)),
    ]
}

/// A line for each way; names to the left, numbers to the right.
fn lines(report: &Report, columns: fn(&Report, &Row) -> [(&'static str, String); 9]) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        // A table that is too wide is better than one that breaks its numbers.
        .set_content_arrangement(ContentArrangement::Disabled);
    for row in &report.rows {
        let columns = columns(report, row);
        table.set_header(columns.each_ref().map(|(name, _)| *name));
        table.add_row(columns.map(|(_, value)| value));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn name(row: &Row) -> String {
    if row.is_original {
        format!("{} (original)", row.name)
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
    fn every_way_is_in_both_tables_and_the_original_is_named() {
        let text = table(&report());
        for row in report().rows {
            let lines = text
                .lines()
                .filter(|line| line.split_whitespace().next() == Some(row.name.as_str()));
            assert!(lines.count() >= 2, "{}:\n{text}", row.name);
        }
        assert!(text.contains("poll/100ms (original)"), "{text}");
        assert!(!text.contains("WARNING"), "{text}");
    }
}
