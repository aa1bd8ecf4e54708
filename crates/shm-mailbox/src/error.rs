//! One error for each operation: attach, send, receive, close. What they say is in `display`.

mod display;

use shm_core::{MapError, NameError, OpenError, ResizeError, SystemError, ViewError};

use crate::corrupt::Corrupt;
use crate::role::Role;
use crate::wait::Stop;
pub(crate) use display::{init_busy, init_busy_at_close};

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
    /// The mode is not permission bits alone, or does not let the owner read and write.
    Mode {
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
        /// The process that holds it, as `/proc` tells; `None` if that does not show it to this process. For display
        /// only.
        pid: Option<u32>,
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

/// Why a message was not sent, of which nothing has been committed then; or why draining was not done.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// All slots are taken. Only the `try_` forms say so; the others wait.
    Full,
    /// The time-out passed while all slots were taken, or, when draining, with messages left.
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
    /// All slots are taken, or, when draining, messages are left, and the receiver has closed its end.
    Closed {
        /// The object.
        name: String,
    },
    /// All slots are taken, or, when draining, messages are left, and the receiver died.
    PeerDied {
        /// The object.
        name: String,
    },
    /// All slots are taken, or, when draining, messages are left; no receiver is attached, and none can come: the
    /// object has lost its name.
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
    /// The object has lost its name, and the one that has it now could not be attached to; see
    /// [`Options::await_peer`](crate::Options::await_peer). The next call tries again.
    Reattach(Box<AttachError>),
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
