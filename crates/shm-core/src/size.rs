//! How large an object is, and whether the memory for it is really there.

use crate::{Object, ShmName, SystemError};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use thiserror::Error;

/// Memory is reserved in pieces of this many bytes: an older kernel undoes a piece when a signal
/// comes, and one piece takes about a millisecond.
const PIECE: u64 = 4 << 20;

/// # Sizes
///
/// Mappings do not follow the object. When it grows, a mapping keeps its length; map again to see
/// the rest. When it shrinks, the pages beyond the new end are taken from every mapping in every
/// process, copies in private mappings included, and touching them is `SIGBUS`; what is cut off
/// within the last page reads as zeros, without a signal, also after the object has grown again.
impl Object {
    /// Sets the size in bytes, up or down. Bytes that are added read as zero.
    ///
    /// Growing reserves no memory: on a full `/dev/shm` this succeeds, and the first touch of a
    /// page, even a read, is `SIGBUS`. Use [`Object::reserve`] for memory that is to be mapped.
    ///
    /// # Errors
    ///
    /// [`ResizeError::TooLarge`] if no file may be so large; [`ResizeError::ReadOnly`].
    pub fn set_size(&self, size: u64) -> Result<(), ResizeError> {
        let length = self.resizable(size)?;
        shm_sys::ftruncate(self.as_fd(), length).map_err(|e| self.why_not(size, "ftruncate", e))
    }

    /// Reserves memory for the first `size` bytes, so that touching them can never fail.
    ///
    /// If the object is smaller than `size`, it grows to `size`. It never shrinks.
    ///
    /// When it fails, the size is again what it was; memory that was reserved within the old size
    /// stays reserved. No other process may change the size during the call.
    ///
    /// # Errors
    ///
    /// [`ResizeError::NoSpace`] on a full `/dev/shm`, before anything was taken where that can be
    /// foreseen; [`ResizeError::TooLarge`] if no file may be so large; [`ResizeError::ReadOnly`].
    pub fn reserve(&self, size: u64) -> Result<(), ResizeError> {
        self.resizable(size)?;
        let before = self.status()?;
        // To find out by filling /dev/shm would, for a moment, take the room from everybody else.
        let missing = size.saturating_sub(before.allocated);
        if let Some(available) = self.room()?
            && missing > available
        {
            return Err(self.no_space(size, available));
        }
        for (offset, len) in pieces(size) {
            if let Err(e) = shm_sys::posix_fallocate(self.as_fd(), offset, len) {
                self.roll_back(before.size)?;
                return Err(self.why_not(size, "posix_fallocate", e));
            }
        }
        Ok(())
    }

    /// The size as the system takes it, if the object can have it.
    fn resizable(&self, size: u64) -> Result<i64, ResizeError> {
        if !self.is_writable() {
            return Err(ResizeError::ReadOnly {
                name: self.name().clone(),
            });
        }
        let too_large = || ResizeError::TooLarge {
            name: self.name().clone(),
            requested: size,
        };
        let limit = shm_sys::getrlimit_fsize().map_err(|e| self.error("getrlimit", e))?;
        // The system would report it with a signal, SIGXFSZ, that ends the process.
        if size > limit && size > self.size()? {
            return Err(too_large());
        }
        i64::try_from(size).map_err(|_| too_large())
    }

    fn roll_back(&self, size: u64) -> Result<(), SystemError> {
        if self.size()? <= size {
            return Ok(());
        }
        // The old size came from the system, so it fits.
        let length = i64::try_from(size).unwrap_or(i64::MAX);
        shm_sys::ftruncate(self.as_fd(), length).map_err(|e| self.error("ftruncate", e))
    }

    /// The free bytes of the file system; none if it has no limit (or does not tell).
    fn room(&self) -> Result<Option<u64>, SystemError> {
        let status = shm_sys::fstatvfs(self.as_fd()).map_err(|e| self.error("fstatvfs", e))?;
        let limited = status.f_blocks > 0;
        Ok(limited.then(|| status.f_bavail.saturating_mul(status.f_frsize)))
    }

    fn no_space(&self, requested: u64, available: u64) -> ResizeError {
        ResizeError::NoSpace {
            name: self.name().clone(),
            requested,
            available,
        }
    }

    fn why_not(&self, requested: u64, call: &'static str, error: io::Error) -> ResizeError {
        match error.raw_os_error() {
            Some(shm_sys::ENOSPC) => match self.room() {
                Ok(available) => self.no_space(requested, available.unwrap_or(0)),
                Err(error) => error.into(),
            },
            Some(shm_sys::EFBIG) => ResizeError::TooLarge {
                name: self.name().clone(),
                requested,
            },
            _ => self.error(call, error).into(),
        }
    }
}

/// The pieces of `size` bytes, as offset and length. `size` fits in an `i64`.
fn pieces(size: u64) -> impl DoubleEndedIterator<Item = (i64, i64)> {
    let count = size.div_ceil(PIECE);
    (0..count).map(move |piece| {
        let offset = piece * PIECE;
        let len = PIECE.min(size - offset);
        (offset.cast_signed(), len.cast_signed())
    })
}

/// Why an object does not have the requested size.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResizeError {
    /// There is not enough room in `/dev/shm`.
    #[error(
        "no space for object {name:?}: {requested} bytes requested, {available} available in /dev/shm; \
        unlink stale objects, or make it larger"
    )]
    NoSpace {
        /// The object.
        name: ShmName,
        /// The size in bytes that was asked for.
        requested: u64,
        /// The bytes that are free, beside what the object has.
        available: u64,
    },
    /// No file may be so large, or none of this process (`RLIMIT_FSIZE`).
    #[error(
        "object {name:?} cannot have {requested} bytes: more than a file of this process may have (ulimit -f)"
    )]
    TooLarge {
        /// The object.
        name: ShmName,
        /// The size in bytes that was asked for.
        requested: u64,
    },
    /// The object was opened for reading only.
    #[error("object {name:?} was opened read-only, so its size cannot be changed")]
    ReadOnly {
        /// The object.
        name: ShmName,
    },
    /// The system reported another error.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl ResizeError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`StorageFull`](ErrorKind::StorageFull) | [`ResizeError::NoSpace`] |
    /// | [`FileTooLarge`](ErrorKind::FileTooLarge) | [`ResizeError::TooLarge`] |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`ResizeError::ReadOnly`] |
    /// | that of the system's reason | [`ResizeError::System`] |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSpace { .. } => ErrorKind::StorageFull,
            Self::TooLarge { .. } => ErrorKind::FileTooLarge,
            Self::ReadOnly { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_size_without_gap_or_overlap() {
        for size in [0, 1, 4096, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let mut end = 0;
            for (offset, len) in pieces(size) {
                assert_eq!(offset, end, "of {size}");
                assert!(len > 0 && len <= PIECE.cast_signed(), "of {size}");
                end += len;
            }
            assert_eq!(end, size.cast_signed());
        }
    }

    #[test]
    fn the_largest_size_has_pieces() {
        let largest = i64::MAX.cast_unsigned();
        let (offset, len) = pieces(largest).next_back().unwrap();
        assert_eq!(offset + len, i64::MAX);
    }
}
