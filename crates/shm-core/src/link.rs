//! The same object once more: by another descriptor, and by the name that it did not have.

use std::ffi::CString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use crate::object::path_of;
use crate::open::{denied, out_of_the_way};
use crate::{Object, OpenError, SystemError, fork};

/// The result of giving an object its name: see [`ObjectOptions::create_unnamed`](crate::ObjectOptions::create_unnamed).
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The object has the name now.
    Done,
    /// Something else has the name, and was left alone.
    Taken,
}

impl Object {
    /// Opens the object once more, for reading and writing, with locks of its own.
    ///
    /// It need not have a name.
    ///
    /// # Errors
    ///
    /// [`SystemError`] without `/proc`, or if the object's mode does not let its owner read and
    /// write.
    pub fn reopen(&self) -> Result<Self, SystemError> {
        let name = self.name();
        let opened_by = fork::token()?;
        let path = format!("/proc/self/fd/{}", self.as_fd().as_raw_fd());
        let file = File::options().read(true).write(true).open(path);
        let file = file.map_err(|e| SystemError::new("open", name, e))?;
        let file = File::from(out_of_the_way(OwnedFd::from(file)));
        Ok(Self::new(file, name.clone(), self.id(), true, opened_by))
    }

    /// Gives an object of [`ObjectOptions::create_unnamed`](crate::ObjectOptions::create_unnamed) its name.
    ///
    /// # Errors
    ///
    /// [`OpenError::Unsupported`] if neither `/proc` is there nor the kernel can do without (Linux
    /// 6.10); [`OpenError::PermissionDenied`]; [`OpenError::NoInodes`].
    pub fn link(&self) -> Result<Link, OpenError> {
        let name = self.name();
        let text = |bytes| CString::new(bytes).expect("no NUL in a name");
        let path = text(path_of(name).as_os_str().as_bytes().to_vec());
        let descriptor = format!("/proc/self/fd/{}", self.as_fd().as_raw_fd());
        let linked = match shm_sys::linkat_path(&text(descriptor.into_bytes()), &path) {
            Err(e) if e.raw_os_error() == Some(shm_sys::ENOENT) => {
                shm_sys::linkat_descriptor(self.as_fd(), &path)
            }
            linked => linked,
        };
        let Err(error) = linked else {
            return Ok(Link::Done);
        };
        match error.raw_os_error() {
            Some(shm_sys::EEXIST) => Ok(Link::Taken),
            Some(shm_sys::ENOENT) => Err(OpenError::Unsupported {
                name: name.clone(),
                needed: "/proc, or Linux 6.10 or later",
            }),
            Some(shm_sys::ENOSPC) => Err(OpenError::NoInodes { name: name.clone() }),
            Some(shm_sys::EACCES) => Err(denied(name)),
            _ => Err(self.error("linkat", error).into()),
        }
    }
}
