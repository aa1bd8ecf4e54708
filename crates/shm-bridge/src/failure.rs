//! Why the program ended: the exit status, what went wrong, and what to do next.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use shm_mailbox::{AttachError, RecvError, SendError};

use crate::network::NetworkError;
use crate::signals::Interrupted;

/// Exit statuses of failures, those of `shm`; 0 is success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Failure = 1,
    Usage = 2,
    NoObject = 3,
    /// Another process has the role, or another stream has the far mailbox.
    Taken = 4,
    Permission = 5,
    /// The writer of the near mailbox died.
    Abandoned = 6,
    /// Not a mailbox, or not a bridge, or another layout or version.
    OtherLayout = 7,
    TimedOut = 124,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// How the program ends without an error message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Its work is done.
    Done,
    /// The mailbox is in order, and the process must die of this signal.
    Signal(i32),
}

/// Why work stopped before it was done.
#[derive(Debug)]
pub(crate) enum Halt {
    Signal,
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// An error as the user sees it, and one next step.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) what: String,
    pub(crate) next: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: Status, what: impl fmt::Display) -> Self {
        Self {
            status,
            what: what.to_string(),
            next: None,
        }
    }

    /// Adds what the user can do about it.
    pub(crate) fn next(mut self, step: impl fmt::Display) -> Self {
        self.next = Some(step.to_string());
        self
    }

    /// Chooses the status by the kind of the library's error.
    fn of(kind: ErrorKind, what: impl fmt::Display) -> Self {
        let status = match kind {
            ErrorKind::NotFound => Status::NoObject,
            ErrorKind::PermissionDenied => Status::Permission,
            ErrorKind::InvalidData => Status::OtherLayout,
            ErrorKind::InvalidInput => Status::Usage,
            _ => Status::Failure,
        };
        Self::new(status, what)
    }
}

impl From<Interrupted> for Halt {
    fn from(_: Interrupted) -> Self {
        Self::Signal
    }
}

impl From<AttachError> for Failure {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::RoleTaken { .. }
            | AttachError::LabelTaken { .. }
            | AttachError::NoPlace { .. } => Self::new(Status::Taken, error),
            error => Self::of(error.kind(), error),
        }
    }
}

impl From<SendError> for Halt {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Interrupted => Self::Signal,
            SendError::Unlinked { .. } => Failure::new(Status::NoObject, error).into(),
            error => Failure::new(Status::Failure, error).into(),
        }
    }
}

impl From<RecvError> for Halt {
    fn from(error: RecvError) -> Self {
        match error {
            RecvError::Interrupted => Self::Signal,
            RecvError::Unlinked { .. } => Failure::new(Status::NoObject, error).into(),
            error => Failure::new(Status::Failure, error).into(),
        }
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        let status = match error {
            NetworkError::File { .. } | NetworkError::Setting { .. } => Status::Usage,
            NetworkError::Session(_) => Status::Failure,
        };
        Self::new(status, error)
    }
}
