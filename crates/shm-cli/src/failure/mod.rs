//! Why a command ended: the exit status that tells scripts, what went wrong, and what to do next.
//!
//! Here live the endings of a command and the library's errors in the user's words. What a command
//! does before it ends, and pages on standard output, do not belong here.

pub(crate) mod errors;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use signal_hook::consts::SIGTERM;

use crate::terminal::signals::Signals;
use crate::terminal::{escape, progress};

/// Exit statuses of failures; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Failure = 1,
    Usage = 2,
    NoObject = 3,
    RoleTaken = 4,
    Permission = 5,
    /// The peer died, or messages were left untaken.
    Abandoned = 6,
    /// Not a mailbox, or another layout or version, or corrupt.
    OtherLayout = 7,
    /// A message is too large, or the framing is bad.
    BadMessage = 8,
    TimedOut = 124,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// How a command ends when there is nothing left to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its work is done.
    Done,
    /// The channel is clean, and the process is to die of this signal.
    Signal(i32),
    /// Some of its work failed, and a message has reported it.
    Failed(Status),
}

impl Signals {
    /// How the process ends after a signal.
    pub(crate) fn ending(&self) -> Ending {
        // The number is stored before anything that reports the signal.
        Ending::Signal(self.caught().unwrap_or(SIGTERM))
    }
}

/// Why work stopped before it was done.
#[derive(Debug)]
pub(crate) enum Halt {
    /// A signal came.
    Signal,
    /// The time that was allowed is up.
    TimedOut,
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// An error as the user sees it: what, on which object, the system's reason; and one next step.
#[derive(Debug)]
pub(crate) struct Failure {
    status: Status,
    what: String,
    next: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: Status, what: impl fmt::Display) -> Self {
        Self {
            status,
            what: what.to_string(),
            next: None,
        }
    }

    /// What went wrong, in a line.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// The exit status.
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// Adds what the user can do about it.
    pub(crate) fn next(mut self, step: impl fmt::Display) -> Self {
        self.next = Some(step.to_string());
        self
    }

    /// Tells the user, and gives the status to end with.
    pub(crate) fn report(&self) -> Status {
        match &self.next {
            Some(next) => note(format_args!("{}\n  next: {next}", self.what)),
            None => note(&self.what),
        }
        self.status
    }
}

/// The failures of a command that does what it can: each is reported when it occurs, and the first
/// decides the exit status.
#[derive(Debug, Default)]
pub(crate) struct Failures(Option<Status>);

impl Failures {
    pub(crate) fn keep(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            let status = failure.report();
            self.0.get_or_insert(status);
        }
    }

    /// How the command ends.
    pub(crate) fn ending(self) -> Ending {
        self.0.map_or(Ending::Done, Ending::Failed)
    }
}

/// Writes a line to standard error, at once, so that another process's line does not get in
/// between.
pub(crate) fn note(text: impl fmt::Display) {
    let line = escape::text(&format!("shm: {text}\n"));
    // There is nobody to tell when that fails.
    let _ = progress::around(|| io::stderr().write_all(line.as_bytes()));
}
