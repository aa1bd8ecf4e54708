//! The location of one sender's ring in an object, for observers that read it through a descriptor.

use crate::memory::geometry::{BusGeometry, Geometry};
use crate::memory::layout::{PENDING, offset};
use crate::object::observe::{Bus, Snapshot};
use crate::protocol::bus::members::{Members, places_in};
use crate::protocol::corrupt::Corrupt;

/// How often to read the counts again if the members change during the reading.
const ROUNDS: u32 = 100;

/// The ring of a mailbox, or of a lane of a bus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    geometry: Geometry,
    lane: Option<(BusGeometry, u32)>,
}

impl Track {
    pub(crate) fn of_mailbox(seen: &Snapshot) -> Self {
        let geometry = Geometry::with_hot(seen.slots, seen.hot_slots);
        Self {
            geometry: geometry.expect("it was checked"),
            lane: None,
        }
    }

    pub(crate) fn of_lane(seen: &Bus, lane: u32) -> Self {
        let geometry = Geometry::with_hot(seen.slots, seen.hot_slots);
        let geometry = geometry.expect("it was checked");
        let form = BusGeometry::new(geometry, seen.senders, seen.receivers);
        Self {
            geometry,
            lane: Some((form.expect("it was checked"), lane)),
        }
    }

    pub(crate) const fn geometry(self) -> Geometry {
        self.geometry
    }

    /// The number of the lane; 0 in a mailbox.
    pub(crate) fn lane(self) -> u32 {
        self.lane.map_or(0, |(_, lane)| lane)
    }

    /// Adds the location of a wrong value.
    pub(crate) fn locate(self, corrupt: Corrupt) -> Corrupt {
        match self.lane {
            None => corrupt,
            Some((_, lane)) => corrupt.at(lane, None),
        }
    }

    /// Where a slot begins, with its stamp.
    pub(crate) fn slot_offset(self, slot: usize) -> u64 {
        match self.lane {
            None => Geometry::slot_offset(slot),
            Some((form, lane)) => form.slot_offset(lane, slot),
        }
    }

    /// The offset of the count of sent messages.
    pub(crate) fn sent_offset(self) -> u64 {
        match self.lane {
            None => offset::SENT,
            Some((form, lane)) => form.lane_offset(lane),
        }
    }

    /// How many messages all members that count have given back. The messages from this one on were
    /// not overwritten when this is called. It goes back only where a receiver joins below what
    /// this has returned while that receiver was PENDING: no sender has passed that count either.
    /// `word` reads a word of the object.
    pub(crate) fn received<E>(self, word: impl Fn(u64) -> Result<u64, E>) -> Result<u64, E> {
        let Some((form, lane)) = self.lane else {
            return word(offset::RECEIVED);
        };
        for _ in 0..ROUNDS {
            // The word differs after each change, so all counts are of one set of members.
            let members = word(offset::MEMBERS)?;
            let mut least = None;
            for place in places_in(Members::from_bits(members).mask(), form.receivers()) {
                let count = word(form.count_offset(lane, place))?;
                if count != PENDING && least.is_none_or(|least| count < least) {
                    least = Some(count);
                }
            }
            let received = match least {
                Some(least) => least,
                None => word(form.lane_offset(lane) + offset::PRESENCE + offset::FLOOR)?,
            };
            if word(offset::MEMBERS)? == members {
                return Ok(received);
            }
        }
        // Unknown: as if all of them had been given back.
        Ok(u64::MAX)
    }
}
