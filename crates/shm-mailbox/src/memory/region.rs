//! The typed view of a mailbox's bytes: over a mapping, or on the heap for tests, loom and fuzzing.

use std::ptr::NonNull;

use crate::memory::layout::{Control, Geometry, Side, Slot};
use crate::memory::role::Role;

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

#[derive(Debug)]
enum Memory {
    #[cfg(not(shm_mailbox_loom))]
    Mapped(shm_core::Mapping),
    #[cfg(any(test, shm_mailbox_loom, fuzzing))]
    Heap(#[expect(dead_code, reason = "held for its `Drop` only")] heap::Heap),
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
            geometry.places() as usize,
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

    /// Whether memory was cut off, so that the guard has put zeros in its place; see
    /// [`shm_core::guard`]. Speaks of the accesses before this call.
    #[cfg(not(shm_mailbox_loom))]
    #[inline(always)]
    pub(crate) fn is_lost(&self) -> bool {
        match &self.memory {
            Memory::Mapped(mapping) => mapping.is_lost(),
            #[cfg(any(test, fuzzing))]
            Memory::Heap(_) => false,
        }
    }

    #[inline(always)]
    pub(crate) fn geometry(&self) -> Geometry {
        self.geometry
    }
}

/// A region that nobody maps.
#[cfg(any(test, shm_mailbox_loom, fuzzing))]
mod heap {
    use std::ptr::NonNull;

    use super::{Memory, Region};
    use crate::memory::layout::{Control, Count, Geometry, Header, Presence, Side, Slot};
    use crate::memory::payload::Payload;
    use crate::memory::sync::{AtomicU32, AtomicU64};

    #[derive(Debug)]
    pub(super) struct Heap {
        control: NonNull<Control>,
        slots: NonNull<[Slot]>,
    }

    impl Drop for Heap {
        fn drop(&mut self) {
            // SAFETY: made by `Box::into_raw` below, and freed once.
            drop(unsafe { Box::from_raw(self.control.as_ptr()) });
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(self.slots.as_ptr()) });
        }
    }

    fn side() -> Side {
        Side {
            count: Count(AtomicU64::new(0)),
            presence: Presence {
                life: AtomicU64::new(0),
                parked: AtomicU32::new(0),
                pid: AtomicU32::new(0),
                fences: AtomicU32::new(0),
                kept: AtomicU32::new(0),
            },
        }
    }

    impl Region {
        /// A zeroed region on the heap.
        pub(crate) fn heap(geometry: Geometry) -> Self {
            let control = Box::new(Control {
                header: Header {
                    magic: AtomicU64::new(0),
                    version: AtomicU32::new(0),
                    kind: AtomicU32::new(0),
                    slots: AtomicU32::new(0),
                    hot: AtomicU32::new(0),
                    unused: AtomicU64::new(0),
                    id: [AtomicU64::new(0), AtomicU64::new(0)],
                },
                sender: side(),
                receiver: side(),
            });
            let slots: Box<[Slot]> = (0..geometry.places())
                .map(|_| Slot {
                    stamp: AtomicU64::new(0),
                    payload: Payload::new(),
                })
                .collect();
            let control = NonNull::from(Box::leak(control));
            let slots = NonNull::from(Box::leak(slots));
            Self {
                control,
                slots,
                geometry,
                memory: Memory::Heap(Heap { control, slots }),
            }
        }
    }
}
