//! Joining a bus, and leaving it. The caller holds INIT, or no other process has the bus open.

use crate::memory::bus::BusRegion;
use crate::memory::label::Label;
use crate::memory::layout::{LAST_MESSAGE, PENDING};
use crate::memory::region::View;
use crate::memory::sync::{Ordering, fence};
use crate::protocol::corrupt::{Corrupt, Field};

/// Where a receiver that joins a bus begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Join {
    /// With the next message of each sender. If no other receiver counts, with the messages held
    /// for no receiver in particular.
    #[default]
    Next,
    /// With the oldest message of each sender that the bus still holds.
    Oldest,
}

/// The places that count, and their generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Members(u64);

impl Members {
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Bit r says that place r counts.
    #[expect(clippy::cast_possible_truncation, reason = "the low half")]
    pub(crate) const fn mask(self) -> u32 {
        self.0 as u32
    }

    pub(crate) const fn has(self, place: u32) -> bool {
        self.mask() >> place & 1 == 1
    }

    /// The next generation, in which the places of `mask` count.
    const fn followed_by(self, mask: u32) -> Self {
        Self((self.0 >> 32).wrapping_add(1) << 32 | mask as u64)
    }

    /// An error if the mask has a place that does not exist.
    pub(crate) fn ensure_within(self, receivers: u32) -> Result<(), Corrupt> {
        let all = u32::MAX >> (32 - receivers);
        if self.mask() & !all != 0 {
            let expected = 0..=u64::from(all);
            return Err(Corrupt::new(Field::Members, self.mask().into(), expected));
        }
        Ok(())
    }
}

/// The places of a mask, on a bus with `receivers` places.
#[inline]
pub(crate) fn places_in(mask: u32, receivers: u32) -> impl Iterator<Item = u32> + Clone {
    let mut left = mask & (u32::MAX >> (32 - receivers));
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let place = left.trailing_zeros();
        left &= left - 1;
        Some(place)
    })
}

/// The members now.
pub(crate) fn load(bus: &BusRegion) -> Members {
    // Acquire: pairs with the Releases below.
    Members(bus.header().members.load(Ordering::Acquire))
}

/// As [`load`], where something else orders it.
#[inline]
pub(super) fn load_relaxed(bus: &BusRegion) -> Members {
    Members(bus.header().members.load(Ordering::Relaxed))
}

fn store(bus: &BusRegion, members: Members) {
    // Release: pairs with the Acquire in `point`. (J2) comes after PENDING, (D2) after `floor`.
    bus.header().members.store(members.0, Ordering::Release);
}

/// Whether a place belongs to a joiner that has not taken its position in every lane.
pub(crate) fn is_pending(bus: &BusRegion, place: u32) -> bool {
    // Relaxed: handed over by INIT.
    (0..bus.form().senders())
        .any(|lane| bus.count(lane, place).0.load(Ordering::Relaxed) == PENDING)
}

/// Makes the free place a member that begins in each lane where `join` says. The search `places`
/// and the models of this module show why the order matters.
pub(crate) fn join(
    bus: &BusRegion,
    place: u32,
    label: Option<&Label>,
    join: Join,
) -> Result<(), Corrupt> {
    let before = load(bus);
    before.ensure_within(bus.form().receivers())?;
    for lane in 0..bus.form().senders() {
        ensure_countable(bus, lane, before.mask())?;
    }
    for lane in 0..bus.form().senders() {
        // (J1) Relaxed: before the Release of J2.
        bus.count(lane, place).0.store(PENDING, Ordering::Relaxed);
    }
    let cell = &bus.place(place).label;
    cell.clear();
    if let Some(label) = label {
        cell.store(label);
    }
    // (J2)
    store(bus, before.followed_by(before.mask() | 1 << place));
    // (G) SeqCst: pairs with (F) in `learn`.
    fence(Ordering::SeqCst);
    for lane in 0..bus.form().senders() {
        // (J4)
        let oldest = oldest(bus, lane, before.mask());
        let position = match join {
            Join::Next if before.mask() != 0 => {
                // Acquire: pairs with (C), so the stamps of the messages passed over are visible.
                oldest.max(bus.lane(lane).count.0.load(Ordering::Acquire))
            }
            _ => oldest,
        };
        // (J5) Release: pairs with the Acquire in `learn`.
        bus.count(lane, place).0.store(position, Ordering::Release);
    }
    Ok(())
}

