//! The typed view of an object's bytes: over a mapping, or on the heap for tests, loom and fuzzing.

use std::ptr::NonNull;

use crate::memory::geometry::Geometry;
use crate::memory::hold::Memory;
use crate::memory::layout::{Control, Header, KIND_MAILBOX, Presence, Side, Slot};
use crate::memory::role::{Role, Seat};

/// What an endpoint sees of its object, of whatever kind.
pub(crate) trait View {
    /// What the header says of its kind.
    const KIND: u32;

    /// What the creator wrote, and what a bus says of its members.
    fn header(&self) -> &Header;

    /// The ring of each sender.
    fn ring(&self) -> Geometry;

    /// The size of the object in bytes.
    fn object_size(&self) -> u64;

    /// Whether memory was cut off, so that the guard has replaced it by zeros; see
    /// [`shm_core::guard`]. Speaks of the accesses before this call.
    #[cfg(not(shm_mailbox_loom))]
    fn is_lost(&self) -> bool;

    /// The seat of the endpoint whose view this is.
    fn seat(&self, role: Role) -> Seat;

    /// How many seats there are for a role.
    fn seats(&self, role: Role) -> u32;

    /// The state of a seat and its holder.
    fn presence(&self, seat: Seat) -> &Presence;
}

/// The header, the two role blocks and the slots of one mailbox.
///
/// Everything in it may be changed by another process at any time; that is why it is made of
/// atomics and payload cells only. The geometry is the private copy made when attaching.
#[derive(Debug)]
pub(crate) struct Region {
    /// Points into `memory`.
    control: NonNull<Control>,
    /// Points into `memory`; as many as `geometry` says.
    slots: NonNull<[Slot]>,
    geometry: Geometry,
    /// Owned: keeps the two pointers valid.
    #[cfg_attr(
        shm_mailbox_loom,
        expect(dead_code, reason = "held for its `Drop` only")
    )]
    memory: Memory,
}

// SAFETY: all shared state is atomics and payload cells, meant to be used from several threads and
// processes; the pointers stay valid wherever the region is moved, since neither kind of memory
// moves.
unsafe impl Send for Region {}
// SAFETY: as above. That only one sender and one receiver write is for the role locks to see to; a
// violation gives wrong values, which are checked, and never undefined behaviour.
unsafe impl Sync for Region {}

impl Region {
    /// Views `mapping` as a mailbox of this geometry.
    #[cfg(not(shm_mailbox_loom))]
    pub(crate) fn map(
        mapping: shm_core::Mapping,
        geometry: Geometry,
    ) -> Result<Self, shm_core::ViewError> {
        let control = NonNull::from(mapping.view::<Control>(0)?);
        let slots = NonNull::from(mapping.slice_view::<Slot>(
            crate::memory::layout::SLOTS_OFFSET,
            geometry.all_slots() as usize,
        )?);
        Ok(Self {
            control,
            slots,
            geometry,
            memory: Memory::Mapped(mapping),
        })
    }

    #[inline(always)]
    pub(crate) fn control(&self) -> &Control {
        // SAFETY: points into `memory`, which lives as long as `self`; valid for any bytes.
        unsafe { self.control.as_ref() }
    }

    #[inline(always)]
    pub(crate) fn side(&self, role: Role) -> &Side {
        match role {
            Role::Sender => &self.control().sender,
            Role::Receiver => &self.control().receiver,
        }
    }

    /// The slot with this index, which comes from this side's own count, never from the peer.
    #[inline(always)]
    pub(crate) fn slot(&self, index: usize) -> &Slot {
        // SAFETY: points into `memory`, which lives as long as `self`; valid for any bytes.
        let slots = unsafe { self.slots.as_ref() };
        &slots[index]
    }

    #[inline(always)]
    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }
}

impl View for Region {
    const KIND: u32 = KIND_MAILBOX;

    #[inline(always)]
    fn header(&self) -> &Header {
        &self.control().header
    }

    fn ring(&self) -> Geometry {
        self.geometry
    }

    fn object_size(&self) -> u64 {
        self.geometry.object_size()
    }

    #[cfg(not(shm_mailbox_loom))]
    #[inline(always)]
    fn is_lost(&self) -> bool {
        self.memory.is_lost()
    }

    fn seat(&self, role: Role) -> Seat {
        Seat::new(role, 0)
    }

    #[inline(always)]
    fn seats(&self, _role: Role) -> u32 {
        1
    }

    #[inline(always)]
    fn presence(&self, seat: Seat) -> &Presence {
        &self.side(seat.role).presence
    }
}

/// A region that no process maps.
#[cfg(any(test, shm_mailbox_loom, fuzzing))]
mod heap {
    use std::ptr::NonNull;
    use std::sync::Arc;

    use super::Region;
    use crate::memory::geometry::Geometry;
    use crate::memory::hold::Memory;
    use crate::memory::layout::{Control, Header, Side, Slot};

    #[derive(Debug)]
    struct Parts {
        control: Control,
        slots: Box<[Slot]>,
    }

    impl Region {
        /// A zeroed region on the heap.
        pub(crate) fn heap(geometry: Geometry) -> Self {
            let parts = Arc::new(Parts {
                control: Control {
                    header: Header::zeroed(),
                    sender: Side::zeroed(),
                    receiver: Side::zeroed(),
                },
                slots: (0..geometry.all_slots()).map(|_| Slot::zeroed()).collect(),
            });
            Self {
                control: NonNull::from(&parts.control),
                slots: NonNull::from(&*parts.slots),
                geometry,
                memory: Memory::Heap(parts),
            }
        }
    }
}
