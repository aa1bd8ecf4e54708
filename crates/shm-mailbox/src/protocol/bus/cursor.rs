//! The position of a receiver of a bus: in each lane, and the lane that it tests next.

use super::members;
use crate::memory::bus::BusRegion;
use crate::memory::geometry::Geometry;
use crate::memory::layout::{Presence, Slot};
use crate::memory::message::Message;
use crate::memory::role::Role;
use crate::memory::sync::AtomicU64;
use crate::protocol::corrupt::Corrupt;
use crate::protocol::receive::{ReceiveCursor, ReceiveRing, Receiving};
use crate::protocol::{Bed, Cursor, Ring, take_parked};

/// How many messages a receiver takes from a lane before the next lane has its turn.
const BURST: u32 = 16;

/// A lane as one of its receivers sees it.
#[derive(Clone, Copy)]
struct LaneRing<'a> {
    bus: &'a BusRegion,
    lane: u32,
}

impl<'a> LaneRing<'a> {
    #[inline(always)]
    fn new(bus: &'a BusRegion, lane: u32) -> Self {
        Self { bus, lane }
    }
}

impl Ring for LaneRing<'_> {
    #[inline(always)]
    fn geometry(&self) -> Geometry {
        self.bus.form().lane()
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> &Slot {
        self.bus.slot(self.lane, index)
    }

    #[inline(always)]
    fn sent(&self) -> &AtomicU64 {
        &self.bus.lane(self.lane).count.0
    }
}

impl ReceiveRing for LaneRing<'_> {
    #[inline(always)]
    fn received(&self) -> &AtomicU64 {
        &self.bus.count(self.lane, self.bus.index()).0
    }
}

/// The position of a receiver of a bus.
#[derive(Debug)]
pub(crate) struct BusReceiveCursor {
    lanes: Box<[ReceiveCursor]>,
    /// The receiver tests the lanes below this number.
    opened: u32,
    /// The lane to test first, and how many messages it may still give before the next has its
    /// turn.
    turn: u32,
    burst: u32,
    /// The lanes that have shown a message since the last acknowledgement.
    shown: LaneSet,
    /// The lanes to which the last acknowledgement gave messages back.
    given: LaneSet,
    /// The lanes found corrupt, each of which was reported.
    broken: LaneSet,
}

/// Bit l is for lane l.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LaneSet(u32);

impl LaneSet {
    #[inline(always)]
    fn insert(&mut self, lane: u32) {
        self.0 |= 1 << lane;
    }

    const fn has(self, lane: u32) -> bool {
        self.0 >> lane & 1 == 1
    }

    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = u32> {
        members::places_in(self.0, u32::BITS)
    }
}

impl BusReceiveCursor {
    #[inline]
    fn lane(&mut self, lane: u32) -> &mut ReceiveCursor {
        &mut self.lanes[lane as usize]
    }

    /// Makes the lane after this one the first to test.
    fn turn_from(&mut self, lane: u32, bus: &BusRegion) {
        self.opened = self.opened.max(members::opened(bus));
        self.turn = if lane + 1 < self.opened { lane + 1 } else { 0 };
        self.burst = BURST;
    }

    /// Copies the next message, which `look` has found, of the lane whose turn it is.
    #[inline(always)]
    fn take(&mut self, bus: &BusRegion, ring: &LaneRing<'_>, length: usize, message: &mut Message) {
        let lane = self.turn;
        self.lane(lane).show(ring, length, message);
        message.set_lane(lane);
        self.shown.insert(lane);
        self.burst -= 1;
        if self.burst == 0 {
            self.turn_from(lane, bus);
        }
    }

    /// Shows the next message of the first lane that has one.
    #[inline(never)]
    fn show_from_any(
        &mut self,
        bus: &BusRegion,
        message: &mut Message,
    ) -> Result<Option<()>, Corrupt> {
        let Some(length) = self.look(bus)? else {
            return Ok(None);
        };
        self.take(bus, &LaneRing::new(bus, self.turn), length, message);
        Ok(Some(()))
    }

    /// The lanes to test.
    fn sound(&self) -> impl Iterator<Item = u32> + use<> {
        let broken = self.broken;
        (0..self.opened).filter(move |lane| !broken.has(*lane))
    }

    /// Whether a lane was found corrupt.
    pub(crate) fn is_broken(&self, lane: u32) -> bool {
        self.broken.has(lane)
    }
}

impl Receiving for BusReceiveCursor {
    #[inline]
    fn shown(&self) -> u64 {
        let lanes = self.shown.iter();
        let shown = lanes.map(|lane| self.lanes[lane as usize].shown());
        shown.max().unwrap_or(0)
    }

    #[inline(always)]
    fn has_shown(&self) -> bool {
        self.shown != LaneSet::default()
    }

    fn acknowledged(&self) -> u64 {
        self.lanes.iter().map(ReceiveCursor::acknowledged).sum()
    }

