//! One error for each operation of the classic layout: attach, send, receive, close.

mod kind;

use std::fmt;

use shm_core::{MapError, NameError, OpenError, ResizeError, ShmName, SystemError, ViewError};
use thiserror::Error;

use super::MAX_MESSAGE;
use super::layout::SIZE;
use crate::memory::role::Role;
use crate::wait::{Stop, Wait};

/// Why a writer or reader could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachError {
    /// The name is not a valid object name.
    #[error(transparent)]
    Name(NameError),
    /// The wait strategy makes no sense with a C peer, see [`Options::wait`](super::Options::wait).
    #[error(
        "object {name:?} has the classic layout, which cannot wait by {wait}; use spin, yield, poll or block"
    )]
    Wait {
        /// The object.
        name: ShmName,
        /// What was asked for.
        wait: Wait,
    },
    /// There is no object of this name, and a reader does not create one.
    #[error("object {name:?} does not exist; start a writer first")]
    NotFound {
        /// The object.
        name: ShmName,
    },
    /// The object could not be opened or created, or must not be used.
    #[error(transparent)]
    Open(OpenError),
    /// The object has another size than the classic layout. It is left as it is.
    #[error(
        "object {name:?} has {found} bytes, the classic layout has {expected}; \
        it was left as it is, use another name"
    )]
    Foreign {
        /// The object.
        name: ShmName,
        /// The size of the classic layout in bytes: 1028.
        expected: u64,
        /// Its size in bytes.
        found: u64,
    },
    /// The memory could not be reserved.
    #[error(transparent)]
    Reserve(ResizeError),
    /// The object could not be mapped.
    #[error(transparent)]
    Map(MapError),
    /// The mapping could not be viewed as the structure of the original C programs.
    #[error(transparent)]
    View(ViewError),
    /// Another of our programs has the role. (The layout has no room for its process number.)
    #[error(fmt = role_taken)]
    RoleTaken {
        /// The object.
        name: ShmName,
        /// The role that is taken.
        role: Role,
    },
    /// Another process has been attaching or closing for longer than any does (2 s); it is stopped.
    #[error(
        "object {name:?} has been locked for 2 seconds by a process that attaches or closes; \
        find the stopped process, and resume or end it"
    )]
    InitBusy {
        /// The object.
        name: ShmName,
    },
    /// The name kept moving to other objects while this process opened it.
    #[error(
        "object {name:?} was unlinked again each time it was opened; find the program that removes it"
    )]
    Unsteady {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Why a message was not sent. The reader has received nothing of it.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The message has no bytes, which a reader could not tell from no message.
    #[error("an empty message looks like no message in the classic layout; end it with a newline")]
    Empty,
    /// The message has a NUL, which ends a text.
    #[error(
        "the message has a NUL at byte {at}, which ends a text in the classic layout; use a mailbox"
    )]
    Nul {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// The message is longer than 1023 bytes.
    #[error(
        "a message of {length} bytes is {excess} too long, expected at most {MAX_MESSAGE}; split it"
    )]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The bytes over 1023.
        excess: usize,
    },
    /// The time-out passed.
    #[error("timed out waiting for the reader")]
    TimedOut,
    /// The interrupt flag was set.
    #[error("interrupted while waiting for the reader")]
    Interrupted,
    /// The object has lost its name: no reader will attach, and an attached Rust reader ends.
    #[error("object {name:?} was unlinked; attach again")]
    Unlinked {
        /// The object.
        name: ShmName,
    },
    /// Another process has changed the object's size and has not restored it.
    #[error(fmt = truncated)]
    Truncated {
        /// The object.
        name: ShmName,
        /// The size of the classic layout in bytes: 1028.
        expected: u64,
        /// The size it has.
        found: u64,
    },
    /// A C writer has truncated the object, and no memory is left to restore it.
    #[error(transparent)]
    Reserve(ResizeError),
    /// This process is a forked child; the writer is its parent's.
    #[error("object {name:?} was attached before a fork; attach again in the child")]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

/// Why no message was received.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// The time-out passed without a message. The request remains.
    #[error("timed out waiting for a message")]
    TimedOut,
    /// The interrupt flag was set.
    ///
    /// The request remains until [`Reader::withdraw`](super::Reader::withdraw).
    #[error("interrupted while waiting for a message")]
    Interrupted,
    /// The object has lost its name, which is how a writer ends: the end of the stream.
    #[error("object {name:?} was unlinked; attach again")]
    Unlinked {
        /// The object.
        name: ShmName,
    },
    /// Another process has changed the object's size and has not restored it.
    #[error(fmt = truncated)]
    Truncated {
        /// The object.
        name: ShmName,
        /// The size of the classic layout in bytes: 1028.
        expected: u64,
        /// The size it has.
        found: u64,
    },
    /// A C writer has truncated the object, and no memory is left to restore it.
    #[error(transparent)]
    Reserve(ResizeError),
    /// This process is a forked child; the reader is its parent's.
    #[error("object {name:?} was attached before a fork; attach again in the child")]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

/// Why the object was not unlinked. The role is free anyway.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseError {
    /// Another process has been attaching or closing for longer than any does (2 s); it is stopped.
    #[error(
        "object {name:?} has been locked for 2 seconds by a process that attaches or closes; \
        it was not unlinked, remove it when that process is gone"
    )]
    InitBusy {
        /// The object.
        name: ShmName,
    },
    /// This process is a forked child; the writer stays its parent's.
    #[error("object {name:?} was attached before a fork; attach again in the child")]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// What can make an operation of a writer or a reader fail; their own errors are made from it.
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

impl SendError {
    #[cold]
    pub(super) fn new(fault: Fault, name: &ShmName) -> Self {
        let name = name.clone();
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
    pub(super) fn new(fault: Fault, name: &ShmName) -> Self {
        let name = name.clone();
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

fn role_taken(name: &ShmName, role: &Role, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (program, verb) = match role {
        Role::Sender => ("writer", "writes"),
        Role::Receiver => ("reader", "reads"),
    };
    write!(
        f,
        "object {name:?} already has a {program}: another process {verb}; end it first, or use another name"
    )
}

fn truncated(
    name: &ShmName,
    expected: &u64,
    found: &u64,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if found == expected {
        return write!(
            f,
            "object {name:?} was resized and has its {found} bytes again, without their contents; restart both processes"
        );
    }
    write!(
        f,
        "object {name:?} was resized to {found} bytes, expected {expected}; remove it and restart both processes"
    )
}
