//! The directory that objects live in: is it there, and may this user create in it?

use std::fs;
use std::io;

use rustix::fs::{Access, access};

/// Where the C library keeps objects.
pub(crate) const DIRECTORY: &str = "/dev/shm";

/// What to do if it is not there.
pub(crate) const MOUNT: &str =
    "mount -t tmpfs -o mode=1777 tmpfs /dev/shm; in a chroot or a container it has to be passed on";

/// What to do if this user may not create objects in it.
pub(crate) const OPEN: &str = "chmod 1777 /dev/shm";

/// What is known of it; why it is not there, if so.
pub(crate) fn find() -> Result<fs::Metadata, String> {
    // A link is as good as what it points to.
    match fs::metadata(DIRECTORY) {
        Ok(metadata) if metadata.is_dir() => Ok(metadata),
        Ok(_) => Err("is not a directory".to_owned()),
        Err(error) => Err(format!("does not exist: {error}")),
    }
}

/// Whether this user may create objects.
pub(crate) fn is_open() -> io::Result<()> {
    Ok(access(DIRECTORY, Access::WRITE_OK | Access::EXEC_OK)?)
}
