//! Parts of an object that no process maps: for tests, loom and fuzzing.

use crate::memory::label::LabelCell;
use crate::memory::layout::{Count, Header, Presence, Side, Slot};
use crate::memory::note::Note;
use crate::memory::payload::Payload;
use crate::memory::sync::{AtomicU32, AtomicU64};

impl Header {
    pub(crate) fn zeroed() -> Self {
        Self {
            magic: AtomicU64::new(0),
            version: AtomicU32::new(0),
            kind: AtomicU32::new(0),
            slots: AtomicU32::new(0),
            hot: AtomicU32::new(0),
            senders: AtomicU32::new(0),
            receivers: AtomicU32::new(0),
            id: [AtomicU64::new(0), AtomicU64::new(0)],
            unused: [AtomicU64::new(0), AtomicU64::new(0)],
            members: AtomicU64::new(0),
            opened: AtomicU32::new(0),
        }
    }
}

impl Count {
    pub(crate) fn zeroed() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Presence {
    pub(crate) fn zeroed() -> Self {
        Self {
            life: AtomicU64::new(0),
            parked: AtomicU32::new(0),
            pid: AtomicU32::new(0),
            fences: AtomicU32::new(0),
            kept: AtomicU32::new(0),
            floor: AtomicU64::new(0),
            label: LabelCell::new(),
            note: Note::new(),
        }
    }
}

impl Side {
    pub(crate) fn zeroed() -> Self {
        Self {
            count: Count::zeroed(),
            presence: Presence::zeroed(),
        }
    }
}

impl Slot {
    pub(crate) fn zeroed() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            payload: Payload::new(),
        }
    }
}
