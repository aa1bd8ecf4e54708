//! An open object: who it is, what is in it, and the end of its name.

use crate::fork::ProcessToken;
use crate::{FileKind, ObjectId, ShmName, Status, SystemError};
use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Where the C library keeps objects.
pub(crate) const DIRECTORY: &str = "/dev/shm";

/// An open shared memory object.
///
/// Made by [`ObjectOptions`](crate::ObjectOptions). It holds a descriptor, which closes on exec;
/// mappings outlive it. Dropping it frees the locks that were taken through it (also if a forked
/// child still has a copy of the descriptor), and leaves the name alone: see [`Object::unlink`].
#[derive(Debug)]
pub struct Object {
    file: File,
    name: ShmName,
    id: ObjectId,
    writable: bool,
    /// The process that opened it. In a forked child the description, and with it the locks, are
    /// the parent's.
    pub(crate) opened_by: ProcessToken,
    /// The bytes on which this object holds a lock. Never looked at in a forked child.
    pub(crate) taken: Mutex<BTreeSet<u64>>,
}

/// The result of unlinking a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unlink {
    /// The name has been removed.
    Done,
    /// The name did not exist.
    AlreadyGone,
    /// The name belongs to another object, and was left alone.
    Replaced,
}

/// Removes a name, whatever object it belongs to.
///
/// The object lives until its last descriptor and mapping are closed.
///
/// # Errors
///
/// [`SystemError`] of kind `NotFound` if there is no object of this name, `PermissionDenied` if it
/// belongs to someone else.
pub fn unlink(name: &ShmName) -> Result<(), SystemError> {
    shm_sys::shm_unlink(name.as_c_str()).map_err(|e| SystemError::new("shm_unlink", name, e))
}

impl Object {
    pub(crate) fn new(
        file: File,
        name: ShmName,
        id: ObjectId,
        writable: bool,
        opened_by: ProcessToken,
    ) -> Self {
        Self {
            file,
            name,
            id,
            writable,
            opened_by,
            taken: Mutex::default(),
        }
    }

    /// Returns the name that the object was opened by.
    pub fn name(&self) -> &ShmName {
        &self.name
    }

    /// Returns the object's identity, which does not depend on its name.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns whether the object was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// Returns its size, links, owner and mode (one `fstat`, about 0.5 µs).
    ///
    /// # Errors
    ///
    /// [`SystemError`], in practice never.
    pub fn status(&self) -> Result<Status, SystemError> {
        Ok(Status::of(&self.stat()?))
    }

    /// Returns its size in bytes.
    ///
    /// # Errors
    ///
    /// As for [`Object::status`].
    pub fn size(&self) -> Result<u64, SystemError> {
        Ok(self.status()?.size)
    }

    /// Returns whether the name it was opened by still belongs to it.
    ///
    /// It is `false` after the object was unlinked or renamed, if another object has the name, and
    /// if another file system is mounted at `/dev/shm`.
    ///
    /// The number of links ([`Status::links`]) does not tell: an object that was renamed, or has a
    /// second name, has one.
    ///
    /// # Errors
    ///
    /// [`SystemError`] if the name cannot be looked at; in practice never.
    pub fn has_name(&self) -> Result<bool, SystemError> {
        match metadata_of(&self.name) {
            Ok(metadata) => Ok(ObjectId::of_metadata(&metadata) == self.id),
            Err(e) if matches!(e.raw_os_error(), Some(shm_sys::ENOENT | shm_sys::ENOTDIR)) => {
                Ok(false)
            }
            Err(e) => Err(self.error("lstat", e)),
        }
    }

    /// Copies bytes from `offset` on into `buffer`, and returns how many.
    ///
    /// They are fewer than requested at the object's end, and none beyond it.
    ///
    /// For observers: it works without a mapping, and never ends in `SIGBUS`. What another process
    /// is writing at the same time may be half there.
    ///
    /// # Errors
    ///
    /// [`SystemError`] if `offset` is over 2^63 - 1.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, SystemError> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|e| self.error("pread", e)),
            }
        }
    }

    /// Removes its name, if the name still belongs to it.
    ///
    /// POSIX can only unlink by name. A process that unlinks and creates between the comparison and
    /// the removal could lose its new object: let all who unlink this name hold the same lock (see
    /// [`Object::try_lock`]) during the call. Against `rm` there is no protection.
    ///
    /// # Errors
    ///
    /// [`SystemError`] of kind `PermissionDenied` if the object belongs to someone else.
    pub fn unlink(&self) -> Result<Unlink, SystemError> {
        match metadata_of(&self.name) {
            Ok(metadata) if ObjectId::of_metadata(&metadata) != self.id => {
                return Ok(Unlink::Replaced);
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Unlink::AlreadyGone),
            Err(e) => return Err(self.error("lstat", e)),
        }
        match unlink(&self.name) {
            Err(e) if e.source.kind() == io::ErrorKind::NotFound => Ok(Unlink::AlreadyGone),
            result => result.map(|()| Unlink::Done),
        }
    }

    pub(crate) fn stat(&self) -> Result<shm_sys::stat, SystemError> {
        shm_sys::fstat(self.as_fd()).map_err(|e| self.error("fstat", e))
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn error(&self, call: &'static str, source: io::Error) -> SystemError {
        SystemError::new(call, &self.name, source)
    }
}

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.free_locks();
    }
}

/// Asks what stands under the name, without opening it: that needs no permission on the object.
pub(crate) fn metadata_of(name: &ShmName) -> io::Result<Metadata> {
    fs::symlink_metadata(path_of(name))
}

/// What stands under the name, if anything does.
pub(crate) fn kind_of(name: &ShmName) -> Option<FileKind> {
    metadata_of(name)
        .ok()
        .map(|metadata| FileKind::of_type(metadata.file_type()))
}

pub(crate) fn path_of(name: &ShmName) -> PathBuf {
    Path::new(DIRECTORY).join(name.as_str())
}
