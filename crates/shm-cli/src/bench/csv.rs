//! The figures for a spreadsheet: one line a way of waiting, in the units that the columns name.

use std::fmt::Write as _;

use super::report::{Report, Row};

/// A column: its name, and what is in it; nothing where that is not known.
type Column = (&'static str, fn(&Row) -> String);

const COLUMNS: [Column; 25] = [
    ("name", |row| row.name.clone()),
    ("interval_ns", |row| optional(row.interval_ns)),
    ("valid", |row| row.is_valid.to_string()),
    ("one_way_samples", |row| {
        row.sparse.one_way.samples.to_string()
    }),
    ("one_way_p50_ns", |row| {
        row.sparse.one_way.p50_ns.to_string()
    }),
    ("one_way_p90_ns", |row| optional(row.sparse.one_way.p90_ns)),
    ("one_way_p99_ns", |row| optional(row.sparse.one_way.p99_ns)),
    ("one_way_p99.9_ns", |row| {
        optional(row.sparse.one_way.p999_ns)
    }),
    ("one_way_max_ns", |row| {
        row.sparse.one_way.max_ns.to_string()
    }),
    ("one_way_mean_ns", |row| {
        format!("{:.0}", row.sparse.one_way.mean_ns)
    }),
    ("sparse_messages_per_second", |row| {
        format!("{:.1}", row.sparse.messages_per_second)
    }),
    ("sparse_receiver_cpu_percent", |row| {
        rounded(row.sparse.cost.receiver.cpu_percent)
    }),
    ("sparse_sender_cpu_percent", |row| {
        rounded(row.sparse.cost.sender.cpu_percent)
    }),
    ("sparse_receiver_wakeups_per_second", |row| {
        rounded(row.sparse.cost.receiver.wakeups_per_second)
    }),
    ("sparse_receiver_preemptions_per_second", |row| {
        rounded(row.sparse.cost.receiver.preemptions_per_second)
    }),
    ("idle_cpu_percent", |row| rounded(row.idle_percent())),
    ("idle_wakeups_per_second", |row| {
        rounded(row.idle.cost.receiver.wakeups_per_second)
    }),
    ("idle_preemptions_per_second", |row| {
        rounded(row.idle.cost.receiver.preemptions_per_second)
    }),
    ("round_trip_samples", |row| {
        row.round_trip.samples.to_string()
    }),
    ("round_trip_p50_ns", |row| row.round_trip.p50_ns.to_string()),
    ("round_trip_p99_ns", |row| optional(row.round_trip.p99_ns)),
    ("round_trip_mean_ns", |row| {
        format!("{:.0}", row.round_trip.mean_ns)
    }),
    ("messages_per_second", |row| {
        format!("{:.1}", row.stream.messages_per_second)
    }),
    ("stream_receiver_cpu_percent", |row| {
        rounded(row.stream.cost.receiver.cpu_percent)
    }),
    ("stream_sender_cpu_percent", |row| {
        rounded(row.stream.cost.sender.cpu_percent)
    }),
];

/// The lines, the columns' names first; the last has the notes, which hold for each. No value needs quotes.
pub(super) fn csv(report: &Report) -> String {
    let mut text = COLUMNS.map(|(name, _)| name).join(",");
    text.push_str(",note\n");
    let note = report.notes.join("; ");
    for row in &report.rows {
        let values = COLUMNS.map(|(_, value)| value(row));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{},{note}", values.join(","));
    }
    text
}

fn optional(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn rounded(value: f64) -> String {
    format!("{value:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples::report;

    #[test]
    fn every_line_has_every_column() {
        let mut report = report();
        report.machine.load = Some(3.4);
        let report = Report::new(report.machine, report.settings, report.rows);
        let text = csv(&report);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + report.rows.len());
        for line in &lines {
            assert_eq!(line.split(',').count(), COLUMNS.len() + 1, "{line}");
        }
        assert!(lines[1].starts_with("spin,,true,1000,"), "{}", lines[1]);
        assert!(lines[1].ends_with("of a busy machine"), "{}", lines[1]);
    }
}