    #[inline]
    fn look(&mut self, bus: &BusRegion) -> Result<Option<usize>, Corrupt> {
        self.opened = self.opened.max(members::opened(bus));
        let mut lane = self.turn;
        for _ in 0..self.opened {
            if !self.broken.has(lane) {
                let found = self.lane(lane).look(&LaneRing::new(bus, lane));
                if let Some(length) = found.map_err(|corrupt| corrupt.at(lane, None))? {
                    if lane != self.turn {
                        self.turn = lane;
                        self.burst = BURST;
                    }
                    return Ok(Some(length));
                }
            }
            lane = if lane + 1 < self.opened { lane + 1 } else { 0 };
        }
        Ok(None)
    }

    #[inline(always)]
    fn show_next(&mut self, bus: &BusRegion, message: &mut Message) -> Result<Option<()>, Corrupt> {
        // The lane whose turn it is usually has the next message, too.
        let lane = self.turn;
        let ring = LaneRing::new(bus, lane);
        if let Ok(Some(length)) = self.lane(lane).look(&ring)
            && !self.broken.has(lane)
        {
            // If more messages are queued, their lines arrive during this copy. If not, the line is
            // cached from the round before.
            let soon = ring.geometry().hot_slot(self.lane(lane).next() + 2);
            ring.slot(soon).prefetch();
            self.take(bus, &ring, length, message);
            return Ok(Some(()));
        }
        self.show_from_any(bus, message)
    }

    fn rewind(&mut self) {
        for lane in self.shown.iter() {
            self.lane(lane).rewind();
        }
        self.shown = LaneSet::default();
    }

    /// One store for each lane that has shown a message. After a kill in between, some lanes are
    /// acknowledged, and the messages of the others come again.
    #[inline]
    fn acknowledge(&mut self, bus: &BusRegion) {
        for lane in self.shown.iter() {
            self.lane(lane).acknowledge(&LaneRing::new(bus, lane));
        }
        self.given = self.shown;
        self.shown = LaneSet::default();
    }

    fn acknowledge_through(&mut self, bus: &BusRegion, lane: u32, n: u64) {
        self.given = LaneSet::default();
        // The number comes from the user.
        if lane >= bus.form().senders() || !self.shown.has(lane) {
            return;
        }
        let ring = LaneRing::new(bus, lane);
        if self.lane(lane).acknowledge_through(&ring, n) {
            self.given.insert(lane);
        }
        let lanes = std::mem::take(&mut self.shown);
        for lane in lanes.iter() {
            let shown = self.lane(lane).shown();
            if shown > 0 {
                self.shown.insert(lane);
            }
        }
    }
}

impl Cursor for BusReceiveCursor {
    type Region = BusRegion;
    const ROLE: Role = Role::Receiver;

    fn resume(bus: &BusRegion) -> Result<Self, Corrupt> {
        let lanes = (0..bus.form().senders()).map(|lane| {
            let cursor = ReceiveCursor::resume_at(&LaneRing::new(bus, lane));
            cursor.map_err(|corrupt| corrupt.at(lane, Some(bus.index())))
        });
        Ok(Self {
            lanes: lanes.collect::<Result<_, _>>()?,
            opened: 0,
            turn: 0,
            burst: BURST,
            shown: LaneSet::default(),
            given: LaneSet::default(),
            broken: LaneSet::default(),
        })
    }

    fn stands(&self, bus: &BusRegion) -> bool {
        let mut lanes = (0..).zip(&self.lanes);
        lanes.all(|(lane, cursor)| cursor.stands_at(&LaneRing::new(bus, lane)))
    }

    fn queued(&mut self, bus: &BusRegion) -> Result<u64, Corrupt> {
        self.rewind();
        self.opened = self.opened.max(members::opened(bus));
        let mut queued = 0;
        for lane in 0..self.opened {
            let found = self.lane(lane).queued_at(&LaneRing::new(bus, lane));
            queued += found.map_err(|corrupt| corrupt.at(lane, None))?;
        }
        Ok(queued)
    }

    fn has_met(&self, lane: u32) -> bool {
        self.lanes[lane as usize].has_moved()
    }

    fn ensure_announced_is_there(&mut self, bus: &BusRegion) -> Result<(), Corrupt> {
        for lane in self.sound() {
            let found = self
                .lane(lane)
                .ensure_announced_at(&LaneRing::new(bus, lane));
            found.map_err(|corrupt| corrupt.at(lane, None))?;
        }
        Ok(())
    }

    fn leaves_out(&mut self, corrupt: &Corrupt) -> bool {
        if let Some(lane) = corrupt.lane() {
            self.broken.insert(lane);
        }
        // Another lane may still be opened.
        let lanes = u32::try_from(self.lanes.len()).unwrap_or(u32::MAX);
        corrupt.lane().is_some() && (0..lanes).any(|lane| !self.broken.has(lane))
    }

    #[inline]
    fn wake_peers(&self, bus: &BusRegion, registered: bool, mut wake: impl FnMut(Bed, &Presence)) {
        for lane in self.given.iter() {
            let sender = &bus.lane(lane).presence;
            if let Some(bed) = take_parked(sender, registered) {
                wake(bed, sender);
            }
        }
    }

    fn glance_at_queue(bus: &BusRegion) -> u64 {
        let slots = bus.form().lane().slots();
        let lanes = (0..members::opened(bus)).map(|lane| {
            let ring = LaneRing::new(bus, lane);
            crate::protocol::glance(ring.sent(), ring.received(), slots)
        });
        lanes.sum()
    }
}
