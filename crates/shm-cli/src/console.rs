//! Standard output of the commands that print a page: how wide it may be, and what a closed pipe means.

use std::io::{self, IsTerminal, Write};

use rustix::termios::tcgetwinsize;

use crate::errors;
use crate::failure::Failure;

/// The columns of the terminal that standard output is; none if it is no terminal, or does not say.
pub(crate) fn width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = tcgetwinsize(&stdout).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Writes a page; that nobody reads it any more is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(errors::output(&error)),
        _ => Ok(()),
    }
}
