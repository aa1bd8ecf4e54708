//! The two roles.

use std::fmt;

/// Which end of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that sends; the writer program holds it.
    Sender,
    /// The end that receives; the reader program holds it.
    Receiver,
}

impl Role {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Sender => Self::Receiver,
            Self::Receiver => Self::Sender,
        }
    }

    /// The byte of the object, in either layout, on which the role's holder has a lock; for observers (see
    /// `F_OFD_GETLK` in `fcntl(2)`).
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
