//! How a look is shown: as a table, as a page of the terminal, and as a line of JSON.

use std::time::Duration;

use serde::Serialize;

use super::history::{Oldest, Row};
use crate::operators::bus::{Bus, Traffic};
use crate::operators::columns::{self, Column, LEAST};
use crate::operators::entry::{Kind, Mailbox};
use crate::operators::holder::State;
use crate::terminal::escape;
use crate::terminal::screen::Size;

/// The lines of a page that show no mailbox: what it is, an empty one, the headings, and the line
/// beneath them.
const HEAD: usize = 4;

/// The page of a terminal.
pub(super) fn page(rows: &[Row], interval: Duration, size: Size) -> String {
    let rate: f64 = rows
        .iter()
        .filter_map(|row| row.figures.sent_per_second)
        .sum();
    let has_bus = rows.iter().any(|row| row.entry.kind == Kind::Bus);
    let many = match (rows.len(), has_bus) {
        (1, true) => "1 bus".to_owned(),
        (1, false) => "1 mailbox".to_owned(),
        (count, true) => format!("{count} mailboxes and buses"),
        (count, false) => format!("{count} mailboxes"),
    };
    let rate = self::rate(Some(rate));
    let interval = humantime::format_duration(interval);
    let title = format!("shm top: {many}, {rate} messages/s, every {interval}; q quits");
    let title: String = title.chars().take(size.columns).collect();
    let mut lines = vec![title, String::new()];
    let room = size.lines.saturating_sub(HEAD);
    if rows.len() <= room {
        lines.extend(self::lines(rows, Some(size.columns), true));
    } else {
        let (shown, others) = rows.split_at(room.saturating_sub(1));
        lines.extend(self::lines(shown, Some(size.columns), true));
        lines.push(format!("and {} more", others.len()));
    }
    lines.join("\n")
}

/// The lines of the table.
pub(super) fn lines(rows: &[Row], room: Option<usize>, is_terminal: bool) -> Vec<String> {
    let column = |title: &str, weight, cell: &dyn Fn(&Row, Traffic) -> String| Column {
        title: title.to_owned(),
        cells: rows
            .iter()
            .map(|row| cell(row, row.entry.traffic().unwrap_or_default()))
            .collect(),
        is_number: !matches!(title, "NAME" | "OWNER"),
        weight,
    };
    let columns = vec![
        column("NAME", 10, &|row, _| row.entry.shown_name()),
        column("SENT/S", 9, &|row, _| rate(row.figures.sent_per_second)),
        column("RECEIVED/S", 4, &|row, _| {
            rate(row.figures.received_per_second)
        }),
        column("QUEUED", 8, &|_, traffic| traffic.queued.to_string()),
        column("SLOTS", LEAST, &|_, traffic| traffic.slots.to_string()),
        column("OLDEST", 7, &|row, _| age(row.figures.oldest)),
        column("WRITER", 6, &|row, _| holder(row, 0)),
        column("READER", 6, &|row, _| holder(row, 1)),
        column("SENT", 2, &|_, traffic| traffic.sent.to_string()),
        column("OWNER", 1, &|row, _| row.entry.owner_name.clone()),
    ];
    columns::lines(columns, true, room, is_terminal)
}

fn rate(per_second: Option<f64>) -> String {
    match per_second {
        None => "-".to_owned(),
        Some(0.0) => "0".to_owned(),
        Some(rate @ ..9.95) => format!("{rate:.1}"),
        Some(rate) => format!("{rate:.0}"),
    }
}

fn age(oldest: Option<Oldest>) -> String {
    let Some(Oldest { age, is_older }) = oldest else {
        return "-".to_owned();
    };
    let seconds = age.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let text = match seconds {
        0..10 => format!("{seconds}.{}s", age.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m{:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    };
    match is_older {
        true => format!(">{text}"),
        false => text,
    }
}

/// The process, if there is only one; for a bus, how many there are.
fn holder(row: &Row, side: usize) -> String {
    let Some(holder) = row.entry.holders().map(|holders| holders[side]) else {
        let holders = row.entry.short_holders().unwrap_or_default();
        return holders[side].clone();
    };
    match (holder.state, holder.pid) {
        (State::Alive, Some(pid)) if holder.confirmed => pid.to_string(),
        (State::Alive, Some(pid)) => format!("{pid}?"),
        _ => holder.short(),
    }
}

/// A look as JSON.
#[derive(Serialize)]
struct Record<'a> {
    /// Raised when the meaning of a field changes.
    schema: u32,
    interval_ms: u128,
    mailboxes: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<&'a str>,
    sent_per_second: Option<f64>,
    received_per_second: Option<f64>,
    oldest_ms: Option<u128>,
    /// Whether the oldest message was there at the first look.
    oldest_is_older: Option<bool>,
    owner: u32,
    /// As in `shm ls --json`.
    mailbox: Option<&'a Mailbox>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bus: Option<&'a Bus>,
}

impl<'a> Line<'a> {
    fn of(Row { entry, figures }: &'a Row) -> Self {
        // A tenth is as much as a look tells.
        let tenths = |rate: Option<f64>| rate.map(|rate| (rate * 10.0).round() / 10.0);
        Self {
            name: &entry.name,
            name_bytes: entry.name_bytes.as_deref(),
            sent_per_second: tenths(figures.sent_per_second),
            received_per_second: tenths(figures.received_per_second),
            oldest_ms: figures.oldest.map(|oldest| oldest.age.as_millis()),
            oldest_is_older: figures.oldest.map(|oldest| oldest.is_older),
            owner: entry.owner,
            mailbox: entry.mailbox.as_ref(),
            bus: entry.bus.as_ref(),
        }
    }
}

/// A line of JSON, on a terminal without control characters.
pub(super) fn json(rows: &[Row], interval: Duration, is_terminal: bool) -> String {
    let record = Record {
        schema: 1,
        interval_ms: interval.as_millis(),
        mailboxes: rows.iter().map(Line::of).collect(),
    };
    let text = serde_json::to_string(&record).expect("strings and finite numbers") + "\n";
    if !is_terminal {
        return text;
    }
    let mut shown = Vec::new();
    escape::json(&text, &mut shown);
    String::from_utf8_lossy(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_tenth_where_that_matters() {
        let shown = [None, Some(0.0), Some(0.25), Some(9.96), Some(1_234_567.8)].map(rate);
        assert_eq!(shown, ["-", "0", "0.2", "10", "1234568"]);
    }

    #[test]
    fn an_age_has_two_units_at_most() {
        let shown = |seconds: f64, is_older| {
            let age = Duration::from_secs_f64(seconds);
            super::age(Some(Oldest { age, is_older }))
        };
        assert_eq!(shown(0.05, false), "0.0s");
        assert_eq!(shown(9.99, true), ">9.9s");
        assert_eq!(shown(59.9, false), "59s");
        assert_eq!(shown(185.0, false), "3m05s");
        assert_eq!(shown(7_800.0, true), ">2h10m");
        assert_eq!(shown(273_600.0, false), "3d04h");
        assert_eq!(super::age(None), "-");
    }
}
