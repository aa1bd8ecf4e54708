//! Notifications of what happens to a file, through a descriptor.

use crate::errno::check;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Makes an inotify instance: a descriptor that is readable while there are events.
///
/// `int inotify_init1(int flags);` with `IN_NONBLOCK | IN_CLOEXEC`.
///
/// # Errors
///
/// * `EMFILE`: this user has as many instances as `/proc/sys/fs/inotify/max_user_instances` allows
///   (128 by default), or the process as many descriptors as `RLIMIT_NOFILE` allows.
/// * `ENFILE`: the system has no more open files.
/// * `ENOMEM`: no memory in the kernel.
///
/// # References
///
/// [`inotify_init(2)`](https://man7.org/linux/man-pages/man2/inotify_init.2.html),
/// [`inotify(7)`](https://man7.org/linux/man-pages/man7/inotify.7.html)
pub fn inotify_init1() -> io::Result<OwnedFd> {
    // SAFETY: the call takes a number.
    let descriptor = check(unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) })?;
    // SAFETY: the call succeeded, so this is a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Watches the file that `path` leads to, for the events in `mask`, and returns the watch.
///
/// `int inotify_add_watch(int fd, const char *pathname, uint32_t mask);`
///
/// The watch is on the file and not on the name. It does not keep the file open.
///
/// # Errors
///
/// * `ENOENT`: there is nothing under this path.
/// * `EACCES`: the file may not be read.
/// * `ENOSPC`: this user has as many watches as `/proc/sys/fs/inotify/max_user_watches` allows.
/// * `ENOMEM`: no memory in the kernel.
///
/// # References
///
/// [`inotify_add_watch(2)`](https://man7.org/linux/man-pages/man2/inotify_add_watch.2.html)
pub fn inotify_add_watch(fd: BorrowedFd<'_>, path: &CStr, mask: u32) -> io::Result<libc::c_int> {
    // SAFETY: the descriptor is open as long as the borrow; the path ends with a zero and outlives
    // the call, which only reads it.
    check(unsafe { libc::inotify_add_watch(fd.as_raw_fd(), path.as_ptr(), mask) })
}

/// Ends a watch. An event `IN_IGNORED` follows.
///
/// `int inotify_rm_watch(int fd, int wd);`
///
/// # Errors
///
/// * `EINVAL`: the watch is not of this instance, or has ended.
///
/// # References
///
/// [`inotify_rm_watch(2)`](https://man7.org/linux/man-pages/man2/inotify_rm_watch.2.html)
pub fn inotify_rm_watch(fd: BorrowedFd<'_>, watch: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as the borrow; the rest is a number.
    check(unsafe { libc::inotify_rm_watch(fd.as_raw_fd(), watch) })?;
    Ok(())
}

/// Sets both of a file's times to now, which inotify reports to each watch of the file
/// (`IN_ATTRIB`).
///
/// `int futimens(int fd, const struct timespec times[2]);` with `NULL`.
///
/// # Errors
///
/// * `EACCES`: the file belongs to another user, and its mode does not let this one write.
/// * `EROFS`: the file system is read-only.
///
/// # References
///
/// [`futimens(3)`](https://man7.org/linux/man-pages/man3/futimens.3p.html),
/// [`utimensat(2)`](https://man7.org/linux/man-pages/man2/utimensat.2.html)
pub fn futimens_now(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as the borrow; no times means now.
    check(unsafe { libc::futimens(fd.as_raw_fd(), std::ptr::null()) })?;
    Ok(())
}
