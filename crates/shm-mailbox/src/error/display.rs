//! What the errors say: what happened, to which object, and what to do.
//!
//! An error that stands for another one says what that one says; its source is therefore the source of that one.

use std::error::Error;
use std::fmt;

use super::{AttachError, BatchError, CloseError, RecvError, SendError};
use crate::corrupt::Corrupt;

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Slots { found } => write!(
                f,
                "a mailbox cannot have {found} slots, expected a power of two from 1 to 65536"
            ),
            Self::Mode { found } => write!(
                f,
                "a mailbox cannot have mode {found:04o}, expected permission bits that let its owner read and write, \
                 like 0600"
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
            Self::RoleTaken { name, role, pid } => {
                write!(f, "object {name:?} already has a {role}")?;
                match pid {
                    Some(pid) => write!(f, ", process {pid}")?,
                    None => f.write_str(", a process that this one may not see")?,
                }
                f.write_str("; end it first, or use another name")
            }
            Self::InitBusy { name } => init_busy(f, name),
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
            Self::TimedOut => f.write_str("timed out waiting for the receiver"),
            Self::Interrupted => f.write_str("interrupted while waiting for the receiver"),
            Self::TooLong { length, excess } => write!(
                f,
                "a message of {length} bytes is {excess} too long, expected at most 1024; split it"
            ),
            Self::Closed { name } => write!(
                f,
                "the receiver of object {name:?} has closed, and messages are left; start a receiver again"
            ),
            Self::PeerDied { name } => write!(
                f,
                "the receiver of object {name:?} died, and messages are left; start a receiver again"
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
            Self::Reattach(error) => error.fmt(f),
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
            Self::InitBusy { name } => init_busy_at_close(f, name),
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

/// Nobody else can attach, close or remove for as long as one process is in the middle of it.
pub(crate) fn init_busy(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(
        f,
        "object {name:?} has been locked by a process that attaches or closes for 2 seconds; \
         look for a stopped process and continue or end it"
    )
}

/// As [`init_busy`], for who leaves and does not come back.
pub(crate) fn init_busy_at_close(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(
        f,
        "object {name:?} has been locked by a process that attaches or closes for 2 seconds; \
         it was not unlinked, remove it when that process is gone"
    )
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

impl Error for AttachError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Name(error) => error.source(),
            Self::Open(error) => error.source(),
            Self::Reserve(error) => error.source(),
            Self::Map(error) => error.source(),
            Self::View(error) => error.source(),
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}

impl Error for RecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Reattach(error) => error.source(),
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}

impl Error for BatchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

impl Error for CloseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::io;

    use shm_core::{OpenError, SystemError};

    use super::*;

    fn chain(error: &dyn Error) -> Vec<String> {
        let links = std::iter::successors(Some(error), |link: &&dyn Error| (*link).source());
        links.map(ToString::to_string).collect()
    }

    #[test]
    fn who_prints_an_error_and_its_sources_says_nothing_twice() {
        let system = || SystemError {
            call: "fstat",
            name: None,
            source: io::ErrorKind::Other.into(),
        };
        let errors: [Box<dyn Error>; 5] = [
            Box::new(AttachError::Open(OpenError::System(system()))),
            Box::new(AttachError::System(system())),
            Box::new(SendError::System(system())),
            Box::new(RecvError::System(system())),
            Box::new(BatchError {
                sent: 1,
                error: SendError::System(system()),
            }),
        ];
        for error in errors {
            let chain = chain(error.as_ref());
            assert_eq!(chain.len(), 2, "{chain:?}");
            assert_ne!(chain[0], chain[1]);
        }
    }
}
