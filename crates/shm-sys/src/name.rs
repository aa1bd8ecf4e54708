//! From a name to a descriptor, from a descriptor to a name, and the end of a name.

use crate::errno::{check, restart};
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Opens, or with `O_CREAT` creates, the object of this name; the descriptor closes on exec.
///
/// `int shm_open(const char *name, int oflag, mode_t mode);`
///
/// `name` starts with a slash and has no other; `oflag` is `O_RDONLY` or `O_RDWR`, with any of
/// `O_CREAT`, `O_EXCL` and `O_TRUNC`. `mode` counts only when the object is created, and the
/// process's umask is taken from it. A new object has size 0.
///
/// The C library opens what it finds. It rejects symbolic links, but opens a FIFO, and with
/// `O_RDONLY` alone that waits for a process that writes to it. `O_NONBLOCK` is passed on and
/// avoids this.
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

/// Removes the name; the object lives until its last descriptor and mapping are closed.
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

/// Opens a file without a name, in the file system of `directory`, for reading and writing.
///
/// The descriptor closes on exec.
///
/// `int open(const char *path, O_TMPFILE | O_RDWR | O_CLOEXEC, mode_t mode);`
///
/// The file has size 0. [`linkat_descriptor`] gives it a name; without one, its memory is freed
/// with its last descriptor and mapping, so at any death of the process. The process's umask is
/// taken from `mode`.
///
/// # Errors
///
/// * `ENOENT`, `ENOTDIR`: there is no such directory.
/// * `EACCES`: this process may not write to the directory.
/// * `EOPNOTSUPP`, `EISDIR`: the file system (`EISDIR`: the kernel) makes no files without a name;
///   tmpfs does since Linux 3.11.
/// * `EMFILE`, `ENFILE`: too many open files in this process, in the system.
/// * `ENOSPC`: no inode left.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`open(2)`](https://man7.org/linux/man-pages/man2/open.2.html), `O_TMPFILE`
pub fn open_tmpfile(directory: &CStr, mode: libc::mode_t) -> io::Result<OwnedFd> {
    let flags = libc::O_TMPFILE | libc::O_RDWR | libc::O_CLOEXEC;
    let descriptor = restart(|| {
        // SAFETY: `directory` ends with a NUL and outlives the call; the rest are numbers.
        check(unsafe { libc::open(directory.as_ptr(), flags, mode) })
    })?;
    // SAFETY: the call succeeded, so the descriptor is open, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Gives an open file a name in one step: the name appears with the whole file, or not at all.
///
/// `int linkat(int fd, "", AT_FDCWD, const char *newpath, AT_EMPTY_PATH);`
///
/// # Errors
///
/// * `EEXIST`: the name is taken, by whatever.
/// * `ENOENT`: this process may not link by descriptor, which takes Linux 6.10 or
///   `CAP_DAC_READ_SEARCH` (then [`linkat_path`] with `/proc/self/fd/N` does); or a directory of
///   `path` does not exist.
/// * `EACCES`: this process may not write to the directory.
/// * `EXDEV`: the directory is of another file system.
/// * `ENOSPC`: no room for the name.
///
/// # References
///
/// [`linkat(2)`](https://man7.org/linux/man-pages/man2/linkat.2.html)
pub fn linkat_descriptor(fd: BorrowedFd<'_>, path: &CStr) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as the borrow; both texts end with a NUL and outlive
    // the call.
    check(unsafe {
        libc::linkat(
            fd.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    })?;
    Ok(())
}

/// Gives the file that `from` leads to a name, as [`linkat_descriptor`] does.
///
/// `/proc/self/fd/N` is a link to the open file, whether it has a name or not.
///
/// `int linkat(AT_FDCWD, const char *oldpath, AT_FDCWD, const char *newpath, AT_SYMLINK_FOLLOW);`
///
/// # Errors
///
/// As for [`linkat_descriptor`]; `ENOENT` if there is no `from` (`/proc` is not mounted).
///
/// # References
///
/// [`linkat(2)`](https://man7.org/linux/man-pages/man2/linkat.2.html),
/// [`proc_pid_fd(5)`](https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html)
pub fn linkat_path(from: &CStr, path: &CStr) -> io::Result<()> {
    // SAFETY: both texts end with a NUL and outlive the call.
    check(unsafe {
        libc::linkat(
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_SYMLINK_FOLLOW,
        )
    })?;
    Ok(())
}

/// Copies the descriptor to the lowest number that is free from `lowest` on.
///
/// The copy closes on exec. It shares the open file, with its locks, with the original.
///
/// `int fcntl(int fd, F_DUPFD_CLOEXEC, int lowest);`
///
/// # Errors
///
/// * `EINVAL`: `lowest` is negative, or not below the limit of open files (`RLIMIT_NOFILE`).
/// * `EMFILE`: no number from `lowest` on is free below that limit.
///
/// # References
///
/// [`F_DUPFD_CLOEXEC(2const)`](https://man7.org/linux/man-pages/man2/F_DUPFD_CLOEXEC.2const.html)
pub fn fcntl_dupfd_cloexec(fd: BorrowedFd<'_>, lowest: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is open as long as the borrow; the rest are numbers.
    let copy = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) })?;
    // SAFETY: the call succeeded, so the copy is open, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}
