//! The ring of a lane as its sender sees it: what every member has given back.

use super::members::{self, Members, places_in};
use crate::memory::bus::BusRegion;
use crate::memory::geometry::Geometry;
use crate::memory::layout::{AWAKE, PENDING, Presence, SLEEPER_FENCES, Slot};
use crate::memory::region::View;
use crate::memory::sync::{AtomicU64, Ordering, compiler_fence, fence, light_fence, load_fence};
use crate::protocol::corrupt::Corrupt;
use crate::protocol::send::SendRing;
use crate::protocol::{Bed, Ring, take_bed};

impl Ring for BusRegion {
    #[inline(always)]
    fn geometry(&self) -> Geometry {
        self.form().lane()
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> &Slot {
        self.slot(self.index(), index)
    }

    #[inline(always)]
    fn sent(&self) -> &AtomicU64 {
        &self.lane(self.index()).count.0
    }
}

/// What a sender remembers of its last load of the members.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The members, if the sender learned the point.
    members: Option<Members>,
    /// The place with the least count, if there was any, and that count.
    slowest: Option<(u32, u64)>,
}

impl SendRing for BusRegion {
    type Look = Look;

    /// The point is at most any member's count. So if the members are the same, and the slowest has
    /// given back less than `wanted`, the others cannot change that. This takes two loads, and
    /// otherwise one for each member.
    #[inline]
    fn point(&self, look: &mut Look, last: u64, wanted: u64) -> Result<u64, Corrupt> {
        // Acquire: pairs with the Release in `join` (PENDING) and in `remove` (`floor`).
        let members = Members::from_bits(self.header().members.load(Ordering::Acquire));
        let mut known = None;
        if look.members == Some(members) {
            let Some((place, last_count)) = look.slowest else {
                return Ok(last);
            };
            // Acquire: as in `learn`, which uses this value.
            let count = self.count(self.index(), place).0.load(Ordering::Acquire);
            // `learn` finds a count that has gone back.
            if count == last_count || (last_count..wanted).contains(&count) {
                return Ok(last);
            }
            known = Some((place, count));
        }
        self.learn(look, members, known, last)
    }

    /// Each load of the counts takes their lines away from the receivers, so it should free more
    /// than one slot.
    fn step(hot: u64) -> u64 {
        (hot / 4).max(1)
    }

    #[inline]
    fn is_receiver_asleep(&self, look: &Look) -> bool {
        // Relaxed: only a hint.
        look.slowest
            .is_some_and(|(place, _)| self.place(place).parked.load(Ordering::Relaxed) != AWAKE)
    }

    #[inline]
    fn wake_receivers(&self, registered: bool, mut wake: impl FnMut(Bed, &Presence)) {
        // As in `take_parked`, for several. A member that this misses has executed its barrier
        // after our publication, so it finds the message.
        compiler_fence(Ordering::SeqCst);
        let asleep = match self.parked_without_fence() {
            Some(asleep) if registered => asleep,
            _ => {
                // SeqCst: (P), pairs with (W) in `announce`.
                fence(Ordering::SeqCst);
                self.parked()
            }
        };
        for place in places_in(asleep, self.form().receivers()) {
            let receiver = self.place(place);
            if let Some(bed) = take_bed(receiver) {
                wake(bed, receiver);
            }
        }
    }

    fn glance_at_queue(&self) -> u64 {
        members::queued(self, self.index()).min(self.geometry().slots().into())
    }

    /// The members that are PENDING, or have the least count, below `next`.
    fn holding_back(&self, next: u64) -> u32 {
        let mask = members::load_relaxed(self).mask();
        let (mut least, mut holding, mut pending) = (next, 0, 0);
        for place in places_in(mask, self.form().receivers()) {
            // Relaxed: the lock decides about each of them.
            match self.count(self.index(), place).0.load(Ordering::Relaxed) {
                PENDING => pending |= 1 << place,
                count if count < least => (least, holding) = (count, 1 << place),
                count if count == least && count < next => holding |= 1 << place,
                _ => {}
            }
        }
        holding | pending
    }

    fn locate(&self, look: &Look, corrupt: Corrupt) -> Corrupt {
        corrupt.at(self.index(), look.slowest.map(|(place, _)| place))
    }
}

impl BusRegion {
    /// The members that sleep, if each of them executes the fence for both sides before it sleeps.
    #[inline(always)]
    fn parked_without_fence(&self) -> Option<u32> {
        let mut asleep = 0;
        // Relaxed, also below: a new owner makes its words visible before they count.
        let mask = members::load_relaxed(self).mask();
        for place in places_in(mask, self.form().receivers()) {
            let receiver = self.place(place);
            if receiver.fences.load(Ordering::Relaxed) != SLEEPER_FENCES {
                return None;
            }
            light_fence();
            asleep |= u32::from(receiver.parked.load(Ordering::Relaxed) != AWAKE) << place;
        }
        Some(asleep)
    }

    /// The members that sleep, after a fence.
    fn parked(&self) -> u32 {
        let mask = members::load_relaxed(self).mask();
        // Relaxed: ordered by the fence.
        let sleeps = |place: &u32| self.place(*place).parked.load(Ordering::Relaxed) != AWAKE;
        places_in(mask, self.form().receivers())
            .filter(sleeps)
            .fold(0, |asleep, place| asleep | 1 << place)
    }

    /// Loads the counts of all members, except one that is `known`.
    fn learn(
        &self,
        look: &mut Look,
        members: Members,
        known: Option<(u32, u64)>,
        last: u64,
    ) -> Result<u64, Corrupt> {
        let lane = self.index();
        members.ensure_within(self.form().receivers())?;
        let mut slowest: Option<(u32, u64)> = None;
        let mut is_pending = false;
        for place in places_in(members.mask(), self.form().receivers()) {
            let count = match known {
                Some((known, count)) if known == place => count,
                // Acquire: pairs with (R) and J5, so the slots below were read.
                _ => self.count(lane, place).0.load(Ordering::Acquire),
            };
            is_pending |= count == PENDING;
            if slowest.is_none_or(|(_, least)| count < least) {
                slowest = Some((place, count));
            }
        }
        let point = match slowest {
            Some((_, count)) => count,
            // Acquire: so that the second load comes after it.
            None => self.lane(lane).presence.floor.load(Ordering::Acquire),
        };
        // (F) Pairs with (G) in `join`.
        load_fence();
        // Relaxed: ordered by the fence.
        if is_pending || members::load_relaxed(self) != members {
            look.members = None;
            return Ok(last);
        }
        *look = Look {
            members: Some(members),
            slowest,
        };
        Ok(point)
    }
}
