//! The shared words of a mailbox, as somebody sees and writes them who keeps to no protocol.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use shm_core::{Mapping, ObjectOptions};

use super::Name;

pub(crate) const MAGIC: usize = 0;
pub(crate) const VERSION: usize = 8;
pub(crate) const KIND: usize = 12;
pub(crate) const SLOTS: usize = 16;
pub(crate) const HOT: usize = 20;
pub(crate) const ID: usize = 32;
pub(crate) const SENT: usize = 128;
pub(crate) const SENDER_LIFE: usize = 256;
pub(crate) const SENDER_PARKED: usize = 264;
pub(crate) const SENDER_KEPT: usize = 276;
pub(crate) const NOTE: usize = 320;
pub(crate) const RECEIVED: usize = 384;
pub(crate) const RECEIVER_LIFE: usize = 512;
pub(crate) const RECEIVER_PARKED: usize = 520;
pub(crate) const RECEIVER_FENCES: usize = 528;

/// The highest message number, 2^53 - 2.
pub(crate) const LAST_MESSAGE: u64 = (1 << 53) - 2;

/// The first slot.
const FIRST: usize = 640;
/// From the start of a slot to that of the next.
pub(crate) const STRIDE: usize = 1088;

/// Where the stamp of slot `index` stands; the payload follows it.
pub(crate) const fn stamp_offset(index: usize) -> usize {
    FIRST + STRIDE * index
}

/// The stamp of message `number`.
pub(crate) const fn stamp(number: u64, length: u64) -> u64 {
    (number + 1) << 11 | length
}

/// A mapping of the object beside those of the endpoints.
pub(crate) struct Raw(Mapping);

impl Raw {
    pub(crate) fn new(name: &Name) -> Self {
        let object = ObjectOptions::new().open(&name.shm_name());
        let object = object.expect("the object is there");
        Self(Mapping::shared(&object).expect("the object can be mapped"))
    }

    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        self.0.view(offset).expect("within the object")
    }

    pub(crate) fn half(&self, offset: usize) -> &AtomicU32 {
        self.0.view(offset).expect("within the object")
    }

    pub(crate) fn store(&self, offset: usize, value: u64) {
        self.word(offset).store(value, Ordering::SeqCst);
    }

    pub(crate) fn load(&self, offset: usize) -> u64 {
        self.word(offset).load(Ordering::SeqCst)
    }

    /// All bytes of the object, as they stand in the mapping.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.0.len()];
        self.read(&mut bytes);
        bytes
    }

    pub(crate) fn read(&self, bytes: &mut [u8]) {
        self.0.read(0, bytes).expect("within the object");
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        self.0.write(0, bytes).expect("within the object");
    }
}

/// The bytes of a mailbox of this many slots, all of them hot, that nobody has attached to.
pub(crate) fn image(slots: u32) -> Vec<u8> {
    image_with_hot(slots, slots)
}

/// The bytes of a mailbox that nobody has attached to, with so many hot slots.
pub(crate) fn image_with_hot(slots: u32, hot: u32) -> Vec<u8> {
    let places = if hot == slots { slots } else { hot + slots };
    let size = stamp_offset(usize::try_from(places).expect("a small number"));
    let mut bytes = vec![0; size.next_multiple_of(4096)];
    bytes[MAGIC..8].copy_from_slice(b"shm-mbox");
    bytes[VERSION..12].copy_from_slice(&1_u32.to_ne_bytes());
    bytes[KIND..16].copy_from_slice(&1_u32.to_ne_bytes());
    bytes[SLOTS..20].copy_from_slice(&slots.to_ne_bytes());
    bytes[HOT..24].copy_from_slice(&hot.to_ne_bytes());
    bytes[ID..48].fill(0x1D);
    bytes
}

/// Writes a word into an image.
pub(crate) fn put(image: &mut [u8], offset: usize, value: u64) {
    image[offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
}

/// Makes a mailbox of this image whose next message is number `next`, all before it acknowledged.
pub(crate) fn create_at(name: &Name, mut image: Vec<u8>, next: u64) {
    put(&mut image, SENT, next);
    put(&mut image, RECEIVED, next);
    name.fill(&image);
}
