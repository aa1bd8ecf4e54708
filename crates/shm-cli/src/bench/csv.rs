//! The figures for a spreadsheet: one line a way of waiting, in the units that the columns name.

use super::report::{Report, Row};

/// The columns: the name of each, and what is in it; nothing where that is not known.
fn columns(row: &Row) -> [(&'static str, String); 25] {
    let Row {
        sparse,
        idle,
        round_trip,
        stream,
        ..
    } = row;
    let one_way = &sparse.one_way;
    let (reader, writer) = (&sparse.cost.receiver, &sparse.cost.sender);
    let waiting = &idle.cost.receiver;
    let whole = |value: f64| format!("{value:.0}");
    let tenths = |value: f64| format!("{value:.1}");
    let rounded = |value: f64| format!("{value:.3}");
    [
        ("name", row.name.clone()),
        ("interval_ns", optional(row.interval_ns)),
        ("valid", row.is_valid.to_string()),
        ("one_way_samples", one_way.samples.to_string()),
        ("one_way_p50_ns", one_way.p50_ns.to_string()),
        ("one_way_p90_ns", optional(one_way.p90_ns)),
        ("one_way_p99_ns", optional(one_way.p99_ns)),
        ("one_way_p99.9_ns", optional(one_way.p999_ns)),
        ("one_way_max_ns", one_way.max_ns.to_string()),
        ("one_way_mean_ns", whole(one_way.mean_ns)),
        (
            "sparse_messages_per_second",
            tenths(sparse.messages_per_second),
        ),
        ("sparse_receiver_cpu_percent", rounded(reader.cpu_percent)),
        ("sparse_sender_cpu_percent", rounded(writer.cpu_percent)),
        (
            "sparse_receiver_wakeups_per_second",
            rounded(reader.wakeups_per_second),
        ),
        (
            "sparse_receiver_preemptions_per_second",
            rounded(reader.preemptions_per_second),
        ),
        ("idle_cpu_percent", rounded(row.idle_percent())),
        (
            "idle_wakeups_per_second",
            rounded(waiting.wakeups_per_second),
        ),
        (
            "idle_preemptions_per_second",
            rounded(waiting.preemptions_per_second),
        ),
        ("round_trip_samples", round_trip.samples.to_string()),
        ("round_trip_p50_ns", round_trip.p50_ns.to_string()),
        ("round_trip_p99_ns", optional(round_trip.p99_ns)),
        ("round_trip_mean_ns", whole(round_trip.mean_ns)),
        ("messages_per_second", tenths(stream.messages_per_second)),
        (
            "stream_receiver_cpu_percent",
            rounded(stream.cost.receiver.cpu_percent),
        ),
        (
            "stream_sender_cpu_percent",
            rounded(stream.cost.sender.cpu_percent),
        ),
    ]
}

/// The lines, the columns' names first; the last has the notes, which hold for each. No value needs
/// quotes.
pub(super) fn csv(report: &Report) -> String {
    let mut text = String::new();
    let note = report.notes.join("; ");
    for row in &report.rows {
        let columns = columns(row);
        if text.is_empty() {
            text = columns.each_ref().map(|(name, _)| *name).join(",") + ",note\n";
        }
        text += &columns.map(|(_, value)| value + ",").concat();
        text += &note;
        text.push('\n');
    }
    text
}

fn optional(value: Option<u64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
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
            assert_eq!(line.split(',').count(), 26, "{line}");
        }
        assert!(lines[1].starts_with("spin,,true,1000,"), "{}", lines[1]);
        assert!(lines[1].ends_with("of a busy machine"), "{}", lines[1]);
    }
}
