//! One error for each operation: attach, send, receive, close. Into which `io::Error` each goes is
//! in `kind`.

mod attach;
mod kind;
#[cfg(test)]
mod tests;

use std::fmt;

use shm_core::{BellError, ShmName, SystemError};
use thiserror::Error;

use crate::memory::label::Label;
use crate::protocol::Peer;
use crate::protocol::corrupt::Corrupt;
use crate::wait::Stop;
pub use attach::AttachError;
pub(crate) use kind::into_io_error;

/// Why a message was not sent, of which nothing has been committed then; or why draining was not
/// done.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// All slots are taken. Only the `try_` forms return it; the others wait.
    #[error("the mailbox is full")]
    Full,
    /// The time-out passed while all slots were taken, or, when draining, with messages left.
    #[error("timed out waiting for the receiver")]
    TimedOut,
    /// The interrupt flag was set.
    #[error("interrupted while waiting for the receiver")]
    Interrupted,
    /// The message is longer than 1024 bytes.
    #[error("a message of {length} bytes is {excess} too long, expected at most 1024; split it")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The bytes over 1024.
        excess: usize,
    },
    /// All slots are taken, or, when draining, messages are left, and the receiver has closed its
    /// end.
    #[error(
        "the receiver of object {name:?} has closed, and messages are left; start a receiver again"
    )]
    Closed {
        /// The object.
        name: ShmName,
    },
    /// All slots are taken, or, when draining, messages are left, and the receiver died.
    #[error("the receiver of object {name:?} died, and messages are left; start a receiver again")]
    PeerDied {
        /// The object.
        name: ShmName,
    },
    /// The bus keeps its remaining messages for an absent receiver, and another receiver is
    /// attached.
    #[error(
        "object {name:?} keeps its messages for the receiver {label:?} at place {place}, which {}; \
        start it again, or forget it", absence(*state)
    )]
    HeldBack {
        /// The object.
        name: ShmName,
        /// The place that holds the sender back.
        place: u32,
        /// The label of the place.
        label: Label,
        /// How its last holder left.
        state: Peer,
    },
    /// All slots are taken, or, when draining, messages are left; no receiver is attached, and none
    /// can come: the object has lost its name.
    #[error(
        "object {name:?} was unlinked and no peer is attached; attach again to create a new one"
    )]
    Unlinked {
        /// The object.
        name: ShmName,
    },
    /// A process has made the object smaller. The endpoint stays in this state.
    #[error(fmt = truncated)]
    Truncated {
        /// The object.
        name: ShmName,
        /// The size it had, in bytes.
        expected: u64,
        /// The size it has; not less if it was made larger again.
        found: u64,
    },
    /// The receiver, or another process, wrote what no receiver writes. The endpoint stays in this
    /// state.
    #[error("object {name:?} is corrupt: {corrupt}; remove it and restart both processes")]
    Corrupt {
        /// The object.
        name: ShmName,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// All 2^53 - 1 message numbers are used up (after 20 years at 14 million a second).
    #[error("object {name:?} has used up its message numbers; create a new one")]
    Exhausted {
        /// The object.
        name: ShmName,
    },
    /// This process is a forked child; the endpoint is its parent's.
    #[error(
        "this endpoint of object {name:?} belongs to the parent process; attach again in the child"
    )]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// The endpoint was to be armed, and the system has no bell for it.
    #[error(transparent)]
    Bell(BellError),
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

/// Why no message was received. It loses no message.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// There is no message. Only the `try_` forms return it; the others wait.
    #[error("the mailbox is empty")]
    Empty,
    /// The time-out passed without a message.
    #[error("timed out waiting for a message")]
    TimedOut,
    /// The interrupt flag was set.
    #[error("interrupted while waiting for a message")]
    Interrupted,
    /// All slots hold messages that were shown and not acknowledged, so no further one can come.
    #[error(
        "all {shown} slots hold messages that were shown and not acknowledged; acknowledge them first"
    )]
    Unacknowledged {
        /// How many.
        shown: u64,
    },
    /// The sender has closed its end, and everything it committed has been received.
    #[error("the sender of object {name:?} has closed, and nothing is left")]
    Closed {
        /// The object.
        name: ShmName,
    },
    /// The sender died, and everything it committed has been received.
    #[error("the sender of object {name:?} died; everything it committed has been received")]
    PeerDied {
        /// The object.
        name: ShmName,
    },
    /// No sender is attached, and none can come: the object has lost its name.
    #[error(
        "object {name:?} was unlinked and no peer is attached; attach again to create a new one"
    )]
    Unlinked {
        /// The object.
        name: ShmName,
    },
    /// The object has lost its name, and the one that has it now could not be attached to; see
    /// [`Options::await_peer`](crate::Options::await_peer). The next call tries again.
    #[error(transparent)]
    Reattach(Box<AttachError>),
    /// A process has made the object smaller. The endpoint stays in this state.
    #[error(fmt = truncated)]
    Truncated {
        /// The object.
        name: ShmName,
        /// The size it had, in bytes.
        expected: u64,
        /// The size it has; not less if it was made larger again.
        found: u64,
    },
    /// The sender, or another process, wrote what no sender writes. The endpoint stays in this
    /// state.
    ///
    /// On a bus, [`Corrupt::lane`] is the lane, if it is known. While other lanes are left, the
    /// receiver reports this once, by a call that receives, and continues with those.
    #[error("object {name:?} is corrupt: {corrupt}; remove it and restart both processes")]
    Corrupt {
        /// The object.
        name: ShmName,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// This process is a forked child; the endpoint is its parent's.
    #[error(
        "this endpoint of object {name:?} belongs to the parent process; attach again in the child"
    )]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// The endpoint was to be armed, and the system has no bell for it.
    #[error(transparent)]
    Bell(BellError),
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

