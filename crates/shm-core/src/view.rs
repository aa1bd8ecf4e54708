//! Looking at mapped bytes: as atomics that may be shared, or as copies.

use crate::mapping::Access;
use crate::{Mapping, ShmName, bytes};
use std::io::ErrorKind;
use std::slice;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
};
use thiserror::Error;

/// A type that can be viewed in memory that other processes write to.
///
/// Atomics are, and arrays of them, and `#[repr(C)]` structures of them that promise it:
///
/// ```
/// use shm_core::{Mapping, Shareable};
/// use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
///
/// #[repr(C)]
/// struct Counters {
///     sent: AtomicU64,
///     parked: AtomicU32,
///     reserved: AtomicU32,
/// }
///
/// // SAFETY: repr(C), nothing but atomics that take any bits, no padding, no drop.
/// unsafe impl Shareable for Counters {}
///
/// let memory = Mapping::anonymous(4096)?;
/// let counters: &Counters = memory.view(128)?;
/// counters.sent.fetch_add(1, Ordering::Release);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Safety
///
/// An implementation promises, of every value of the type:
///
/// * any bit pattern is valid: integers, no `bool`, `char`, enum, reference or pointer that is
///   followed;
/// * every byte that another process may write lies in an atomic (nothing may assume that a plain
///   field keeps its value), and nothing depends on what padding holds;
/// * its layout is fixed (`#[repr(C)]`, `#[repr(transparent)]`), since other processes have their
///   own build of it;
/// * it does not implement `Drop`, and nothing in it does.
pub unsafe trait Shareable: Sync + 'static {}

macro_rules! shareable {
    ($($atomic:ty),*) => {$(
        // SAFETY: an atomic integer takes any bits, has the layout of the integer, and no drop.
        unsafe impl Shareable for $atomic {}
    )*};
}

shareable!(
    AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicI8, AtomicI16, AtomicI32, AtomicI64
);

// SAFETY: nothing but values of `T`, without padding between them.
unsafe impl<T: Shareable, const N: usize> Shareable for [T; N] {}

impl Mapping {
    /// Views the bytes from `offset` on as a `T`.
    ///
    /// # Errors
    ///
    /// [`ViewError`] if that is beyond the end, not aligned for a `T`, or in a mapping for
    /// [`Access::ReadOnly`] (an atomic may be stored to; copy with [`Mapping::read`] instead).
    #[inline]
    pub fn view<T: Shareable>(&self, offset: usize) -> Result<&T, ViewError> {
        let address: *mut T = self.place(offset, size_of::<T>(), align_of::<T>())?.cast();
        // SAFETY: in bounds, aligned and writable (`place`); `Shareable` is valid for any bits,
        // whichever process writes them; the mapping outlives `self`.
        Ok(unsafe { &*address })
    }

    /// Views the bytes from `offset` on as `count` values of `T`.
    ///
    /// # Errors
    ///
    /// As for [`Mapping::view`].
    #[inline]
    pub fn slice_view<T: Shareable>(&self, offset: usize, count: usize) -> Result<&[T], ViewError> {
        let len = count
            .checked_mul(size_of::<T>())
            .ok_or_else(|| self.out_of_bounds(offset, usize::MAX))?;
        let address: *mut T = self.place(offset, len, align_of::<T>())?.cast();
        // SAFETY: as in `view`, for each of the `count` values; the length fits in the mapping,
        // hence in an isize.
        Ok(unsafe { slice::from_raw_parts(address, count) })
    }

    /// Copies the bytes from `offset` on into `buffer`.
    ///
    /// If another process writes at the same time, the copy may hold half of what it wrote.
    ///
    /// # Errors
    ///
    /// [`ViewError::OutOfBounds`].
    #[inline]
    pub fn read(&self, offset: usize, buffer: &mut [u8]) -> Result<(), ViewError> {
        self.check_bounds(offset, buffer.len())?;
        let from = self.as_ptr().wrapping_add(offset);
        // SAFETY: the source is in bounds (checked above), the target is the caller's alone.
        unsafe { bytes::load(buffer.as_mut_ptr(), from, buffer.len()) };
        Ok(())
    }

    /// Copies `buffer` to the bytes from `offset` on.
    ///
    /// # Errors
    ///
    /// [`ViewError::OutOfBounds`]; [`ViewError::ReadOnly`] if the mapping is [`Access::ReadOnly`].
    #[inline]
    pub fn write(&self, offset: usize, buffer: &[u8]) -> Result<(), ViewError> {
        let to = self.place(offset, buffer.len(), 1)?;
        // SAFETY: the target is in bounds and writable (`place`), and nobody holds a plain
        // reference to it.
        unsafe { bytes::store(to, buffer.as_ptr(), buffer.len()) };
        Ok(())
    }

    /// The address of `len` writable bytes at `offset`, aligned to `align`.
    #[inline]
    fn place(&self, offset: usize, len: usize, align: usize) -> Result<*mut u8, ViewError> {
        if self.access() == Access::ReadOnly {
            return Err(ViewError::ReadOnly {
                name: self.name().cloned(),
            });
        }
        self.check_bounds(offset, len)?;
        let address = self.as_mut_ptr().wrapping_add(offset);
        if !address.addr().is_multiple_of(align) {
            return Err(ViewError::Misaligned {
                name: self.name().cloned(),
                offset,
                align,
            });
        }
        Ok(address)
    }

    #[inline]
    fn check_bounds(&self, offset: usize, len: usize) -> Result<(), ViewError> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len() => Ok(()),
            _ => Err(self.out_of_bounds(offset, len)),
        }
    }

    #[cold]
    fn out_of_bounds(&self, offset: usize, len: usize) -> ViewError {
        ViewError::OutOfBounds {
            name: self.name().cloned(),
            offset,
            len,
            mapped: self.len(),
        }
    }
}

/// Why mapped bytes cannot be viewed that way.
///
/// The name is that of the object; `None` for memory without a name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// Some of the bytes are not in the mapping.
    #[error(
        "mapping of {}: {len} bytes from byte {offset} on, it has {mapped}",
        of(name)
    )]
    OutOfBounds {
        /// The object.
        name: Option<ShmName>,
        /// Where the bytes start.
        offset: usize,
        /// How many they are (`usize::MAX` if more than can be counted).
        len: usize,
        /// The mapping's length in bytes.
        mapped: usize,
    },
    /// The address is not a multiple of the type's alignment.
    #[error("mapping of {}: byte {offset} is not aligned to {align}", of(name))]
    Misaligned {
        /// The object.
        name: Option<ShmName>,
        /// Where the bytes start.
        offset: usize,
        /// The alignment in bytes that was needed.
        align: usize,
    },
    /// The mapping is for reading only.
    #[error("mapping of {}: it is read-only; copy from it instead", of(name))]
    ReadOnly {
        /// The object.
        name: Option<ShmName>,
    },
}

impl ViewError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for [`ViewError::ReadOnly`], else
    /// [`InvalidInput`](ErrorKind::InvalidInput).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OutOfBounds { .. } | Self::Misaligned { .. } => ErrorKind::InvalidInput,
            Self::ReadOnly { .. } => ErrorKind::PermissionDenied,
        }
    }
}

/// What the mapping is of.
fn of(name: &Option<ShmName>) -> String {
    match name {
        Some(name) => format!("object {name:?}"),
        None => "anonymous memory".to_owned(),
    }
}
