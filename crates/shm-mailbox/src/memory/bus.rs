//! The typed view of a bus: a ring for each sender, and for each a count by each receiver.

use std::ptr::NonNull;

use crate::memory::geometry::{BusGeometry, Geometry};
use crate::memory::hold::Memory;
use crate::memory::layout::{Count, Header, KIND_BUS, Presence, Side, Slot};
use crate::memory::region::View;
use crate::memory::role::{Role, Seat};

/// A bus as one of its endpoints sees it.
///
/// As in a [`Region`](crate::memory::region::Region), another process may change everything at any
/// time, and the form is a private copy.
#[derive(Debug)]
pub(crate) struct BusRegion {
    /// These point into `memory`; there are as many as `form` says.
    header: NonNull<Header>,
    lanes: NonNull<[Side]>,
    counts: NonNull<[Count]>,
    places: NonNull<[Presence]>,
    slots: NonNull<[Slot]>,
    form: BusGeometry,
    /// Whose view it is: a lane of senders, or a place of receivers.
    index: u32,
    memory: Memory,
}

// SAFETY: as for a `Region`: atomics and payload cells, in memory that does not move.
unsafe impl Send for BusRegion {}
// SAFETY: as above.
unsafe impl Sync for BusRegion {}

impl BusRegion {
    /// Views `mapping` as a bus of this form, for an endpoint that has no seat yet.
    #[cfg(not(shm_mailbox_loom))]
    pub(crate) fn map(
        mapping: shm_core::Mapping,
        form: BusGeometry,
    ) -> Result<Self, shm_core::ViewError> {
        let (lanes, places) = (form.senders() as usize, form.receivers() as usize);
        let header = NonNull::from(mapping.view::<Header>(0)?);
        let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        let counts = mapping.slice_view(at(form.count_offset(0, 0)), lanes * places)?;
        let all = lanes * form.lane_slots();
        let slots = mapping.slice_view(at(form.slot_offset(0, 0)), all)?;
        Ok(Self {
            header,
            lanes: NonNull::from(mapping.slice_view(at(form.lane_offset(0)), lanes)?),
            counts: NonNull::from(counts),
            places: NonNull::from(mapping.slice_view(at(form.place_offset(0)), places)?),
            slots: NonNull::from(slots),
            form,
            index: 0,
            memory: Memory::Mapped(mapping),
        })
    }

    /// Makes it the view of a seat with this index.
    pub(crate) fn sit(&mut self, index: u32) {
        debug_assert!(index < self.form.senders().max(self.form.receivers()));
        self.index = index;
    }

    /// The lane or place of the endpoint whose view it is.
    #[inline(always)]
    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    #[inline(always)]
    pub(crate) fn form(&self) -> BusGeometry {
        self.form
    }

    #[inline(always)]
    pub(crate) fn lane(&self, lane: u32) -> &Side {
        // SAFETY: points into `memory`, which lives as long as `self`; valid for any bytes.
        let lanes = unsafe { self.lanes.as_ref() };
        &lanes[lane as usize]
    }

    #[inline(always)]
    pub(crate) fn place(&self, place: u32) -> &Presence {
        // SAFETY: as in `lane`.
        let places = unsafe { self.places.as_ref() };
        &places[place as usize]
    }

    /// How many messages of a lane a place has given back.
    #[inline(always)]
    pub(crate) fn count(&self, lane: u32, place: u32) -> &Count {
        // SAFETY: as in `lane`.
        let counts = unsafe { self.counts.as_ref() };
        &counts[(lane * self.form.receivers() + place) as usize]
    }

    /// A slot of a lane.
    #[inline(always)]
    pub(crate) fn slot(&self, lane: u32, slot: usize) -> &Slot {
        // SAFETY: as in `lane`.
        let slots = unsafe { self.slots.as_ref() };
        &slots[lane as usize * self.form.lane_slots() + slot]
    }
}

impl View for BusRegion {
    const KIND: u32 = KIND_BUS;

    #[inline(always)]
    fn header(&self) -> &Header {
        // SAFETY: as in `lane`.
        unsafe { self.header.as_ref() }
    }

    fn ring(&self) -> Geometry {
        self.form.lane()
    }

    fn object_size(&self) -> u64 {
        self.form.object_size()
    }

    #[cfg(not(shm_mailbox_loom))]
    #[inline(always)]
    fn is_lost(&self) -> bool {
        self.memory.is_lost()
    }

    fn seat(&self, role: Role) -> Seat {
        Seat::new(role, self.index)
    }

    #[inline(always)]
    fn seats(&self, role: Role) -> u32 {
        match role {
            Role::Sender => self.form.senders(),
            Role::Receiver => self.form.receivers(),
        }
    }

    #[inline(always)]
    fn presence(&self, seat: Seat) -> &Presence {
        match seat.role {
            Role::Sender => &self.lane(seat.index).presence,
            Role::Receiver => self.place(seat.index),
        }
    }
}

/// A bus that no process maps.
#[cfg(any(test, shm_mailbox_loom, fuzzing))]
mod heap {
    use std::ptr::NonNull;
    use std::sync::Arc;

    use super::BusRegion;
    use crate::memory::geometry::BusGeometry;
    use crate::memory::hold::Memory;
    use crate::memory::layout::{Count, Header, Presence, Side, Slot};

    #[derive(Debug)]
    struct Parts {
        header: Header,
        lanes: Box<[Side]>,
        counts: Box<[Count]>,
        places: Box<[Presence]>,
        slots: Box<[Slot]>,
    }

    impl BusRegion {
        /// A zeroed bus on the heap.
        pub(crate) fn heap(form: BusGeometry) -> Self {
            let (lanes, places) = (form.senders() as usize, form.receivers() as usize);
            let parts = Arc::new(Parts {
                header: Header::zeroed(),
                lanes: (0..lanes).map(|_| Side::zeroed()).collect(),
                counts: (0..lanes * places).map(|_| Count::zeroed()).collect(),
                places: (0..places).map(|_| Presence::zeroed()).collect(),
                slots: (0..lanes * form.lane_slots())
                    .map(|_| Slot::zeroed())
                    .collect(),
            });
            Self {
                header: NonNull::from(&parts.header),
                lanes: NonNull::from(&*parts.lanes),
                counts: NonNull::from(&*parts.counts),
                places: NonNull::from(&*parts.places),
                slots: NonNull::from(&*parts.slots),
                form,
                index: 0,
                memory: Memory::Heap(parts),
            }
        }

        /// The same bus as another endpoint sees it, with the seat of this index.
        pub(crate) fn seated(&self, index: u32) -> Self {
            #[cfg_attr(
                shm_mailbox_loom,
                expect(irrefutable_let_patterns, reason = "nothing is mapped there")
            )]
            let Memory::Heap(parts) = &self.memory else {
                unreachable!("a bus on the heap")
            };
            let mut seated = Self {
                memory: Memory::Heap(Arc::clone(parts)),
                ..*self
            };
            seated.sit(index);
            seated
        }
    }
}
