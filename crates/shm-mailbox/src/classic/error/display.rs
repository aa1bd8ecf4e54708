//! What the errors say: what was expected, what was found, and what to do next.

use std::error::Error;
use std::fmt;

use super::{AttachError, CloseError, RecvError, SendError};
use crate::classic::MAX_MESSAGE;
use crate::error::{init_busy, init_busy_at_close};
use crate::role::Role;

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Wait { name, wait } => write!(
                f,
                "object {name:?} has the lesson's layout, which cannot wait by {wait}; \
                 use spin, yield, poll or block"
            ),
            Self::NotFound { name } => {
                write!(f, "object {name:?} does not exist; start a writer first")
            }
            Self::Open(error) => error.fmt(f),
            Self::Foreign {
                name,
                expected,
                found,
            } => write!(
                f,
                "object {name:?} has {found} bytes, the lesson's layout has {expected}; \
                 it was left as it is, use another name"
            ),
            Self::Reserve(error) => error.fmt(f),
            Self::Map(error) => error.fmt(f),
            Self::View(error) => error.fmt(f),
            Self::RoleTaken { name, role } => {
                let (program, verb) = match role {
                    Role::Sender => ("writer", "writes"),
                    Role::Receiver => ("reader", "reads"),
                };
                write!(
                    f,
                    "object {name:?} already has a {program}: another process {verb}; \
                     end it first, or use another name"
                )
            }
            Self::InitBusy { name } => init_busy(f, name),
            Self::Unsteady { name } => write!(
                f,
                "object {name:?} was unlinked again each time it was opened; look for who removes it"
            ),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str(
                "an empty message cannot be told from none in the lesson's layout; end it with a newline",
            ),
            Self::Nul { at } => write!(
                f,
                "the message has a NUL at byte {at}, which ends a text in the lesson's layout; use a mailbox"
            ),
            Self::TooLong { length, excess } => write!(
                f,
                "a message of {length} bytes is {excess} too long, expected at most {MAX_MESSAGE}; split it"
            ),
            Self::TimedOut => f.write_str("timed out waiting for the reader"),
            Self::Interrupted => f.write_str("interrupted while waiting for the reader"),
            Self::Unlinked { name } => unlinked(f, name),
            Self::Truncated {
                name,
                expected,
                found,
            } => truncated(f, name, *expected, *found),
            Self::Reserve(error) => error.fmt(f),
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("timed out waiting for a message"),
            Self::Interrupted => f.write_str("interrupted while waiting for a message"),
            Self::Unlinked { name } => unlinked(f, name),
            Self::Truncated {
                name,
                expected,
                found,
            } => truncated(f, name, *expected, *found),
            Self::Reserve(error) => error.fmt(f),
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InitBusy { name } => init_busy_at_close(f, name),
            Self::Forked { name } => forked(f, name),
            Self::System(error) => error.fmt(f),
        }
    }
}

fn unlinked(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "object {name:?} was unlinked; attach again")
}

fn truncated(f: &mut fmt::Formatter<'_>, name: &str, expected: u64, found: u64) -> fmt::Result {
    if found == expected {
        return write!(
            f,
            "object {name:?} was resized, and has its {found} bytes again without what was in them; start both ends again"
        );
    }
    write!(
        f,
        "object {name:?} was resized to {found} bytes, expected {expected}; remove it, and start both ends again"
    )
}

fn forked(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    write!(
        f,
        "object {name:?} was attached before a fork; attach again in the child"
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
            Self::Reserve(error) => error.source(),
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}

impl Error for RecvError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Reserve(error) => error.source(),
            Self::System(error) => error.source(),
            _ => None,
        }
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
