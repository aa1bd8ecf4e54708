//! The two roles.

use std::fmt;

/// A role in the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Sends; the writer program has it.
    Sender,
    /// Receives; the reader program has it.
    Receiver,
}

impl Role {
    /// Returns the other role.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }

    /// Returns the byte of the object on which the role's holder has a lock, in either layout.
    ///
    /// For observers: see `F_OFD_GETLK` in `fcntl(2)`.
    #[must_use]
    pub const fn lock_byte(self) -> u64 {
        match self {
            Self::Sender => 1,
            Self::Receiver => 2,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        })
    }
}
