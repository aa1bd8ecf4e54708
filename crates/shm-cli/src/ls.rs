//! `shm ls`: what is in `/dev/shm`, in columns that fit the terminal.

use std::io::{self, IsTerminal};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle,
};

use crate::console;
use crate::ending::Ending;
use crate::entry::{Entry, Holder, Mailbox};
use crate::failure::{Failure, note};
use crate::objects;
use crate::operator_args::LsArgs;

/// One line, beneath the header.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The narrowest that names may become before columns are left out, in characters.
const NARROWEST_NAME: usize = 12;

/// A column.
struct Column {
    title: &'static str,
    cell: fn(&Entry) -> String,
    is_number: bool,
    /// Where there is no room, the lowest goes first; the name never does.
    weight: u8,
}

const COLUMNS: [Column; 11] = [
    column("NAME", Entry::shown_name, false, 10),
    column("KIND", |entry| entry.kind.name().to_owned(), false, 6),
    column(
        "SLOTS",
        |entry| of_mailbox(entry, |m| m.slots.into()),
        true,
        4,
    ),
    column("QUEUED", |entry| of_mailbox(entry, |m| m.queued), true, 9),
    column("SENT", |entry| of_mailbox(entry, |m| m.sent), true, 5),
    column(
        "RECEIVED",
        |entry| of_mailbox(entry, |m| m.received),
        true,
        5,
    ),
    column(
        "WRITER",
        |entry| holder(entry, |[writer, _]| writer),
        false,
        8,
    ),
    column(
        "READER",
        |entry| holder(entry, |[_, reader]| reader),
        false,
        8,
    ),
    column("OWNER", |entry| entry.owner_name.clone(), false, 3),
    column("MODE", |entry| entry.mode.clone(), false, 2),
    column("SIZE", |entry| entry.size.to_string(), true, 1),
];

const fn column(
    title: &'static str,
    cell: fn(&Entry) -> String,
    is_number: bool,
    weight: u8,
) -> Column {
    Column {
        title,
        cell,
        is_number,
        weight,
    }
}

/// Runs the command.
pub(crate) fn run(args: &LsArgs) -> Result<Ending, Failure> {
    let mut entries = objects::list(args.all, |name| {
        args.glob.as_ref().is_none_or(|glob| glob.matches(name))
    })?;
    if args.stale {
        entries.retain(Entry::is_stale);
    }
    if args.json {
        console::print_json(&entries)?;
    } else if entries.is_empty() {
        if io::stderr().is_terminal() {
            note("nothing of the kind is in /dev/shm");
        }
    } else {
        console::print(table(&entries, console::width()))?;
    }
    Ok(Ending::Done)
}

/// The table, at most this wide.
fn table(entries: &[Entry], width: Option<usize>) -> String {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    let mut widths: Vec<usize> = columns
        .iter()
        .map(|column| natural_width(column, entries))
        .collect();
    if let Some(width) = width {
        // A long name is cut before a column is left out.
        widths[0] = widths[0].min(NARROWEST_NAME);
        while needed(&widths) > width && columns.len() > 1 {
            let least = (0..columns.len())
                .rev()
                .min_by_key(|index| columns[*index].weight);
            let least = least.expect("there are columns");
            columns.remove(least);
            widths.remove(least);
        }
    }
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(row(columns.iter().map(|column| column.title.to_owned())));
    for entry in entries {
        table.add_row(row(columns.iter().map(|column| (column.cell)(entry))));
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_truncation_indicator("…");
        // The name takes what is left.
        for column in table.column_iter_mut().skip(1) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for (shown, column) in table.column_iter_mut().zip(&columns) {
        // The style has one blank between columns, too.
        shown.set_padding((0, 1));
        if column.is_number {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.to_string();
    let lines = lines.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
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
