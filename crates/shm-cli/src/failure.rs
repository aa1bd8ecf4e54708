//! Failures: what went wrong, what to do next, and the exit status that tells scripts.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::ending::Ending;
use crate::{escape, progress};

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
    /// Not a mailbox, or another layout or version.
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
            Some(next) => say(format_args!("shm: {}\n  next: {next}", self.what)),
            None => say(format_args!("shm: {}", self.what)),
        }
        self.status()
    }
}

/// The failures of a command that does what it can: each is told when it comes, and the first decides the exit status.
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

/// A remark on standard error that changes nothing.
pub(crate) fn note(text: impl fmt::Display) {
    say(format_args!("shm: {text}"));
}

/// Writes a line to standard error, at once, so that another process's line does not get in between.
fn say(text: fmt::Arguments<'_>) {
    let line = escape::text(&format!("{text}\n"));
    // There is nobody to tell when that fails.
    let _ = progress::around(|| io::stderr().write_all(line.as_bytes()));
}
