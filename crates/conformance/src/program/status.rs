//! The exit statuses that the command line has.

use std::fmt;

/// Why the program ended. The numbers are those of its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// It left on a command, or at the end of its input.
    Left = 0,
    /// Another failure, for example of the system.
    Failed = 1,
    /// A command or an option that it does not know.
    Usage = 2,
    /// Another process has the role; on a bus, the label, or all seats.
    Taken = 4,
    /// There is no room for the object.
    NoRoom = 5,
    /// The peer died.
    Died = 6,
    /// The object is not a mailbox of version 1, or must not be used.
    Refused = 7,
    /// The object is corrupt.
    Corrupt = 8,
    /// The object was truncated.
    Truncated = 9,
    /// The peer closed.
    Closed = 10,
    /// The object has lost its name, and no peer is attached.
    Unlinked = 11,
    /// INIT stayed busy.
    Busy = 12,
    /// The message numbers are used up.
    UsedUp = 13,
    /// On a bus: messages kept for an absent receiver hold the sender back.
    HeldBack = 14,
}

impl Status {
    const ALL: [Self; 14] = [
        Self::Left,
        Self::Failed,
        Self::Usage,
        Self::Taken,
        Self::NoRoom,
        Self::Died,
        Self::Refused,
        Self::Corrupt,
        Self::Truncated,
        Self::Closed,
        Self::Unlinked,
        Self::Busy,
        Self::UsedUp,
        Self::HeldBack,
    ];

    /// The status with this number.
    pub(crate) fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|&status| status as i32 == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = format!("{self:?}").to_lowercase();
        write!(f, "{} ({word})", *self as u8)
    }
}
