//! Tables whose columns fit the terminal: first those go that tell least, then names are cut.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle,
};

use crate::terminal::locale;

/// The narrowest that names may become, in characters, before a column that tells more than
/// [`LEAST`] is left out.
const NARROWEST_NAME: usize = 12;

/// Columns of up to this weight go before a name is cut.
pub(super) const LEAST: u8 = 3;

/// A column and what stands in it. The first of a table has the names.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) title: String,
    pub(super) cells: Vec<String>,
    pub(super) is_number: bool,
    /// Where there is no room, the lowest goes first; the first column never does.
    pub(super) weight: u8,
}

/// The lines of a table, with headings or without, in this many columns of characters. On a
/// terminal there is a line beneath the headings.
pub(super) fn lines(
    mut columns: Vec<Column>,
    has_headings: bool,
    room: Option<usize>,
    is_terminal: bool,
) -> Vec<String> {
    if let Some(width) = room {
        fit(&mut columns, width);
    }
    let is_utf8 = locale::is_utf8();
    let mut table = Table::new();
    let mut style = TableStyle::new();
    if is_terminal {
        let line = if is_utf8 { '─' } else { '-' };
        style = style.header_separator(LineStyle::none().fill(line).junction(line));
    }
    table.load_style(style);
    if has_headings {
        table.set_header(row(columns.iter().map(|column| &column.title)));
    }
    let rows = columns.first().map_or(0, |column| column.cells.len());
    table.add_rows((0..rows).map(|at| row(columns.iter().map(|column| &column.cells[at]))));
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
        if column.is_number {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// One line of the table; what does not fit is cut.
fn row<'a>(cells: impl Iterator<Item = &'a String>) -> Row {
    let mut row = Row::from(cells);
    row.max_height(1);
    row
}

/// Leaves out columns until the others have room.
fn fit(columns: &mut Vec<Column>, room: usize) {
    let natural_width = |column: &Column| {
        let cells = column.cells.iter().map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(column.title.len())
    };
    let mut widths: Vec<_> = columns.iter().map(natural_width).collect();
    for heaviest in [LEAST, u8::MAX] {
        // Each column has a blank behind it, and there is one between any two.
        while widths.iter().map(|width| width + 2).sum::<usize>() - 1 > room {
            let others = (1..columns.len()).rev();
            let least = others.min_by_key(|index| columns[*index].weight);
            let Some(least) = least.filter(|index| columns[*index].weight <= heaviest) else {
                break;
            };
            columns.remove(least);
            widths.remove(least);
        }
        // Then a long name is cut, before the other columns are left out.
        widths[0] = widths[0].min(NARROWEST_NAME);
    }
}
