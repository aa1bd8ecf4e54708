//! The bytes of an object in this process, or memory without a name that forked children share.

use crate::guard::Entry;
use crate::{Object, ShmName, SystemError};
use memmap2::MmapRaw;
use std::fmt;
use std::io::{self, ErrorKind};
use std::ptr::NonNull;
use thiserror::Error;

/// What a mapping is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Shared: this mapping and all others of the object see each other's writes.
    #[default]
    ReadWrite,
    /// Shared, but writing through this mapping is `SIGSEGV`. An object opened read-only is enough.
    ReadOnly,
    /// Copy-on-write: what is written here stays here. A page that was not written to here may
    /// still show what others write to the object. An object opened read-only will do.
    Private,
}

/// Which part of an object to map, and what for; made by [`Mapping::options`].
#[derive(Clone, Debug, Default)]
pub struct MapOptions {
    offset: u64,
    len: Option<usize>,
    access: Access,
}

/// Mapped bytes that other processes may change at any moment.
///
/// Therefore there is never a `&[u8]` of them: look at them as [`Shareable`](crate::Shareable)
/// types with [`Mapping::view`], or copy them with [`Mapping::read`] and [`Mapping::write`]. It is
/// never longer than the object was when it was made. It outlives the [`Object`] and its name, and
/// is unmapped when dropped. The child of a `fork` has its own mapping of the same bytes.
pub struct Mapping {
    address: NonNull<u8>,
    len: usize,
    access: Access,
    name: Option<ShmName>,
    /// What unmaps it; `None` is memory without a name, which cannot be cut off.
    file: Option<File>,
}

/// The mapping of an object. The fields are dropped in this order: out of the registry first.
struct File {
    entry: Entry,
    #[expect(dead_code, reason = "held for its `Drop` only")]
    map: MmapRaw,
}

// SAFETY: the address stays mapped until drop, whichever thread that is on.
unsafe impl Send for Mapping {}

// SAFETY: through a shared reference the bytes are only reached as atomics, by copies that tolerate
// concurrent writers, or as raw pointers.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps the whole object as it is now, shared, for reading and writing.
    ///
    /// # Errors
    ///
    /// As for [`MapOptions::map`].
    pub fn shared(object: &Object) -> Result<Self, MapError> {
        Self::options().map(object)
    }

    /// Returns options that map the whole object, shared, for reading and writing.
    pub fn options() -> MapOptions {
        MapOptions::default()
    }

    /// Maps `len` zeroed bytes without a name, shared with the children forked from now on.
    ///
    /// # Errors
    ///
    /// [`MapError::Empty`] if `len` is 0; [`MapError::System`] if there is no memory or address
    /// space.
    pub fn anonymous(len: usize) -> Result<Self, MapError> {
        if len == 0 {
            return Err(MapError::Empty { name: None });
        }
        if isize::try_from(len).is_err() {
            return Err(no_memory(None));
        }
        let address = shm_sys::mmap_shared_anonymous(len)
            .map_err(|source| SystemError::without_object("mmap of anonymous memory", source))?;
        Ok(Self {
            address,
            len,
            access: Access::ReadWrite,
            name: None,
            file: None,
        })
    }

    /// Returns the length in bytes, never 0.
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns what the mapping is for.
    pub fn access(&self) -> Access {
        self.access
    }

    /// Returns whether the guard has put zeros in the place of memory that was cut off.
    ///
    /// What was read may then be zeros, and no process sees what was written. It stays true. It
    /// costs one load.
    ///
    /// It speaks of the accesses that this thread has made before. Always `false` without
    /// [`guard::install`](crate::guard::install).
    #[inline]
    pub fn is_lost(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.entry.is_lost())
    }

    /// Returns the address of the first byte, for reading.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.address.as_ptr()
    }

    /// Returns the address of the first byte.
    ///
    /// Writing to an [`Access::ReadOnly`] mapping is `SIGSEGV`.
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        self.address.as_ptr()
    }

    /// The object it shows; none for memory without a name.
    pub(crate) fn name(&self) -> Option<&ShmName> {
        self.name.as_ref()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.file.is_none() {
            // SAFETY: mapped by `Mapping::anonymous` with this length, and whatever was lent out
            // has ended with `self`.
            let unmapped = unsafe { shm_sys::munmap(self.address, self.len) };
            debug_assert!(unmapped.is_ok(), "{unmapped:?}");
        }
    }
}

/// Address, length and use; never the bytes.
impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("len", &self.len)
            .field("access", &self.access)
            .finish()
    }
}