/// The first message of a lane that is held for one of `mask`, or for no receiver in particular.
fn oldest(bus: &BusRegion, lane: u32, mask: u32) -> u64 {
    let count = |place| bus.count(lane, place).0.load(Ordering::Acquire);
    // Acquire: the members have read what they gave back.
    let floor = || bus.lane(lane).presence.floor.load(Ordering::Acquire);
    let counts = places_in(mask, bus.form().receivers()).map(count);
    // A caller without INIT may find a joiner.
    let least = counts.filter(|count| *count != PENDING).min();
    least.unwrap_or_else(floor)
}

/// An error if a position in the lane cannot be computed from its counts and those of `mask`.
fn ensure_countable(bus: &BusRegion, lane: u32, mask: u32) -> Result<(), Corrupt> {
    let side = bus.lane(lane);
    let own = [
        (Field::Sent, None, &side.count.0),
        (Field::Floor, None, &side.presence.floor),
    ];
    let members = places_in(mask, bus.form().receivers());
    let counts = members.map(|place| (Field::Received, Some(place), &bus.count(lane, place).0));
    for (field, place, count) in own.into_iter().chain(counts) {
        // Relaxed: an impossible value is impossible in any order.
        let found = count.load(Ordering::Relaxed);
        if found > LAST_MESSAGE + 1 && (place.is_none() || found != PENDING) {
            return Err(Corrupt::new(field, found, 0..=LAST_MESSAGE + 1).at(lane, place));
        }
    }
    Ok(())
}

/// Removes the places of `mask` from the members.
pub(crate) fn remove(bus: &BusRegion, mask: u32) {
    let before = load(bus);
    let leaving = before.mask() & mask;
    if leaving == 0 {
        return;
    }
    if leaving == before.mask() {
        for lane in 0..bus.form().senders() {
            let counts = places_in(leaving, bus.form().receivers())
                .map(|place| bus.count(lane, place).0.load(Ordering::Acquire));
            if let Some(least) = counts.filter(|count| *count != PENDING).min() {
                // (D1) Relaxed: before the Release of D2.
                let floor = &bus.lane(lane).presence.floor;
                floor.store(least, Ordering::Relaxed);
            }
        }
    }
    // (D2) One store for all.
    store(bus, before.followed_by(before.mask() & !leaving));
}

/// The lanes below this number were taken at some time.
#[inline]
pub(crate) fn opened(bus: &BusRegion) -> u32 {
    // Acquire: pairs with `open`, so the counts of the lane are visible.
    let opened = bus.header().opened.load(Ordering::Acquire);
    opened.min(bus.form().senders())
}

/// Records that the lane was taken.
pub(crate) fn open(bus: &BusRegion, lane: u32) {
    if opened(bus) <= lane {
        // Release: pairs with the Acquire in `opened`.
        bus.header().opened.store(lane + 1, Ordering::Release);
    }
}

/// How many messages of a lane are held for a member, or for no receiver in particular.
///
/// Includes a message that a killed sender committed but did not count.
pub(crate) fn queued(bus: &BusRegion, lane: u32) -> u64 {
    let geometry = bus.form().lane();
    // Acquire: the messages before it are visible.
    let mut sent = bus.lane(lane).count.0.load(Ordering::Acquire);
    let slots = [Some(geometry.hot_slot(sent)), geometry.cold_slot(sent)];
    let uncounted = |slot: usize| {
        let stamp = bus.slot(lane, slot).stamp.load(Ordering::Acquire);
        crate::memory::layout::Stamp::from_bits(stamp).ordinal() == sent.wrapping_add(1)
    };
    if slots.into_iter().flatten().any(uncounted) {
        sent = sent.wrapping_add(1);
    }
    sent.saturating_sub(oldest(bus, lane, load(bus).mask()))
}
