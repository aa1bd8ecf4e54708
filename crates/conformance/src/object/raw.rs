//! The shared words of a mailbox, by their offsets.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use shm_core::{Mapping, Object, ObjectOptions};
use shm_mailbox::Role;
use test_support::Name;

/// The offsets of the fields.
pub(crate) mod word {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 8;
    pub(crate) const KIND: usize = 12;
    pub(crate) const SLOTS: usize = 16;
    pub(crate) const HOT: usize = 20;
    pub(crate) const ID: usize = 32;
    pub(crate) const SENT: usize = 128;
    pub(crate) const RECEIVED: usize = 384;
    pub(crate) const KEPT: usize = 276;
    pub(crate) const NOTE: usize = 320;
    /// The sender's.
    pub(crate) const SENDER: usize = 256;
    /// The receiver's.
    pub(crate) const RECEIVER: usize = 512;
    /// After [`SENDER`] or [`RECEIVER`], where `life` is.
    pub(crate) const PARKED: usize = 8;
    pub(crate) const PID: usize = 12;
    pub(crate) const FENCES: usize = 16;
}

/// The highest message number.
pub(crate) const LAST_MESSAGE: u64 = (1 << 53) - 2;
/// The first slot.
const FIRST: usize = 640;
/// From the start of a slot to that of the next.
const STRIDE: usize = 1088;

/// Where the stamp of slot `index` is; the payload follows it.
pub(crate) const fn stamp_offset(index: usize) -> usize {
    FIRST + STRIDE * index
}

/// The stamp of message `number`.
pub(crate) const fn stamp(number: u64, length: u64) -> u64 {
    (number + 1) << 11 | length
}

/// The slots where message `number` may be, the hot one first.
pub(crate) fn places(number: u64, slots: u32, hot: u32) -> Vec<usize> {
    let index = |slot: u64| usize::try_from(slot).expect("a slot");
    let mut places = vec![index(number % u64::from(hot))];
    if hot < slots {
        places.push(index(u64::from(hot) + number % u64::from(slots)));
    }
    places
}

/// A mapping of the object beside those of the endpoints, and its file.
pub(crate) struct Raw {
    pub(crate) object: Object,
    mapping: Mapping,
}

impl Raw {
    /// Of the object that has the name.
    #[track_caller]
    pub(crate) fn new(name: &Name) -> Self {
        let object = ObjectOptions::new().open(name).expect("the object exists");
        let mapping = Mapping::shared(&object).expect("the object can be mapped");
        Self { object, mapping }
    }

    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        self.mapping.view(offset).expect("within the object")
    }

    pub(crate) fn half(&self, offset: usize) -> &AtomicU32 {
        self.mapping.view(offset).expect("within the object")
    }

    pub(crate) fn load(&self, offset: usize) -> u64 {
        self.word(offset).load(Ordering::SeqCst)
    }

    pub(crate) fn store(&self, offset: usize, value: u64) {
        self.word(offset).store(value, Ordering::SeqCst);
    }

    pub(crate) fn load_half(&self, offset: usize) -> u32 {
        self.half(offset).load(Ordering::SeqCst)
    }

    pub(crate) fn store_half(&self, offset: usize, value: u32) {
        self.half(offset).store(value, Ordering::SeqCst);
    }

    /// The `parked` word of a role.
    pub(crate) fn parked(&self, role: Role) -> &AtomicU32 {
        self.half(side(role) + word::PARKED)
    }

    /// The `life` word of a role.
    pub(crate) fn life(&self, role: Role) -> u64 {
        self.load(side(role))
    }

    /// All bytes, as they are now.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.mapping.len()];
        self.read(&mut bytes);
        bytes
    }

    pub(crate) fn read(&self, bytes: &mut [u8]) {
        self.mapping.read(0, bytes).expect("within the object");
    }
}

/// Where the words of a role begin.
fn side(role: Role) -> usize {
    match role {
        Role::Sender => word::SENDER,
        Role::Receiver => word::RECEIVER,
    }
}
