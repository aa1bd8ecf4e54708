//! `shm ls`: what is in `/dev/shm`, in columns that fit the terminal, or as a script wants them.

use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle,
};

use super::entry::{Entry, Holder, Mailbox};
use super::objects;
use crate::args::{ColumnName, LsArgs};
use crate::console;
use crate::failure::{Ending, Failure, note};
use crate::terminal::{escape, locale};

/// The narrowest that names may become, in characters, before a column that tells more than [`LEAST`] is left out.
const NARROWEST_NAME: usize = 12;

/// Columns of up to this weight go before a name is cut.
const LEAST: u8 = 3;

/// A column.
struct Column {
    name: ColumnName,
    title: &'static str,
    cell: fn(&Entry) -> String,
    is_number: bool,
    /// Where there is no room, the lowest goes first; the name never does.
    weight: u8,
}

const COLUMNS: [Column; 11] = [
    text(ColumnName::Name, "NAME", Entry::shown_name, 10),
    text(
        ColumnName::Kind,
        "KIND",
        |entry| entry.kind.name().to_owned(),
        6,
    ),
    number(
        ColumnName::Slots,
        "SLOTS",
        |entry| of_mailbox(entry, |m| m.slots.into()),
        4,
    ),
    number(
        ColumnName::Queued,
        "QUEUED",
        |entry| of_mailbox(entry, |m| m.queued),
        9,
    ),
    number(
        ColumnName::Sent,
        "SENT",
        |entry| of_mailbox(entry, |m| m.sent),
        5,
    ),
    number(
        ColumnName::Received,
        "RECEIVED",
        |entry| of_mailbox(entry, |m| m.received),
        5,
    ),
    text(
        ColumnName::Writer,
        "WRITER",
        |entry| holder(entry, |[writer, _]| writer),
        8,
    ),
    text(
        ColumnName::Reader,
        "READER",
        |entry| holder(entry, |[_, reader]| reader),
        8,
    ),
    text(
        ColumnName::Owner,
        "OWNER",
        |entry| entry.owner_name.clone(),
        LEAST,
    ),
    text(ColumnName::Mode, "MODE", |entry| entry.mode.clone(), 2),
    number(ColumnName::Size, "SIZE", |entry| entry.size.to_string(), 1),
];

const fn text(
    name: ColumnName,
    title: &'static str,
    cell: fn(&Entry) -> String,
    weight: u8,
) -> Column {
    Column {
        name,
        title,
        cell,
        is_number: false,
        weight,
    }
}

const fn number(
    name: ColumnName,
    title: &'static str,
    cell: fn(&Entry) -> String,
    weight: u8,
) -> Column {
    let mut column = text(name, title, cell, weight);
    column.is_number = true;
    column
}

/// Runs the command.
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
            let form = Form {
                width: console::width().filter(|_| args.output.is_empty()),
                headings: !args.no_headings,
                rule: is_terminal,
                is_utf8: locale::is_utf8(),
            };
            console::print(table(&entries, chosen(&args.output), &form))?;
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

/// The columns that were asked for; else all.
fn chosen(names: &[ColumnName]) -> Vec<&'static Column> {
    if names.is_empty() {
        return COLUMNS.iter().collect();
    }
    let column = |name| COLUMNS.iter().find(|column| column.name == name);
    names.iter().copied().filter_map(column).collect()
}

/// How a table looks.
struct Form {
    /// What there is room for, if that is limited, and no columns were asked for.
    width: Option<usize>,
    headings: bool,
    /// Whether there is a line beneath the headings.
    rule: bool,
    is_utf8: bool,
}

fn table(entries: &[Entry], mut columns: Vec<&Column>, form: &Form) -> String {
    let mut widths: Vec<usize> = columns
        .iter()
        .map(|column| natural_width(column, entries))
        .collect();
    if let Some(width) = form.width {
        leave_out(&mut columns, &mut widths, width, LEAST);
        // Then a long name is cut, before the other columns are left out.
        widths[0] = widths[0].min(NARROWEST_NAME);
        leave_out(&mut columns, &mut widths, width, u8::MAX);
    }
    let mut table = Table::new();
    let mut style = TableStyle::new();
    if form.rule {
        let line = if form.is_utf8 { '─' } else { '-' };
        style = style.header_separator(LineStyle::none().fill(line).junction(line));
    }
    table.load_style(style);
    if form.headings {
        table.set_header(row(columns.iter().map(|column| column.title.to_owned())));
    }
    for entry in entries {
        table.add_row(row(columns.iter().map(|column| (column.cell)(entry))));
    }
    if let Some(width) = form.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_truncation_indicator(if form.is_utf8 { "…" } else { "~" });
        // The name takes what is left.
        for column in table.column_iter_mut().skip(1) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for (shown, column) in table.column_iter_mut().zip(&columns) {
        // The style with the line has one blank between columns, too.
        shown.set_padding((0, if form.rule { 1 } else { 2 }));
        if column.is_number {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.to_string();
    let lines = lines.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// Leaves out the columns that tell least, of up to this weight, until the others have room.
fn leave_out(columns: &mut Vec<&Column>, widths: &mut Vec<usize>, width: usize, heaviest: u8) {
    while needed(widths) > width && columns.len() > 1 {
        let least = (1..columns.len())
            .rev()
            .min_by_key(|index| columns[*index].weight)
            .filter(|index| columns[*index].weight <= heaviest);
        let Some(least) = least else {
            return;
        };
        columns.remove(least);
        widths.remove(least);
    }
}

/// One line of the table; what does not fit is cut.
fn row(cells: impl Iterator<Item = String>) -> Row {
    let mut row = Row::from(cells.collect::<Vec<_>>());
    row.max_height(1);
    row
}

fn natural_width(column: &Column, entries: &[Entry]) -> usize {
    let widths = entries
        .iter()
        .map(|entry| (column.cell)(entry).chars().count());
    widths.max().unwrap_or(0).max(column.title.len())
}

/// Each column has a blank behind it, and there is one between any two.
fn needed(widths: &[usize]) -> usize {
    widths.iter().map(|width| width + 2).sum::<usize>() - 1
}

fn of_mailbox(entry: &Entry, field: fn(&Mailbox) -> u64) -> String {
    let field = entry.mailbox.as_ref().map(field);
    field.map_or_else(|| "-".to_owned(), |field| field.to_string())
}

fn holder(entry: &Entry, side: fn([&Holder; 2]) -> &Holder) -> String {
    let holder = entry.holders().map(side);
    holder.map_or_else(|| "-".to_owned(), Holder::short)
}
