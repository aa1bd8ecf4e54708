//! Standard input of the writer: read as it comes, interrupted by a signal, with a prompt for whoever types it.

use std::io::{self, IsTerminal, Stdin, Write};
use std::os::fd::AsFd;

use rustix::io::Errno;

use crate::ending::Halt;
use crate::signals::{Signals, Woken};
use crate::{errors, stdio};

/// Standard input.
#[derive(Debug)]
pub(crate) struct Input {
    stdin: Stdin,
    /// Does somebody type it, who sees standard error?
    prompts: bool,
}

impl Input {
    pub(crate) fn standard() -> Self {
        let stdin = io::stdin();
        let prompts = stdin.is_terminal() && io::stderr().is_terminal();
        Self { stdin, prompts }
    }

    /// Does somebody type it, who sees standard error?
    pub(crate) fn prompts(&self) -> bool {
        self.prompts
    }

    /// Shows the lesson's prompt, if somebody types.
    pub(crate) fn prompt(&self) {
        if self.prompts {
            // Where it cannot be shown, there is nobody to see it.
            let _ = io::stderr().write_all(b"? ");
        }
    }

    /// Waits for input, and reads what there is into `room`: how many bytes, 0 at the end.
    pub(crate) fn read(&self, room: &mut [u8], signals: &Signals) -> Result<usize, Halt> {
        loop {
            if signals.caught().is_some() {
                return Err(Halt::Signal);
            }
            stdio::input().map_err(|error| errors::input(&error))?;
            match signals.wait_readable(self.stdin.as_fd()) {
                Ok(Woken::Signal) => return Err(Halt::Signal),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(errors::input(&error).into()),
            }
            match rustix::io::read(&self.stdin, &mut *room) {
                // A terminal that hangs up ends its input, too.
                Ok(0) if signals.caught().is_some() => return Err(Halt::Signal),
                Ok(count) => return Ok(count),
                // Someone else read first, or the terminal has a signal for us.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(errors::input(&error.into()).into()),
            }
        }
    }

    /// As [`read`](Self::read), of what is there already; `None` if that is nothing, or cannot be read: the
    /// next `read` tells.
    pub(crate) fn read_now(&self, room: &mut [u8], signals: &Signals) -> Option<usize> {
        if room.is_empty() || !signals.is_readable(self.stdin.as_fd()) {
            return None;
        }
        rustix::io::read(&self.stdin, room).ok()
    }
}
