//! One error for each operation: attach, send, receive.

use std::fmt;

use shm_core::{MapError, NameError, OpenError, ResizeError, SystemError, ViewError};

use crate::corrupt::Corrupt;
use crate::role::Role;
use crate::wait::Stop;

/// Why an endpoint could not be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// The name is not a valid object name.
    Name(NameError),
    /// The number of slots is not a power of two from 1 to 65,536.
    Slots {
        /// What was asked for.
        found: u32,
    },
    /// The object could not be opened or created, or must not be used.
    Open(OpenError),
    /// The memory could not be reserved.
    Reserve(ResizeError),
    /// The object could not be mapped.
    Map(MapError),
    /// The mapping could not be viewed as a mailbox.
    View(ViewError),
    /// Somebody else holds the role.
    RoleTaken {
        /// The object.
        name: String,
        /// The role that is taken.
        role: Role,
        /// The holder as it announced itself; for display only, it may be of another pid namespace.
        pid: u32,
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
    /// The object is not a mailbox. It is left as it is.
    NotAMailbox {
        /// The object.
        name: String,
        /// What was found instead.
        found: String,
    },
    /// The object has the lesson's layout of 1028 bytes: see [`classic`](crate::classic).
    Classic {
        /// The object.
        name: String,
    },
    /// The mailbox has another layout version.
    Version {
        /// The object.
        name: String,
        /// What the object says.
        found: u32,
        /// What this library speaks.
        expected: u32,
    },
    /// The mailbox is of a kind, or has a geometry, that this library does not know.
    Geometry {
        /// The object.
        name: String,
        /// Which field of the header, or `size`.
        field: &'static str,
        /// What the object says.
        found: u64,
        /// What it could have been.
        expected: String,
    },
    /// The number of hot slots is not a power of two from 1 to the number of slots.
    HotSlots {
        /// What was asked for.
        found: u32,
        /// How many slots there were to be.
        slots: u32,
    },
    /// The mailbox has another number of slots than was insisted on.
    OtherSlots {
        /// The object.
        name: String,
        /// What the object has.
        found: u32,
        /// What was asked for.
        expected: u32,
    },
    /// A count in the object is impossible.
    Corrupt {
        /// The object.
        name: String,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// Somebody made the object smaller while we attached (told with [`shm_core::guard`]; without, that
    /// is SIGBUS).
    Truncated {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why a message was not sent. Nothing of it has been committed.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// All slots are taken. Only the `try_` forms say so; the others wait.
    Full,
    /// The time-out passed while all slots were taken.
    TimedOut,
    /// The interrupt flag was set.
    Interrupted,
    /// The message is longer than 1024 bytes.
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The bytes over 1024.
        excess: usize,
    },
    /// All slots are taken, and the receiver has closed its end.
    Closed {
        /// The object.
        name: String,
    },
    /// All slots are taken, and the receiver died.
    PeerDied {
        /// The object.
        name: String,
    },
    /// All slots are taken, no receiver is attached, and none can come: the object has lost its name.
    Unlinked {
        /// The object.
        name: String,
    },
    /// Somebody has made the object smaller. The endpoint stays in this state.
    Truncated {
        /// The object.
        name: String,
        /// The size it had, in bytes.
        expected: u64,
        /// The size it has; not less if it was made larger again.
        found: u64,
    },
    /// The receiver, or somebody else, wrote what no receiver writes. The endpoint stays in this state.
    Corrupt {
        /// The object.
        name: String,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// All 2^53 - 1 message numbers are used up (after 20 years at 14 million a second).
    Exhausted {
        /// The object.
        name: String,
    },
    /// This process is a forked child; the endpoint is its parent's.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why no message was received. Nothing is lost by it.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecvError {
    /// There is no message. Only the `try_` forms say so; the others wait.
    Empty,
    /// The time-out passed without a message.
    TimedOut,
    /// The interrupt flag was set.
    Interrupted,
    /// All slots hold messages that were shown and not acknowledged, so no further one can come.
    Unacknowledged {
        /// How many.
        shown: u64,
    },
    /// The sender has closed its end, and everything it committed has been received.
    Closed {
        /// The object.
        name: String,
    },
    /// The sender died, and everything it committed has been received.
    PeerDied {
        /// The object.
        name: String,
    },
    /// No sender is attached, and none can come: the object has lost its name.
    Unlinked {
        /// The object.
        name: String,
    },
    /// Somebody has made the object smaller. The endpoint stays in this state.
    Truncated {
        /// The object.
        name: String,
        /// The size it had, in bytes.
        expected: u64,
        /// The size it has; not less if it was made larger again.
        found: u64,
    },
    /// The sender, or somebody else, wrote what no sender writes. The endpoint stays in this state.
    Corrupt {
        /// The object.
        name: String,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// This process is a forked child; the endpoint is its parent's.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Why a batch was not sent whole.
#[derive(Debug)]
pub struct BatchError {
    /// How many messages of the batch, from its start, are committed.
    pub sent: usize,
    /// Why the next one is not.
    pub error: SendError,
}

/// Why an endpoint could not be closed properly. Its role is free all the same when it is dropped.
#[derive(Debug)]
#[non_exhaustive]
pub enum CloseError {
    /// Another process has been attaching or closing for longer than any does (2 s). The channel is marked
    /// closed, and the object keeps its name.
    InitBusy {
        /// The object.
        name: String,
    },
    /// Somebody has made the object smaller; it was left as it is.
    Truncated {
        /// The object.
        name: String,
    },
    /// This process is a forked child; the endpoint is its parent's, which it stays.
    Forked {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// What can end a wait or an operation at either end; the ends' own errors are made from it.
#[derive(Debug)]
pub(crate) enum Failure {
    Stop(Stop),
    Closed,
    PeerDied,
    Unlinked,
    Truncated { expected: u64, found: u64 },
    Corrupt(Corrupt),
    Forked,
    System(SystemError),
}

impl From<SystemError> for AttachError {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Corrupt> for Failure {
    fn from(corrupt: Corrupt) -> Self {
        Self::Corrupt(corrupt)
    }
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl SendError {
    #[cold]
    pub(crate) fn new(failure: Failure, name: &str) -> Self {
        let name = name.to_owned();
        match failure {
            Failure::Stop(Stop::TimedOut) => Self::TimedOut,
            Failure::Stop(Stop::Interrupted) => Self::Interrupted,
            Failure::Closed => Self::Closed { name },
            Failure::PeerDied => Self::PeerDied { name },
            Failure::Unlinked => Self::Unlinked { name },
            Failure::Truncated { expected, found } => Self::Truncated {
                name,
                expected,
                found,
            },
            Failure::Corrupt(corrupt) => Self::Corrupt { name, corrupt },
            Failure::Forked => Self::Forked { name },
            Failure::System(error) => Self::System(error),
        }
    }
}

impl RecvError {
    #[cold]
    pub(crate) fn new(failure: Failure, name: &str) -> Self {
        let name = name.to_owned();
        match failure {
            Failure::Stop(Stop::TimedOut) => Self::TimedOut,
            Failure::Stop(Stop::Interrupted) => Self::Interrupted,
            Failure::Closed => Self::Closed { name },
            Failure::PeerDied => Self::PeerDied { name },
            Failure::Unlinked => Self::Unlinked { name },
            Failure::Truncated { expected, found } => Self::Truncated {
                name,
                expected,
                found,
            },
            Failure::Corrupt(corrupt) => Self::Corrupt { name, corrupt },
            Failure::Forked => Self::Forked { name },
            Failure::System(error) => Self::System(error),
        }
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Slots { found } => write!(
                f,
                "a mailbox cannot have {found} slots, expected a power of two from 1 to 65536"
            ),
            Self::HotSlots { found, slots } => write!(
                f,
                "a mailbox of {slots} slots cannot have {found} hot ones, expected a power of two \
                 from 1 to {slots}"
            ),
            Self::Open(error) => error.fmt(f),
            Self::Reserve(error) => error.fmt(f),
            Self::Map(error) => error.fmt(f),
            Self::View(error) => error.fmt(f),
            Self::RoleTaken { name, role, pid } => write!(
                f,
                "object {name:?} already has a {role}, process {pid}; end it first, or use another name"
            ),
            Self::InitBusy { name } => write!(
                f,
                "object {name:?} has been locked by a process that attaches or closes for 2 seconds; \
                 look for a stopped process and continue or end it"
            ),
            Self::Unsteady { name } => write!(
                f,
                "object {name:?} was unlinked again each time it was opened; look for who removes it"
            ),
            Self::NotAMailbox { name, found } => write!(
                f,
                "object {name:?} is not a mailbox but {found}; it was left as it is, use another name"
            ),
            Self::Classic { name } => write!(
                f,
                "object {name:?} has the lesson's layout of 1028 bytes, not a mailbox; use the classic layout"
            ),
            Self::Version {
                name,
                found,
                expected,
            } => write!(
                f,
                "object {name:?} has layout version {found}, this library speaks {expected}; \
                 use the same version at both ends"
            ),
            Self::Geometry {
                name,
                field,
                found,
                expected,
            } => write!(
                f,
                "object {name:?} has {field} {found}, expected {expected}; \
                 use the same version at both ends"
            ),
            Self::OtherSlots {
                name,
                found,
                expected,
            } => write!(
                f,
                "object {name:?} has {found} slots, expected {expected}; remove it first, or take what is there"
            ),
            Self::Corrupt { name, corrupt } => corrupt_object(f, name, corrupt),
            Self::Truncated { name } => write!(
                f,
                "object {name:?} was truncated while it was attached to; try again, or look for who does that"
            ),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the mailbox is full"),
            Self::TimedOut => f.write_str("timed out waiting for the receiver to make room"),
            Self::Interrupted => f.write_str("interrupted while waiting for the receiver"),
            Self::TooLong { length, excess } => write!(
                f,
                "a message of {length} bytes is {excess} too long, expected at most 1024; split it"
            ),
            Self::Closed { name } => write!(
                f,
                "object {name:?} is full and its receiver has closed; start a receiver again"
            ),
            Self::PeerDied { name } => write!(
                f,
                "object {name:?} is full and its receiver died; start a receiver again"
            ),
            Self::Unlinked { name } => unlinked(f, name),
            Self::Truncated {
                name,
                expected,
                found,
            } => truncated(f, name, *expected, *found),
            Self::Corrupt { name, corrupt } => corrupt_object(f, name, corrupt),
            Self::Exhausted { name } => write!(
                f,
                "object {name:?} has used up its message numbers; create a new one"
            ),
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the mailbox is empty"),
            Self::TimedOut => f.write_str("timed out waiting for a message"),
            Self::Interrupted => f.write_str("interrupted while waiting for a message"),
            Self::Unacknowledged { shown } => write!(
                f,
                "all {shown} slots hold messages that were shown and not acknowledged; acknowledge them first"
            ),
            Self::Closed { name } => {
                write!(
                    f,
                    "the sender of object {name:?} has closed, and nothing is left"
                )
            }
            Self::PeerDied { name } => write!(
                f,
                "the sender of object {name:?} died; everything it committed has been received"
            ),
            Self::Unlinked { name } => unlinked(f, name),
            Self::Truncated {
                name,
                expected,
                found,
            } => truncated(f, name, *expected, *found),
            Self::Corrupt { name, corrupt } => corrupt_object(f, name, corrupt),
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "after {} messages of the batch: {}",
            self.sent, self.error
        )
    }
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InitBusy { name } => write!(
                f,
                "object {name:?} has been locked by a process that attaches or closes for 2 seconds; \
                 it was not unlinked, remove it when that process is gone"
            ),
            Self::Truncated { name } => {
                write!(
                    f,
                    "object {name:?} was truncated; it was not unlinked, remove it"
                )
            }
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CloseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

fn corrupt_object(f: &mut fmt::Formatter<'_>, name: &str, corrupt: &Corrupt) -> fmt::Result {
    write!(
        f,
        "object {name:?} is corrupt: {corrupt}; remove it and start both ends again"
    )
}

fn unlinked(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(
        f,
        "object {name:?} was unlinked and nobody else is attached; attach again to make a new one"
    )
}

fn truncated(f: &mut fmt::Formatter<'_>, name: &str, expected: u64, found: u64) -> fmt::Result {
    if found >= expected {
        return write!(
            f,
            "object {name:?} was truncated, or lost memory, and has its {found} bytes again without what was in them; \
             remove it and start both ends again"
        );
    }
    write!(
        f,
        "object {name:?} was truncated to {found} bytes, expected {expected}; \
         remove it and start both ends again"
    )
}

fn forked(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(
        f,
        "this endpoint of object {name:?} belongs to the parent process; attach again in the child"
    )
}

impl std::error::Error for AttachError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name(error) => Some(error),
            Self::Open(error) => Some(error),
            Self::Reserve(error) => Some(error),
            Self::Map(error) => Some(error),
            Self::View(error) => Some(error),
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for RecvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
