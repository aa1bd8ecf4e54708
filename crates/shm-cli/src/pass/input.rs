//! Standard input of the writer: read as it comes, interrupted by a signal, with a prompt for a
//! person who types it.

use std::io::{self, IsTerminal, Stdin, Write};
use std::mem;
use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::failure::{Halt, errors};
use crate::terminal::signals::{Signals, Woken};
use crate::terminal::stdio;

/// Standard input.
#[derive(Debug)]
pub(super) struct Input {
    stdin: Stdin,
    /// Does a person type it and see standard error?
    prompts: bool,
    /// Does the prompt wait for an answer, of which nothing has come yet?
    asks: bool,
    /// Is the line that a person types in not at its end?
    in_line: bool,
}

impl Input {
    pub(super) fn standard() -> Self {
        let stdin = io::stdin();
        let prompts = stdin.is_terminal() && io::stderr().is_terminal();
        Self {
            stdin,
            prompts,
            asks: false,
            in_line: false,
        }
    }

    /// Does a person type it and see standard error?
    pub(super) fn prompts(&self) -> bool {
        self.prompts
    }

    /// Shows the prompt of the original C programs, if a person types.
    pub(super) fn prompt(&mut self) {
        if self.prompts {
            (self.asks, self.in_line) = (true, true);
            show(b"? ");
        }
    }

    /// Ends the line that a person types in, so that what comes next begins one.
    fn end_line(&mut self) {
        if mem::take(&mut self.in_line) {
            show(b"\n");
        }
    }

    /// Waits for input, and reads what there is into `room`: how many bytes, 0 at the end.
    pub(super) fn read(&mut self, room: &mut [u8], signals: &Signals) -> Result<usize, Halt> {
        loop {
            if signals.caught().is_some() {
                return Err(self.interrupted());
            }
            stdio::input().map_err(|error| errors::input(&error))?;
            // After a stop the shell has written to the terminal, and has discarded what was half
            // typed.
            let ask_again = || {
                if self.asks {
                    show(b"? ");
                }
            };
            match signals.wait_readable(self.stdin.as_fd(), ask_again) {
                Ok(Woken::Signal) => return Err(self.interrupted()),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(errors::input(&error).into()),
            }
            match rustix::io::read(&self.stdin, &mut *room) {
                // A terminal that hangs up ends its input, too.
                Ok(0) if signals.caught().is_some() => return Err(self.interrupted()),
                Ok(count) => {
                    match room[..count].last() {
                        Some(last) => self.in_line = self.prompts && *last != b'\n',
                        None => self.end_line(),
                    }
                    self.asks = false;
                    return Ok(count);
                }
                // Someone else read first, or the terminal has a signal for us.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(errors::input(&error.into()).into()),
            }
        }
    }

    /// A signal came.
    fn interrupted(&mut self) -> Halt {
        self.end_line();
        Halt::Signal
    }

    /// As [`read`](Self::read), of what is there already; `None` if that is nothing, or cannot be
    /// read: the next `read` tells.
    pub(super) fn read_now(&self, room: &mut [u8], signals: &Signals) -> Option<usize> {
        if room.is_empty() || !signals.is_readable(self.stdin.as_fd()) {
            return None;
        }
        rustix::io::read(&self.stdin, room).ok()
    }
}

/// Where it cannot be shown, no user would see it.
fn show(text: &[u8]) {
    let _ = io::stderr().write_all(text);
}