impl MapOptions {
    /// Sets where in the object the mapping starts, in bytes.
    ///
    /// It need not be a multiple of the page size. The address of the first byte is then not one
    /// either.
    pub fn offset(&mut self, offset: u64) -> &mut Self {
        self.offset = offset;
        self
    }

    /// Sets how many bytes to map, instead of all up to the object's end.
    pub fn len(&mut self, len: usize) -> &mut Self {
        self.len = Some(len);
        self
    }

    /// Sets what the mapping is for.
    pub fn access(&mut self, access: Access) -> &mut Self {
        self.access = access;
        self
    }

    /// Maps the chosen part of the object.
    ///
    /// # Errors
    ///
    /// [`MapError::Empty`] if there is nothing to map; [`MapError::BeyondEnd`] if the object is
    /// smaller; [`MapError::ReadOnlyObject`] for [`Access::ReadWrite`] of an object that was opened
    /// read-only; [`MapError::System`] if there is no address space.
    pub fn map(&self, object: &Object) -> Result<Mapping, MapError> {
        if self.access == Access::ReadWrite && !object.is_writable() {
            return Err(MapError::ReadOnlyObject {
                name: object.name().clone(),
            });
        }
        let len = self.len_in(object)?;
        let mut options = memmap2::MmapOptions::new();
        options.offset(self.offset).len(len);
        let map = match self.access {
            Access::ReadWrite => options.map_raw(object.file()),
            Access::ReadOnly => options.map_raw_read_only(object.file()),
            Access::Private => {
                // SAFETY: no reference to the bytes is made; they are handed on as a raw mapping at
                // once.
                unsafe { options.map_copy(object.file()) }.map(MmapRaw::from)
            }
        };
        let map = map.map_err(|e| object.error("mmap", e))?;
        // The system never places a mapping of its choice at address 0.
        let address =
            NonNull::new(map.as_mut_ptr()).ok_or_else(|| no_memory(Some(object.name().clone())))?;
        let entry = Entry::new(address, len, self.access != Access::ReadOnly);
        Ok(Mapping {
            address,
            len,
            access: self.access,
            name: Some(object.name().clone()),
            file: Some(File { entry, map }),
        })
    }

    /// The bytes to map, which the object has: the system would map more without an error, and the
    /// first touch would be `SIGBUS`.
    fn len_in(&self, object: &Object) -> Result<usize, MapError> {
        let name = || object.name().clone();
        let size = object.status().map_err(MapError::System)?.size;
        let beyond_end = |len| MapError::BeyondEnd {
            name: name(),
            offset: self.offset,
            len,
            size,
        };
        let rest = size
            .checked_sub(self.offset)
            .ok_or_else(|| beyond_end(self.len.unwrap_or(0)))?;
        let len = match self.len {
            Some(len) => len,
            None => usize::try_from(rest).map_err(|_| no_memory(Some(name())))?,
        };
        if len == 0 {
            return Err(MapError::Empty { name: Some(name()) });
        }
        if len as u64 > rest {
            return Err(beyond_end(len));
        }
        Ok(len)
    }
}

fn no_memory(name: Option<ShmName>) -> MapError {
    MapError::System(SystemError {
        call: "mmap",
        name,
        source: io::Error::from_raw_os_error(shm_sys::ENOMEM),
    })
}

/// Why there is no mapping.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// There is nothing to map: the object, the rest of it, or the length that was asked for is 0
    /// bytes.
    #[error(fmt = empty)]
    Empty {
        /// The object; none for memory without a name.
        name: Option<ShmName>,
    },
    /// The object is too small for the requested part.
    #[error("object {name:?} has {size} bytes, too few to map {len} from byte {offset} on")]
    BeyondEnd {
        /// The object.
        name: ShmName,
        /// Where the part starts, in bytes.
        offset: u64,
        /// Its length in bytes.
        len: usize,
        /// The object's size in bytes.
        size: u64,
    },
    /// The object was opened read-only, so it cannot be mapped for writing.
    #[error("object {name:?} was opened read-only, so it can only be mapped read-only or private")]
    ReadOnlyObject {
        /// The object.
        name: ShmName,
    },
    /// The system reported another error.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl MapError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`InvalidInput`](ErrorKind::InvalidInput) | [`MapError::Empty`], [`MapError::BeyondEnd`] |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`MapError::ReadOnlyObject`] |
    /// | that of the system's reason | [`MapError::System`] |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty { .. } | Self::BeyondEnd { .. } => ErrorKind::InvalidInput,
            Self::ReadOnlyObject { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}

fn empty(name: &Option<ShmName>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name {
        Some(name) => write!(f, "object {name:?} has no bytes to map; set its size first"),
        None => f.write_str("a mapping needs at least one byte"),
    }
}