/// Why a batch was not sent whole.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[error("after {sent} messages of the batch: {error}")]
pub struct BatchError {
    /// How many messages of the batch, from its start, are committed.
    pub sent: usize,
    /// Why the next one is not.
    pub error: SendError,
}

/// Why an endpoint could not be closed properly. Its role is free anyway when it is dropped.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseError {
    /// Another process has been attaching or closing for longer than any does (2 s). The channel is
    /// marked closed, and the object keeps its name.
    #[error(
        "object {name:?} has been locked for 2 seconds by a process that attaches or closes; \
        it was not unlinked, remove it when that process is gone"
    )]
    InitBusy {
        /// The object.
        name: ShmName,
    },
    /// A process has made the object smaller; it was left as it is.
    #[error("object {name:?} was truncated; it was not unlinked, remove it")]
    Truncated {
        /// The object.
        name: ShmName,
    },
    /// This process is a forked child; the endpoint is its parent's, which it stays.
    #[error(
        "this endpoint of object {name:?} belongs to the parent process; attach again in the child"
    )]
    Forked {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(SystemError),
}

/// What can end a wait or an operation at either end; the ends' own errors are made from it.
#[derive(Debug)]
pub(crate) enum Failure {
    Stop(Stop),
    Closed,
    PeerDied,
    Unlinked,
    Truncated {
        expected: u64,
        found: u64,
    },
    Corrupt(Corrupt),
    HeldBack {
        place: u32,
        label: Label,
        state: Peer,
    },
    Forked,
    Bell(BellError),
    System(SystemError),
}

impl Failure {
    /// Whether it is wrong in one lane alone. A receiver reports that once and leaves the lane out,
    /// so a call that receives nothing keeps it for one that does.
    pub(crate) fn leaves_other_lanes(&self) -> bool {
        matches!(self, Self::Corrupt(corrupt) if corrupt.lane().is_some())
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
    pub(crate) fn new(failure: Failure, name: &ShmName) -> Self {
        let name = name.clone();
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
            Failure::HeldBack {
                place,
                label,
                state,
            } => Self::HeldBack {
                name,
                place,
                label,
                state,
            },
            Failure::Forked => Self::Forked { name },
            Failure::Bell(error) => Self::Bell(error),
            Failure::System(error) => Self::System(error),
        }
    }
}

impl RecvError {
    #[cold]
    pub(crate) fn new(failure: Failure, name: &ShmName) -> Self {
        let name = name.clone();
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
            Failure::HeldBack { .. } => unreachable!("nobody holds a receiver back"),
            Failure::Forked => Self::Forked { name },
            Failure::Bell(error) => Self::Bell(error),
            Failure::System(error) => Self::System(error),
        }
    }
}

/// How an absent receiver left.
fn absence(state: Peer) -> &'static str {
    match state {
        Peer::Died => "died",
        Peer::Closed => "has closed",
        Peer::Attached | Peer::NeverSeen => "is absent",
    }
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "a process that this one may not see".to_owned(),
    }
}

fn truncated(
    name: &ShmName,
    expected: &u64,
    found: &u64,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if found >= expected {
        return write!(
            f,
            "object {name:?} was truncated or lost memory, and has its {found} bytes again, without their contents; \
             remove it and restart both processes"
        );
    }
    write!(
        f,
        "object {name:?} was truncated to {found} bytes, expected {expected}; \
         remove it and restart both processes"
    )
}
