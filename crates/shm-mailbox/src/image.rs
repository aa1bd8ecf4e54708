//! What an object holds, read through its descriptor before anything is mapped.

use shm_core::{Object, SystemError};

use crate::classic;
use crate::error::AttachError;
use crate::layout::{
    Geometry, KIND_RING, MAGIC, MAX_SLOTS, SLOTS_OFFSET, VERSION, is_whole_pages, offset,
};

/// A valid or repairable object.
#[derive(Debug)]
pub(crate) enum Image {
    /// New, or left by a creator that was killed before it was done.
    HalfMade,
    /// A mailbox, its header checked.
    Mailbox(Geometry),
}

impl Image {
    /// Reads and checks `object`. What is neither of the two is an error and stays as it is.
    pub(crate) fn read(object: &Object) -> Result<Self, AttachError> {
        let size = object.size().map_err(AttachError::System)?;
        if size == 0 {
            return Ok(Self::HalfMade);
        }
        let name = || object.name().to_string();
        if size == classic::SIZE {
            return Err(AttachError::Classic { name: name() });
        }
        let foreign = |found| {
            Err(AttachError::NotAMailbox {
                name: name(),
                found,
            })
        };
        if !is_whole_pages(size) {
            return foreign(format!("{size} bytes, which are not whole pages of 4096"));
        }
        let mut bytes = [0; SLOTS_OFFSET];
        let count = object.read_at(&mut bytes, 0).map_err(AttachError::System)?;
        if count < bytes.len() {
            return foreign(format!("shorter than its {size} bytes"));
        }
        match word_at(&bytes, 0) {
            MAGIC => Self::check(&bytes, size, &name),
            0 if could_be_half_made(object, size)? => Ok(Self::HalfMade),
            0 => foreign("memory without the magic that is not empty".to_owned()),
            magic => foreign(format!("memory that starts with {magic:#018x}")),
        }
    }

    /// Checks the header, `bytes`, of an object of `size` bytes that begins with the magic.
    pub(crate) fn check(
        bytes: &[u8; SLOTS_OFFSET],
        size: u64,
        name: &dyn Fn() -> String,
    ) -> Result<Self, AttachError> {
        let version = half_at(bytes, 8);
        if version != VERSION {
            return Err(AttachError::Version {
                name: name(),
                found: version,
                expected: VERSION,
            });
        }
        let differs = |field, found, expected| {
            Err(AttachError::Geometry {
                name: name(),
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
        Ok(Self::Mailbox(geometry))
    }
}

/// Whether an object of `size` bytes without the magic could be a mailbox that is not finished: no larger than one,
/// and, since only the other fields of the header may have been written, all 0 behind them.
pub(crate) fn could_be_half_made(object: &Object, size: u64) -> Result<bool, SystemError> {
    // Before it is read: a file that is one hole can have any size.
    if size > Geometry::LARGEST.object_size() {
        return Ok(false);
    }
    let mut piece = [0; 16_384];
    let mut offset = offset::SENT;
    while offset < size {
        let count = object.read_at(&mut piece, offset)?;
        if count == 0 || piece[..count].iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
        offset += count as u64;
    }
    Ok(true)
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
