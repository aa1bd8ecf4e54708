//! The two calls that POSIX adds for shared memory: from a name to a descriptor, and the end of a
//! name.

use crate::errno::{check, restart};
use std::ffi::CStr;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

/// Opens, or with `O_CREAT` creates, the object of this name; the descriptor closes on exec.
///
/// `int shm_open(const char *name, int oflag, mode_t mode);`
///
/// `name` starts with a slash and has no other; `oflag` is `O_RDONLY` or `O_RDWR`, with any of
/// `O_CREAT`, `O_EXCL` and `O_TRUNC`. `mode` counts only when the object is created, and the
/// process's umask is taken from it. A new object has size 0.
///
/// The C library opens what it finds: symbolic links are refused, but a FIFO is opened, and with
/// `O_RDONLY` alone that waits for somebody who writes to it. `O_NONBLOCK` is passed on and avoids
/// this.
///
/// # Errors
///
/// * `ENOENT`: no object of this name, and no `O_CREAT`.
/// * `EEXIST`: it exists, with `O_CREAT | O_EXCL`.
/// * `EACCES`: permission denied, or the object may not be truncated.
/// * `EINVAL`: the name is no name of an object (empty, another slash in it, a directory).
/// * `ELOOP`: it is a symbolic link.
/// * `ENXIO`: it is a socket, or a device without a driver.
/// * `ENAMETOOLONG`: more than 255 bytes after the slash.
/// * `EMFILE`, `ENFILE`: too many open files in this process, in the system.
/// * `ENOSPC`: no inode left for a new object.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`shm_open(3)`](https://man7.org/linux/man-pages/man3/shm_open.3.html),
/// [`shm_overview(7)`](https://man7.org/linux/man-pages/man7/shm_overview.7.html)
pub fn shm_open(name: &CStr, oflag: libc::c_int, mode: libc::mode_t) -> io::Result<OwnedFd> {
    let descriptor = restart(|| {
        // SAFETY: `name` ends with a NUL and outlives the call; the rest are numbers.
        check(unsafe { libc::shm_open(name.as_ptr(), oflag, mode) })
    })?;
    // SAFETY: the call succeeded, so the descriptor is open, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Removes the name; the object lives until its last descriptor and mapping are gone.
///
/// `int shm_unlink(const char *name);`
///
/// # Errors
///
/// * `ENOENT`: no object of this name.
/// * `EACCES`: it belongs to someone else (`/dev/shm` is sticky, so only an object's owner and a
///   privileged process may unlink it).
/// * `EINVAL`: the name is no name of an object.
/// * `EISDIR`: it is a directory.
///
/// # References
///
/// [`shm_unlink(3)`](https://man7.org/linux/man-pages/man3/shm_unlink.3.html)
pub fn shm_unlink(name: &CStr) -> io::Result<()> {
    // SAFETY: `name` ends with a NUL and outlives the call.
    check(unsafe { libc::shm_unlink(name.as_ptr()) })?;
    Ok(())
}
