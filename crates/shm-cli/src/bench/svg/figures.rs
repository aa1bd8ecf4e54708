//! The figures beneath the picture.

use super::super::report::{Report, Row};
use super::super::units::{grouped, percent, whole};
use super::{anchored, line};

/// Pixels from line to line.
const LINE: f64 = 21.0;

/// A column: its right edge, its name, and what is in it.
type Column = (f64, &'static str, fn(&Row) -> String);

const COLUMNS: [Column; 7] = [
    (290.0, "one way, median", |row| {
        whole(row.sparse.one_way.p50_ns)
    }),
    (390.0, "p99", |row| {
        row.sparse
            .one_way
            .p99_ns
            .map_or_else(|| "-".to_owned(), whole)
    }),
    (490.0, "max", |row| whole(row.sparse.one_way.max_ns)),
    (590.0, "CPU", |row| percent(row.sparse.cost.cpu_percent())),
    (690.0, "idle CPU", |row| percent(row.idle_percent())),
    (790.0, "round trip", |row| whole(row.round_trip.p50_ns)),
    (930.0, "messages a second", |row| {
        grouped(row.stream.messages_per_second)
    }),
];

/// The pixels that they take.
pub(super) fn height(report: &Report) -> f64 {
    LINE * (report.rows.len() as f64 + 1.0) + 24.0
}

/// Writes them from `top` downwards.
pub(super) fn write(text: &mut String, report: &Report, top: f64) {
    let mut y = top + LINE - 6.0;
    anchored(text, (24.0, y), "start", "strong", "wait");
    for (x, name, _) in COLUMNS {
        anchored(text, (x, y), "end", "strong", name);
    }
    for row in &report.rows {
        line(text, (24.0, y + 7.0), (936.0, y + 7.0));
        y += LINE;
        let name = match (row.is_lesson, row.is_valid) {
            (true, true) => format!("{} (lesson)", row.name),
            (_, false) => format!("{} (wrong)", row.name),
            _ => row.name.clone(),
        };
        anchored(text, (24.0, y), "start", "name", &name);
        for (x, _, value) in COLUMNS {
            anchored(text, (x, y), "end", "name", &value(row));
        }
    }
}
