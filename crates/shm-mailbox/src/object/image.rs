//! What an object holds, read through its descriptor before anything is mapped.

use shm_core::{Object, ShmName};

use crate::classic;
use crate::error::AttachError;
use crate::memory::id::MailboxId;
use crate::memory::layout::{
    Geometry, KIND_RING, MAGIC, MAX_SLOTS, SLOTS_OFFSET, VERSION, is_whole_pages, offset,
};

/// What the header of a mailbox says, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) geometry: Geometry,
    pub(crate) id: MailboxId,
}

impl Image {
    /// Reads and checks `object`. What is not a mailbox is an error and stays as it is.
    pub(crate) fn read(object: &Object) -> Result<Self, AttachError> {
        let size = object.size().map_err(AttachError::System)?;
        let name = object.name();
        if size == classic::SIZE {
            return Err(AttachError::Classic { name: name.clone() });
        }
        let foreign = |found| {
            Err(AttachError::NotAMailbox {
                name: name.clone(),
                found,
            })
        };
        if size == 0 {
            return foreign("an empty object".to_owned());
        }
        if !is_whole_pages(size) {
            return foreign(format!("{size} bytes, which are not whole pages of 4096"));
        }
        let mut bytes = [0; SLOTS_OFFSET];
        let count = object.read_at(&mut bytes, 0).map_err(AttachError::System)?;
        if count < bytes.len() {
            return foreign(format!("shorter than its {size} bytes"));
        }
        match word_at(&bytes, 0) {
            MAGIC => Self::check(&bytes, size, name),
            0 => foreign("memory that starts with zeros".to_owned()),
            magic => foreign(format!("memory that starts with {magic:#018x}")),
        }
    }

    /// Checks the header, `bytes`, of an object of `size` bytes that begins with the magic.
    pub(crate) fn check(
        bytes: &[u8; SLOTS_OFFSET],
        size: u64,
        name: &ShmName,
    ) -> Result<Self, AttachError> {
        let version = half_at(bytes, 8);
        if version != VERSION {
            return Err(AttachError::Version {
                name: name.clone(),
                found: version,
                expected: VERSION,
            });
        }
        let differs = |field, found, expected| {
            Err(AttachError::Geometry {
                name: name.clone(),
                field,
                found,
                expected,
            })
        };
        let kind = half_at(bytes, 12);
        if kind != KIND_RING {
            return differs("kind", kind.into(), KIND_RING.to_string());
        }
        let slots = half_at(bytes, 16);
        if Geometry::new(slots).is_none() {
            let expected = format!("a power of two from 1 to {MAX_SLOTS}");
            return differs("slots", slots.into(), expected);
        }
        let hot = half_at(bytes, 20);
        let Some(geometry) = Geometry::with_hot(slots, hot) else {
            let expected = format!("a power of two from 1 to {slots}");
            return differs("hot slots", hot.into(), expected);
        };
        if size < geometry.object_size() {
            return differs("size", size, geometry.object_size().to_string());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[offset::ID..offset::ID + 16]);
        let Some(id) = MailboxId::from_bytes(id) else {
            return differs("id", 0, "16 bytes that are not all 0".to_owned());
        };
        Ok(Self { geometry, id })
    }
}

fn word_at(bytes: &[u8; SLOTS_OFFSET], offset: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_ne_bytes(word)
}

fn half_at(bytes: &[u8; SLOTS_OFFSET], offset: usize) -> u32 {
    let mut half = [0; 4];
    half.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_ne_bytes(half)
}
