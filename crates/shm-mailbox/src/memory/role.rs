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

/// One of the endpoints that an object has room for: a role, and an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) role: Role,
    /// The lane of a sender, the place of a receiver; 0 in a mailbox.
    pub(crate) index: u32,
}

impl Seat {
    pub(crate) const fn new(role: Role, index: u32) -> Self {
        Self { role, index }
    }

    /// The byte of the object on which the seat's holder has a lock.
    pub(crate) const fn lock_byte(self) -> u64 {
        self.role.lock_byte() + 2 * self.index as u64
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
