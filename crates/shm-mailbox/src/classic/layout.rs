//! The classic layout: what stands where in the 1028 bytes. Nouns only; the verbs are in
//! `protocol`.
//!
//! ```text
//! offset  size  field              in the lesson
//!      0     4  flag               int clr2send: above 0, a reader waits; 0, it does not
//!      4  1024  text, up to a NUL  char mbuf[1024]
//! ```
//!
//! The flag is the only word there is: no version, no length, no acknowledgement, no trace of who
//! uses it.

use std::mem::{align_of, offset_of, size_of};
use std::ptr::{self, NonNull};

use shm_core::{Mapping, Shareable, ViewError};

use crate::memory::payload::Payload;
use crate::memory::sync::AtomicU32;

/// The size of the object, in bytes.
pub const SIZE: u64 = 1028;

/// The bytes of `text`.
pub(super) const TEXT: usize = crate::memory::payload::MAX_MESSAGE;

/// The whole object.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Region {
    /// The bits of C's `int`; also the futex on which our two programs sleep.
    pub(super) flag: AtomicU32,
    pub(super) text: Payload,
}

const _: () = assert!(size_of::<Region>() as u64 == SIZE);
const _: () = assert!(align_of::<Region>() == 4);
const _: () = assert!(offset_of!(Region, flag) == 0);
const _: () = assert!(offset_of!(Region, text) == 4);

// SAFETY: an atomic, and a payload whose bytes are only ever copied by `shm_core::bytes`, or looked
// at as the atomic word `head`.
unsafe impl Sync for Region {}

// SAFETY: as above; valid for any bytes, without padding or destructor.
unsafe impl Shareable for Region {}

impl Region {
    /// The first four bytes of the text, as one word.
    ///
    /// 0 stands for an empty text. No text of ours has a NUL among its bytes, so it makes this word
    /// other than 0 and ends with the NUL that follows.
    #[inline]
    pub(super) fn head(&self) -> &AtomicU32 {
        let head = ptr::from_ref(&self.text).cast::<AtomicU32>();
        // SAFETY: the text is 1024 bytes at offset 4 of a 4-aligned object, shared and changeable
        // throughout, and lives as long as `self`. It is otherwise only copied, by
        // `shm_core::bytes`.
        unsafe { &*head }
    }
}

/// A mapping of a whole object, and the region in it.
#[derive(Debug)]
pub(super) struct View {
    /// Points into `mapping`.
    region: NonNull<Region>,
    mapping: Mapping,
}

// SAFETY: the region is made for several threads and processes, and does not move with the view.
unsafe impl Send for View {}

impl View {
    pub(super) fn new(mapping: Mapping) -> Result<Self, ViewError> {
        let region = NonNull::from(mapping.view::<Region>(0)?);
        Ok(Self { region, mapping })
    }

    /// Whether memory was cut off, so that the guard has put zeros in its place; see
    /// [`shm_core::guard`]. Speaks of the accesses before this call.
    #[inline]
    pub(super) fn is_lost(&self) -> bool {
        self.mapping.is_lost()
    }

    #[inline]
    pub(super) fn region(&self) -> &Region {
        // SAFETY: points into the mapping, which lives as long as `self`; valid for any bytes.
        unsafe { self.region.as_ref() }
    }
}
