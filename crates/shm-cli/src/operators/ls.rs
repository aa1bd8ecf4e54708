//! `shm ls`: what is in `/dev/shm`, in columns that fit the terminal, or as a script wants them.

use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;

use clap::ValueEnum;

use super::bus::Traffic;
use super::columns::{self, Column, LEAST};
use super::entry::Entry;
use super::objects;
use crate::args::{ColumnName, LsArgs};
use crate::console;
use crate::failure::{Ending, Failure, note};
use crate::terminal::escape;

pub(crate) fn run(args: &LsArgs) -> Result<Ending, Failure> {
    let wanted =
        |name: &str| args.globs.is_empty() || args.globs.iter().any(|glob| glob.matches(name));
    let mut entries = match args.quiet {
        true => objects::list_without_users(args.all, wanted)?,
        false => objects::list(args.all, wanted)?,
    };
    if args.stale {
        entries.retain(Entry::is_stale);
    }
    let is_terminal = io::stdout().is_terminal();
    if args.json {
        console::print_json(&entries)?;
    } else if args.quiet {
        console::print(names(&entries, is_terminal))?;
    } else {
        // In a pipe there is nobody to see that there are columns, and no rows.
        if !entries.is_empty() || is_terminal {
            console::print(table(&entries, args, is_terminal))?;
        }
        if entries.is_empty() && io::stderr().is_terminal() {
            note("no such object is in /dev/shm");
        }
    }
    Ok(Ending::Done)
}

/// The names as they are, one a line; on a terminal as it may have them.
fn names(entries: &[Entry], is_terminal: bool) -> Vec<u8> {
    let mut lines = Vec::new();
    for entry in entries {
        let name = entry.file_name.as_bytes();
        match is_terminal {
            true => escape::bytes(name, &mut lines),
            false => lines.extend_from_slice(name),
        }
        lines.push(b'\n');
    }
    lines
}

/// The columns that were asked for, or those that the terminal has room for.
fn table(entries: &[Entry], args: &LsArgs, is_terminal: bool) -> String {
    let (chosen, room) = match args.output.as_slice() {
        [] => (ColumnName::value_variants(), console::width()),
        chosen => (chosen, None),
    };
    let column = |name: &ColumnName| Column {
        title: title(*name),
        cells: entries.iter().map(|entry| cell(*name, entry)).collect(),
        is_number: is_number(*name),
        weight: weight(*name),
    };
    let columns = chosen.iter().map(column).collect();
    let lines = columns::lines(columns, !args.no_headings, room, is_terminal);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn title(column: ColumnName) -> String {
    let value = column.to_possible_value().expect("none is skipped");
    value.get_name().to_uppercase()
}

/// See [`Column::weight`].
fn weight(column: ColumnName) -> u8 {
    match column {
        ColumnName::Name => 10,
        ColumnName::Queued => 9,
        ColumnName::Writer | ColumnName::Reader => 8,
        ColumnName::Kind => 6,
        ColumnName::Sent | ColumnName::Received => 5,
        ColumnName::Slots => 4,
        ColumnName::Owner => LEAST,
        ColumnName::Mode => 2,
        ColumnName::Size => 1,
    }
}

fn is_number(column: ColumnName) -> bool {
    use ColumnName::{Queued, Received, Sent, Size, Slots};
    matches!(column, Slots | Queued | Sent | Received | Size)
}

fn cell(column: ColumnName, entry: &Entry) -> String {
    let none = || "-".to_owned();
    let count = |field: fn(&Traffic) -> u64| {
        let traffic = entry.traffic();
        traffic.map_or_else(none, |traffic| field(&traffic).to_string())
    };
    let holder = |side: usize| {
        let holders = entry.short_holders();
        holders.map_or_else(none, |holders| holders[side].clone())
    };
    match column {
        ColumnName::Name => entry.shown_name(),
        ColumnName::Kind => entry.kind.to_string(),
        ColumnName::Slots => count(|traffic| traffic.slots.into()),
        ColumnName::Queued => count(|traffic| traffic.queued),
        ColumnName::Sent => count(|traffic| traffic.sent),
        ColumnName::Received => count(|traffic| traffic.received),
        ColumnName::Writer => holder(0),
        ColumnName::Reader => holder(1),
        ColumnName::Owner => entry.owner_name.clone(),
        ColumnName::Mode => entry.mode.clone(),
        ColumnName::Size => entry.size.to_string(),
    }
}
