//! `shm ls`: what is in `/dev/shm`, in columns that fit the terminal, or as a script wants them.

use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;

use clap::ValueEnum;
use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle,
};

use super::entry::{Entry, Mailbox};
use super::holder::Holder;
use super::objects;
use crate::args::{ColumnName, LsArgs};
use crate::console;
use crate::failure::{Ending, Failure, note};
use crate::terminal::{escape, locale};

/// The narrowest that names may become, in characters, before a column that tells more than
/// [`LEAST`] is left out.
const NARROWEST_NAME: usize = 12;

/// Columns of up to this weight go before a name is cut.
const LEAST: u8 = 3;

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

/// The columns that were asked for, or those that the terminal has room for. On a terminal there is
/// a line beneath the headings.
fn table(entries: &[Entry], args: &LsArgs, is_terminal: bool) -> String {
    let (mut columns, room) = match args.output.as_slice() {
        [] => (ColumnName::value_variants().to_vec(), console::width()),
        chosen => (chosen.to_vec(), None),
    };
    if let Some(width) = room {
        fit(&mut columns, entries, width);
    }
    let is_utf8 = locale::is_utf8();
    let mut table = Table::new();
    let mut style = TableStyle::new();
    if is_terminal {
        let line = if is_utf8 { '─' } else { '-' };
        style = style.header_separator(LineStyle::none().fill(line).junction(line));
    }
    table.load_style(style);
    if !args.no_headings {
        table.set_header(row(&columns, title));
    }
    table.add_rows(
        entries
            .iter()
            .map(|entry| row(&columns, |column| cell(column, entry))),
    );
    if let Some(width) = room {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_truncation_indicator(if is_utf8 { "…" } else { "~" });
        // The name takes what is left.
        for column in table.column_iter_mut().skip(1) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for (shown, column) in table.column_iter_mut().zip(&columns) {
        // The style with the line has one blank between columns, too.
        shown.set_padding((0, if is_terminal { 1 } else { 2 }));
        if is_number(*column) {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// One line of the table; what does not fit is cut.
fn row(columns: &[ColumnName], cell: impl Fn(ColumnName) -> String) -> Row {
    let mut row = Row::from(columns.iter().map(|column| cell(*column)));
    row.max_height(1);
    row
}

/// Leaves out columns until the others have room.
fn fit(columns: &mut Vec<ColumnName>, entries: &[Entry], room: usize) {
    let natural_width = |column| {
        let widths = entries
            .iter()
            .map(|entry| cell(column, entry).chars().count());
        widths.max().unwrap_or(0).max(title(column).len())
    };
    let mut widths: Vec<_> = columns
        .iter()
        .map(|column| natural_width(*column))
        .collect();
    for heaviest in [LEAST, u8::MAX] {
        // Each column has a blank behind it, and there is one between any two.
        while widths.iter().map(|width| width + 2).sum::<usize>() - 1 > room {
            let others = (1..columns.len()).rev();
            let least = others.min_by_key(|index| weight(columns[*index]));
            let Some(least) = least.filter(|index| weight(columns[*index]) <= heaviest) else {
                break;
            };
            columns.remove(least);
            widths.remove(least);
        }
        // Then a long name is cut, before the other columns are left out.
        widths[0] = widths[0].min(NARROWEST_NAME);
    }
}

fn title(column: ColumnName) -> String {
    let value = column.to_possible_value().expect("none is skipped");
    value.get_name().to_uppercase()
}

/// Where there is no room, the lowest goes first; the name never does.
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
    let count = |field: fn(&Mailbox) -> u64| {
        let mailbox = entry.mailbox.as_ref();
        mailbox.map_or_else(none, |mailbox| field(mailbox).to_string())
    };
    let holder = |side: usize| {
        let holders = entry.holders();
        holders.map_or_else(none, |holders| Holder::short(holders[side]))
    };
    match column {
        ColumnName::Name => entry.shown_name(),
        ColumnName::Kind => entry.kind.to_string(),
        ColumnName::Slots => count(|mailbox| mailbox.slots.into()),
        ColumnName::Queued => count(|mailbox| mailbox.queued),
        ColumnName::Sent => count(|mailbox| mailbox.sent),
        ColumnName::Received => count(|mailbox| mailbox.received),
        ColumnName::Writer => holder(0),
        ColumnName::Reader => holder(1),
        ColumnName::Owner => entry.owner_name.clone(),
        ColumnName::Mode => entry.mode.clone(),
        ColumnName::Size => entry.size.to_string(),
    }
}
