//! What a misbehaving peer, or a damaged object, left in the shared memory.

use std::fmt;
use std::ops::RangeInclusive;

/// A value in the shared memory that no correct peer would have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}{} is {found}, expected {least} to {most}", seat(self))]
pub struct Corrupt {
    field: Field,
    found: u64,
    least: u64,
    most: u64,
    /// On a bus; as small as they are, the error is as large as it would be without.
    lane: Option<u8>,
    place: Option<u8>,
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
    /// The mask of the places that count on a bus.
    Members,
    /// What had been given back of a lane when the last place was left.
    Floor,
}

impl Corrupt {
    #[cold]
    pub(crate) fn new(field: Field, found: u64, expected: RangeInclusive<u64>) -> Self {
        Self {
            field,
            found,
            least: *expected.start(),
            most: *expected.end(),
            lane: None,
            place: None,
        }
    }

    /// As found in this lane of a bus, and there at this place.
    #[cold]
    pub(crate) fn at(mut self, lane: u32, place: Option<u32>) -> Self {
        self.lane = u8::try_from(lane).ok();
        self.place = place.and_then(|place| u8::try_from(place).ok());
        self
    }

    /// Returns the lane in which it was found, on a bus.
    #[must_use]
    pub fn lane(&self) -> Option<u32> {
        self.lane.map(u32::from)
    }

    /// Returns the place whose count it is, on a bus.
    #[must_use]
    pub fn place(&self) -> Option<u32> {
        self.place.map(u32::from)
    }

    /// Returns which field it is.
    #[must_use]
    pub fn field(&self) -> Field {
        self.field
    }

    /// Returns what was found there.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found
    }

    /// Returns what a correct peer could have written.
    #[must_use]
    pub fn expected(&self) -> RangeInclusive<u64> {
        self.least..=self.most
    }
}

/// Where on a bus it was found.
fn seat(corrupt: &Corrupt) -> String {
    match (corrupt.lane, corrupt.place) {
        (Some(lane), Some(place)) => format!(" of lane {lane} at place {place}"),
        (Some(lane), None) => format!(" of lane {lane}"),
        _ => String::new(),
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "`sent`",
            Self::Received => "`received`",
            Self::Stamp => "the number in a stamp",
            Self::Length => "the length in a stamp",
            Self::Members => "`members`",
            Self::Floor => "`floor`",
        })
    }
}
