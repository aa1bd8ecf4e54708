//! What is there: every name in `/dev/shm`.

use crate::object::{DIRECTORY, metadata_of};
use crate::{FileKind, Object, ObjectId, ShmName, Status, SystemError};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;

/// A name in `/dev/shm`, and the file that it leads to.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// The name without a slash. Any bytes, since not everything there was made by `shm_open`.
    pub name: OsString,
    /// What it is; only [`FileKind::Regular`] can be an object.
    pub kind: FileKind,
    /// Its identity.
    pub id: ObjectId,
    /// Its size, links, owner and mode (of the link itself, if it is a symbolic link).
    pub status: Status,
}

impl ListEntry {
    /// Finds the file that a name leads to; `None` if the name does not exist.
    ///
    /// It does not open the file, so it needs no permission on it, and no other process notices.
    ///
    /// ```
    /// use shm_core::{ListEntry, ObjectOptions, ShmName};
    ///
    /// let name = ShmName::new(&format!("shm-core-find-{}", std::process::id()))?;
    /// let object = ObjectOptions::new().create_new(&name)?;
    /// let found = ListEntry::find(&name)?;
    /// assert_eq!(found.map(|entry| entry.id), Some(object.id()));
    /// object.unlink()?;
    /// assert!(ListEntry::find(&name)?.is_none());
    /// // The open object is still known.
    /// assert_eq!(ListEntry::of(&object)?.status.links, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SystemError`] if `/dev/shm` may not be searched.
    pub fn find(name: &ShmName) -> Result<Option<Self>, SystemError> {
        match metadata_of(name) {
            Ok(metadata) => Ok(Some(Self::new(name.as_str().into(), &metadata))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(SystemError::new("lstat", name, e)),
        }
    }

    /// Describes an open object as [`list`] would under the name it was opened by.
    ///
    /// That name may belong to another object now.
    ///
    /// # Errors
    ///
    /// As for [`Object::status`].
    pub fn of(object: &Object) -> Result<Self, SystemError> {
        Ok(Self {
            name: object.name().as_str().into(),
            // Nothing else opens.
            kind: FileKind::Regular,
            id: object.id(),
            status: object.status()?,
        })
    }

    fn new(name: OsString, metadata: &Metadata) -> Self {
        Self {
            name,
            kind: FileKind::of_type(metadata.file_type()),
            id: ObjectId::of_metadata(metadata),
            status: Status::of_metadata(metadata),
        }
    }

    /// Returns its name as an object; `None` if it is no object or its name is not valid.
    pub fn object_name(&self) -> Option<ShmName> {
        if self.kind != FileKind::Regular {
            return None;
        }
        ShmName::new(self.name.to_str()?).ok()
    }
}

/// Lists `/dev/shm`, sorted by name, without the files that vanish during the call.
///
/// ```
/// use shm_core::{ObjectOptions, ShmName};
///
/// let name = ShmName::new(&format!("shm-core-list-{}", std::process::id()))?;
/// let object = ObjectOptions::new().create_new(&name)?;
/// let listed = shm_core::list()?;
/// object.unlink()?;
/// let entry = listed.iter().find(|entry| entry.id == object.id());
/// assert_eq!(entry.and_then(|entry| entry.object_name()), Some(name));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SystemError`] if `/dev/shm` is not there or may not be read.
pub fn list() -> Result<Vec<ListEntry>, SystemError> {
    let failed = |call| move |source| SystemError::without_object(call, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(DIRECTORY).map_err(failed("opendir of /dev/shm"))? {
        let entry = entry.map_err(failed("readdir of /dev/shm"))?;
        // Of a symbolic link this is the link, not what it points to.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(failed("lstat in /dev/shm")(e)),
        };
        entries.push(ListEntry::new(entry.file_name(), &metadata));
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
