//! The form of an object: how many slots and seats it has, and so the offset of each.

use crate::memory::layout::SLOTS_OFFSET;

/// The most slots a mailbox can have: 68 MiB with 8 hot ones. A bus can have as many in all.
pub(crate) const MAX_SLOTS: u32 = 1 << 16;
/// The most senders, and the most receivers, that a bus has room for.
pub(crate) const MAX_SEATS: u32 = 32;
/// The hot slots of a mailbox that has more slots than this: 8.5 KiB. Those of both directions fit
/// into half of a first-level cache of 32 KiB; on such a processor, 64 of them are two and a half
/// times as slow.
const DEFAULT_HOT: u32 = 8;
/// Objects are whole pages of this size, so that the 1028 bytes of the classic layout are never
/// ours.
const PAGE: u64 = 4096;
/// The bytes from one slot to the next.
pub(crate) const STRIDE: u64 = 1088;

/// The form of a mailbox, read once when attaching and kept in private memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// N, a power of two from 1 to [`MAX_SLOTS`].
    slots: u32,
    /// H, a power of two from 1 to `slots`.
    hot: u32,
}

impl Geometry {
    /// The default of a mailbox.
    pub(crate) const DEFAULT: Self = match Self::new(64) {
        Some(geometry) => geometry,
        None => panic!("64 is a power of two"),
    };

    /// With the number of hot slots that suits the caches. `None` unless `slots` is a power of two
    /// from 1 to [`MAX_SLOTS`].
    pub(crate) const fn new(slots: u32) -> Option<Self> {
        Self::with_hot(
            slots,
            if slots < DEFAULT_HOT {
                slots
            } else {
                DEFAULT_HOT
            },
        )
    }

    /// `None` unless both are powers of two, `slots` from 1 to [`MAX_SLOTS`], and `hot` from 1 to
    /// `slots`.
    pub(crate) const fn with_hot(slots: u32, hot: u32) -> Option<Self> {
        let powers = slots.is_power_of_two() && hot.is_power_of_two();
        if powers && slots <= MAX_SLOTS && hot <= slots {
            Some(Self { slots, hot })
        } else {
            None
        }
    }

    #[inline]
    pub(crate) const fn slots(self) -> u32 {
        self.slots
    }

    #[inline]
    pub(crate) const fn hot_slots(self) -> u32 {
        self.hot
    }

    /// The size of the object in bytes.
    pub(crate) const fn object_size(self) -> u64 {
        (SLOTS_OFFSET as u64 + self.all_slots() as u64 * STRIDE).next_multiple_of(PAGE)
    }

    /// Where a slot begins, with its stamp.
    pub(crate) const fn slot_offset(slot: usize) -> u64 {
        SLOTS_OFFSET as u64 + slot as u64 * STRIDE
    }
}

/// The form of a bus, read once when attaching and kept in private memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BusGeometry {
    lane: Geometry,
    /// The slots of one lane, hot and cold.
    lane_slots: u32,
    /// S, from 1 to [`MAX_SEATS`].
    senders: u32,
    /// R, from 1 to [`MAX_SEATS`].
    receivers: u32,
}

impl BusGeometry {
    /// `None` unless there are 1 to 32 senders and receivers, and at most 65,536 slots in all.
    pub(crate) const fn new(lane: Geometry, senders: u32, receivers: u32) -> Option<Self> {
        let seats =
            1 <= senders && senders <= MAX_SEATS && 1 <= receivers && receivers <= MAX_SEATS;
        if seats && lane.slots() <= MAX_SLOTS / senders {
            Some(Self {
                lane,
                lane_slots: lane.all_slots(),
                senders,
                receivers,
            })
        } else {
            None
        }
    }

    /// The ring of each lane.
    #[inline]
    pub(crate) const fn lane(self) -> Geometry {
        self.lane
    }

    #[inline]
    pub(crate) const fn senders(self) -> u32 {
        self.senders
    }

    #[inline]
    pub(crate) const fn receivers(self) -> u32 {
        self.receivers
    }

    /// How many slots a lane has, hot and cold.
    #[inline]
    pub(crate) const fn lane_slots(self) -> usize {
        self.lane_slots as usize
    }

    /// Where a lane begins, with its `sent`.
    pub(crate) const fn lane_offset(self, lane: u32) -> u64 {
        128 + 256 * lane as u64
    }

    /// The offset of the count of a lane's messages that a place has given back.
    pub(crate) const fn count_offset(self, lane: u32, place: u32) -> u64 {
        self.lane_offset(self.senders) + 128 * (lane * self.receivers + place) as u64
    }

    /// Where a place begins, with its `life`.
    pub(crate) const fn place_offset(self, place: u32) -> u64 {
        self.count_offset(self.senders, 0) + 128 * place as u64
    }

    /// Where a slot of a lane begins, with its stamp.
    pub(crate) const fn slot_offset(self, lane: u32, slot: usize) -> u64 {
        let slots = self.place_offset(self.receivers);
        slots + (lane as u64 * self.lane_slots as u64 + slot as u64) * STRIDE
    }

    /// The size of the object in bytes.
    pub(crate) const fn object_size(self) -> u64 {
        self.slot_offset(self.senders, 0).next_multiple_of(PAGE)
    }
}

/// Whether a size could be that of a mailbox.
pub(crate) const fn is_whole_pages(size: u64) -> bool {
    size.is_multiple_of(PAGE)
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    #[test]
    fn slot_counts_are_powers_of_two_up_to_65536() {
        for good in [1, 2, 16, 65_536] {
            assert_eq!(Geometry::new(good).map(Geometry::slots), Some(good));
        }
        for bad in [0, 3, 17, 65_535, 131_072, u32::MAX] {
            assert_eq!(Geometry::new(bad), None);
        }
    }

    #[test]
    fn objects_are_whole_pages() {
        let size = |slots| Geometry::new(slots).map(Geometry::object_size);
        assert_eq!(size(1), Some(4096));
        assert_eq!(size(2), Some(4096));
        assert_eq!(size(4), Some(8192));
        assert_eq!(size(8), Some(12_288));
        assert_eq!(size(16), Some(28_672));
        assert_eq!(size(64), Some(81_920));
        assert_eq!(size(65_536), Some(71_315_456));
        assert!(!is_whole_pages(1028));
    }
}
