//! One error for each operation of the classic layout: attach, send, receive, close.

mod display;

use shm_core::{MapError, NameError, OpenError, ResizeError, SystemError, ViewError};

use super::layout::SIZE;
use crate::role::Role;
use crate::wait::{Stop, Wait};

/// Why a writer or reader could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// The name is not a valid object name.
    Name(NameError),
    /// The wait strategy makes no sense with a C peer, see [`Options::wait`](super::Options::wait).
    Wait {
        /// The object.
        name: String,
        /// What was asked for.
        wait: Wait,
    },
    /// There is no object of this name, and a reader does not create one.
    NotFound {
        /// The object.
        name: String,
    },
    /// The object could not be opened or created, or must not be used.
    Open(OpenError),
    /// The object has another size than the lesson's. It is left as it is.
    Foreign {
        /// The object.
        name: String,
        /// The lesson's size in bytes: 1028.
        expected: u64,
        /// Its size in bytes.
        found: u64,
    },
    /// The memory could not be reserved.
    Reserve(ResizeError),
    /// The object could not be mapped.
    Map(MapError),
    /// The mapping could not be viewed as the lesson's structure.
    View(ViewError),
    /// Another of our programs has the role. (The layout has no room for its process number.)
    RoleTaken {
        /// The object.
        name: String,
        /// The role that is taken.
        role: Role,
    },
    /// Another process has been attaching or closing for longer than any does (2 s); it is stopped.
    InitBusy {
        /// The object.
        name: String,
    },
    /// The name changed hands again and again while we opened it.
    Unsteady {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why a message was not sent. The reader has nothing of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// The message has no bytes, which a reader could not tell from no message.
    Empty,
    /// The message has a NUL, which ends a text.
    Nul {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// The message is longer than 1023 bytes.
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The bytes over 1023.
        excess: usize,
    },
    /// The time-out passed.
    TimedOut,
    /// The interrupt flag was set.
    Interrupted,
    /// The object has lost its name: no reader will come, and one of ours that is there ends.
    Unlinked {
        /// The object.
        name: String,
    },
    /// Somebody has changed the object's size, and it stayed so.
    Truncated {
        /// The object.
        name: String,
        /// The lesson's size in bytes: 1028.
        expected: u64,
        /// The size it has.
        found: u64,
    },
    /// A C writer has truncated the object, and there is no memory for it any more.
    Reserve(ResizeError),
    /// This process is a forked child; the writer is its parent's.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why no message was received.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecvError {
    /// The time-out passed without a message. The request stands.
    TimedOut,
    /// The interrupt flag was set. The request stands; [`Reader::withdraw`](super::Reader::withdraw) takes it back.
    Interrupted,
    /// The object has lost its name, which is how a writer ends: the end of the stream.
    Unlinked {
        /// The object.
        name: String,
    },
    /// Somebody has changed the object's size, and it stayed so.
    Truncated {
        /// The object.
        name: String,
        /// The lesson's size in bytes: 1028.
        expected: u64,
        /// The size it has.
        found: u64,
    },
    /// A C writer has truncated the object, and there is no memory for it any more.
    Reserve(ResizeError),
    /// This process is a forked child; the reader is its parent's.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why the object was not unlinked. The role is free all the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum CloseError {
    /// Another process has been attaching or closing for longer than any does (2 s); it is stopped.
    InitBusy {
        /// The object.
        name: String,
    },
    /// This process is a forked child; the writer is its parent's, which it stays.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// What can end an operation at either end; the ends' own errors are made from it.
#[derive(Debug)]
pub(super) enum Fault {
    Stop(Stop),
    Unlinked,
    Truncated { found: u64 },
    Reserve(ResizeError),
    Forked,
    System(SystemError),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<ResizeError> for Fault {
    fn from(error: ResizeError) -> Self {
        Self::Reserve(error)
    }
}

impl From<SystemError> for Fault {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl From<SystemError> for AttachError {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl From<SystemError> for CloseError {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl SendError {
    #[cold]
    pub(super) fn new(fault: Fault, name: &str) -> Self {
        let name = name.to_owned();
        match fault {
            Fault::Stop(Stop::TimedOut) => Self::TimedOut,
            Fault::Stop(Stop::Interrupted) => Self::Interrupted,
            Fault::Unlinked => Self::Unlinked { name },
            Fault::Truncated { found } => Self::Truncated {
                name,
                expected: SIZE,
                found,
            },
            Fault::Reserve(error) => Self::Reserve(error),
            Fault::Forked => Self::Forked { name },
            Fault::System(error) => Self::System(error),
        }
    }
}

impl RecvError {
    #[cold]
    pub(super) fn new(fault: Fault, name: &str) -> Self {
        let name = name.to_owned();
        match fault {
            Fault::Stop(Stop::TimedOut) => Self::TimedOut,
            Fault::Stop(Stop::Interrupted) => Self::Interrupted,
            Fault::Unlinked => Self::Unlinked { name },
            Fault::Truncated { found } => Self::Truncated {
                name,
                expected: SIZE,
                found,
            },
            Fault::Reserve(error) => Self::Reserve(error),
            Fault::Forked => Self::Forked { name },
            Fault::System(error) => Self::System(error),
        }
    }
}
