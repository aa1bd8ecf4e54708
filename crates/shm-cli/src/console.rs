//! Standard output of the commands that print a page: how wide it may be, and what a closed pipe
//! means.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;
use serde::Serialize;

use crate::failure::{Failure, errors};
use crate::terminal::{escape, stdio};

/// The columns of the terminal that standard output is; none if it is no terminal, or does not say.
pub(crate) fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = tcgetwinsize(&stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Writes each value as a line of JSON, on a terminal without control characters.
pub(crate) fn print_json<'a, T: Serialize + 'a>(
    values: impl IntoIterator<Item = &'a T>,
) -> Result<(), Failure> {
    let line = |value| serde_json::to_string(value).expect("strings and whole numbers") + "\n";
    let lines: String = values.into_iter().map(line).collect();
    if !io::stdout().is_terminal() {
        return print(&lines);
    }
    let mut shown = Vec::new();
    escape::json(&lines, &mut shown);
    print(&shown)
}

/// Writes a page; a closed pipe is no failure.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    write_with(|| io::stdout().write_all(text.as_ref()))
}

/// Calls `write`, which writes to standard output, and flushes that; that nobody reads it any more
/// is no failure.
pub(crate) fn write_with(write: impl FnOnce() -> io::Result<()>) -> Result<(), Failure> {
    let written = stdio::output().and_then(|mut stdout| {
        write()?;
        stdout.flush()
    });
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(errors::output(&error)),
        _ => Ok(()),
    }
}
