//! The two roles, and what one role can know of the other.

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
    #[cfg(not(shm_mailbox_loom))]
    #[must_use]
    pub const fn lock_byte(self) -> u64 {
        crate::layout::lock_byte::of(self)
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

/// What is known of the other end.
///
/// A stopped or frozen process is attached: nothing is ever concluded from time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// Nobody has ever held the role.
    NeverSeen,
    /// A living process holds the role.
    Attached,
    /// The last holder closed its end.
    Closed,
    /// The last holder died without closing: killed, crashed, or exited.
    Died,
}

#[cfg(not(shm_mailbox_loom))]
impl Peer {
    /// By the role's `life`, and whether its lock was held while that stood there.
    pub(crate) const fn judge(life: u64, held: bool) -> Self {
        match life {
            _ if held => Self::Attached,
            0 => Self::NeverSeen,
            life if crate::protocol::is_closed(life) => Self::Closed,
            _ => Self::Died,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverSeen => "never seen",
            Self::Attached => "attached",
            Self::Closed => "closed",
            Self::Died => "died",
        })
    }
}
