//! What a misbehaving peer, or a damaged object, left in the shared memory.

use std::fmt;
use std::ops::RangeInclusive;

/// A value in the shared memory that no correct peer would have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {found}, expected {} to {}", expected.start(), expected.end())]
pub struct Corrupt {
    field: Field,
    found: u64,
    expected: RangeInclusive<u64>,
}

/// The field that holds the value.
// As wide as a word: an error's variant is told by the values that are left over here, and a send
// that succeeds would write and read a lone byte for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
#[non_exhaustive]
pub enum Field {
    /// The count of messages sent.
    Sent,
    /// The count of messages received.
    Received,
    /// The message number in a slot's stamp.
    Stamp,
    /// The message length in a slot's stamp.
    Length,
}

impl Corrupt {
    #[cold]
    pub(crate) fn new(field: Field, found: u64, expected: RangeInclusive<u64>) -> Self {
        Self {
            field,
            found,
            expected,
        }
    }

    /// Which field it is.
    #[must_use]
    pub fn field(&self) -> Field {
        self.field
    }

    /// What was found there.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found
    }

    /// What a correct peer could have written.
    #[must_use]
    pub fn expected(&self) -> RangeInclusive<u64> {
        self.expected.clone()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "`sent`",
            Self::Received => "`received`",
            Self::Stamp => "the number in a stamp",
            Self::Length => "the length in a stamp",
        })
    }
}
