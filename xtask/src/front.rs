//! README.md's table of figures: some rows of the comparison in docs/labbook.md.

use std::fs;

use anyhow::Context;

use crate::bench::{LAB_BOOK, part_of, with_part};
use crate::run;

/// The page, and its part; the lab book's part with the figures of all peers is called so too.
const README: &str = "README.md";
const PART: &str = "peers";

/// The columns: a title, the quantity in the lab book, and whether a peer is polled in it.
const COLUMNS: [(&str, &str, bool); 3] = [
    ("Round trip, busy, 64 B", "round_trip/spin/64B", true),
    ("Round trip, asleep, 1 KiB", "round_trip/block/1024B", false),
    ("In a stream, 64 B", "stream/spin/64B/256-slots", false),
];

/// The peers: as README.md and as the lab book call them.
const PEERS: [(&str, &str); 4] = [
    ("iceoryx2", "iceoryx2"),
    ("pipe", "pipe"),
    ("Unix socket", "Unix stream"),
    ("ZeroMQ (ipc)", "ZeroMQ ipc"),
];

/// Writes the table.
pub(crate) fn write() -> anyhow::Result<()> {
    let path = run::root().join(README);
    let page = fs::read_to_string(&path).context(README)?;
    fs::write(path, with_part(&page, PART, &table()?)?)?;
    Ok(())
}

/// The table, from the figures that the lab book has.
fn table() -> anyhow::Result<String> {
    let book = fs::read_to_string(run::root().join(LAB_BOOK)).context(LAB_BOOK)?;
    let part = part_of(&book, PART)?;
    // After the mark of the block and the command.
    let machine = part
        .lines()
        .nth(2)
        .context("the lab book names no machine")?;
    let table = table_of(&rows(part));
    Ok(format!(
        "{table}\n\n{}",
        wrapped(&format!("Machine: {machine}."))
    ))
}

/// The words in lines of at most 100 columns.
fn wrapped(words: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words.split(' ') {
        let length = word.chars().count();
        let breaks = width + 1 + length > 100;
        if !text.is_empty() {
            text.push(if breaks { '\n' } else { ' ' });
        }
        width = if breaks { length } else { width + 1 + length };
        text.push_str(word);
    }
    text
}

/// One line of the comparison; times as they are written there.
struct Row<'a> {
    quantity: &'a str,
    peer: &'a str,
    mailbox: &'a str,
    time: &'a str,
}

/// The lines of the comparison.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut quantity = "";
    for line in text.lines().filter(|line| line.starts_with(' ')) {
        let mut cells: Vec<&str> = line.split("  ").map(str::trim).collect();
        cells.retain(|cell| !cell.is_empty());
        // The quantity stands in the first of its lines.
        if !line.starts_with("  ") {
            quantity = cells.remove(0);
        }
        if let [peer, _line, mailbox, time, ..] = cells[..] {
            rows.push(Row {
                quantity,
                peer,
                mailbox,
                time,
            });
        }
    }
    rows
}

fn table_of(rows: &[Row<'_>]) -> String {
    let titles = COLUMNS.map(|(title, _, _)| title).join(" | ");
    let mut lines = vec![format!("| | {titles} |"), "|---|---:|---:|---:|".to_owned()];
    let mailbox = COLUMNS.map(|(_, quantity, _)| own(rows, quantity));
    lines.push(format!("| **shm-mailbox** | {} |", mailbox.join(" | ")));
    for (name, peer) in PEERS {
        let cells = COLUMNS.map(|(_, quantity, polled)| {
            let time = |peer: &str| {
                let row = |row: &&Row<'_>| row.quantity == quantity && row.peer == peer;
                Some(rows.iter().find(row)?.time)
            };
            let busy = time(&format!("{peer}, polled")).filter(|_| polled);
            busy.or_else(|| time(peer)).unwrap_or("–")
        });
        lines.push(format!("| {name} | {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

/// What the mailbox took beside these peers: from its best median to its worst.
fn own(rows: &[Row<'_>], quantity: &str) -> String {
    let beside = |row: &&Row<'_>| {
        row.quantity == quantity && PEERS.iter().any(|(_, peer)| row.peer.starts_with(peer))
    };
    let mut times: Vec<&str> = rows.iter().filter(beside).map(|row| row.mailbox).collect();
    times.sort_by(|one, other| nanoseconds(one).total_cmp(&nanoseconds(other)));
    match times[..] {
        [] => "–".to_owned(),
        [first, .., last] if first != last => {
            let unit = last.split_once(' ').map_or("", |(_, unit)| unit);
            format!("{}–{last}", first.trim_end_matches(unit).trim_end())
        }
        [first, ..] => first.to_owned(),
    }
}

fn nanoseconds(time: &str) -> f64 {
    let (number, unit) = time.split_once(' ').unwrap_or((time, ""));
    let factor = match unit {
        "ms" => 1e6,
        "µs" => 1e3,
        _ => 1.0,
    };
    number.parse::<f64>().unwrap_or_default() * factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_lab_books_figures() {
        let page = fs::read_to_string(run::root().join(README)).expect("it is there");
        let expected = table().expect("the lab book has the comparison");
        let actual = part_of(&page, PART).expect("it has the marks");
        assert_eq!(actual, expected, "cargo xtask bench --front writes it");
        // Each peer, and each quantity, is found in it.
        assert_eq!(
            expected.matches(" – ").count(),
            1,
            "iceoryx2 does not sleep"
        );
    }
}
