//! How a command ends, and what stops its work.

use crate::failure::{Failure, Status};

/// How a command ends when there is nothing left to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its work is done.
    Done,
    /// The channel is clean, and the process is to die of this signal.
    Signal(i32),
    /// Some of its work failed, and that was told.
    Failed(Status),
}

/// Why work stopped before it was done.
#[derive(Debug)]
pub(crate) enum Halt {
    /// A signal came.
    Signal,
    /// The time that the command line allows was up.
    TimedOut,
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
