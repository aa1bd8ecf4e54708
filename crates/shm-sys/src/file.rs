//! What is asked of an open object: its size, its memory, its owner and mode, and the room around
//! it.

use crate::errno::{check, restart};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What [`fstat`] fills in; the fields are libc's.
#[allow(non_camel_case_types, reason = "named as in the manual")]
pub type stat = libc::stat;

/// What [`fstatvfs`] fills in; the fields are libc's.
#[allow(non_camel_case_types, reason = "named as in the manual")]
pub type statvfs = libc::statvfs;

/// Sets the object's size in bytes; bytes that are added read as zero.
///
/// `int ftruncate(int fd, off_t length);`
///
/// On tmpfs this reserves nothing: the call succeeds on a full `/dev/shm`, and the first touch of a
/// page for which there is no room is `SIGBUS`. See [`posix_fallocate`]. Shrinking takes the pages
/// from under every mapping of the object, and touching them is `SIGBUS` too.
///
/// # Errors
///
/// * `EINVAL`: `length` is negative, or the descriptor is not open for writing.
/// * `EFBIG`: larger than a file may be, or than `RLIMIT_FSIZE` (with `SIGXFSZ`).
/// * `EPERM`: the file is sealed (`memfd_create(2)`).
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`ftruncate(2)`](https://man7.org/linux/man-pages/man2/ftruncate.2.html)
pub fn ftruncate(fd: BorrowedFd<'_>, length: libc::off_t) -> io::Result<()> {
    restart(|| {
        // SAFETY: the descriptor is open as long as the borrow; the rest is a number.
        check(unsafe { libc::ftruncate(fd.as_raw_fd(), length) })
    })?;
    Ok(())
}

/// Reserves memory for `len` bytes from `offset` on, so that touching them cannot fail later.
///
/// `int posix_fallocate(int fd, off_t offset, off_t len);`
///
/// The object grows to `offset + len` if it was smaller, and never shrinks. Existing bytes stay.
/// When it fails, the kernel has given back what this call had reserved. The C function returns the
/// error number and leaves `errno` alone.
///
/// A signal interrupts a long reservation and undoes it, and the repetition starts over: ask for a
/// few MiB at a time.
///
/// # Errors
///
/// * `ENOSPC`: not enough room on `/dev/shm`.
/// * `EINVAL`: `offset` is negative, or `len` is not positive.
/// * `EBADF`: the descriptor is not open for writing.
/// * `EFBIG`: larger than a file may be, or than `RLIMIT_FSIZE` (with `SIGXFSZ`).
/// * `ENODEV`, `ESPIPE`: not a regular file.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`posix_fallocate(3)`](https://man7.org/linux/man-pages/man3/posix_fallocate.3.html)
pub fn posix_fallocate(
    fd: BorrowedFd<'_>,
    offset: libc::off_t,
    len: libc::off_t,
) -> io::Result<()> {
    restart(|| {
        // SAFETY: the descriptor is open as long as the borrow; the rest are numbers.
        match unsafe { libc::posix_fallocate(fd.as_raw_fd(), offset, len) } {
            0 => Ok(()),
            number => Err(io::Error::from_raw_os_error(number)),
        }
    })
}

/// Returns size, links, owner, mode and identity of the open object.
///
/// `int fstat(int fd, struct stat *statbuf);`
///
/// `st_nlink` is 0 after the name was removed, `st_dev` and `st_ino` together identify the object
/// as long as it is open, and `st_blocks` counts the reserved memory in units of 512 bytes.
///
/// # Errors
///
/// None in practice for an open descriptor (`EBADF`, `EFAULT` and `EOVERFLOW` are excluded by the
/// types).
///
/// # References
///
/// [`fstat(2)`](https://man7.org/linux/man-pages/man2/fstat.2.html),
/// [`stat(3type)`](https://man7.org/linux/man-pages/man3/stat.3type.html)
pub fn fstat(fd: BorrowedFd<'_>) -> io::Result<stat> {
    let mut status = MaybeUninit::<stat>::uninit();
    // SAFETY: the descriptor is open as long as the borrow; the pointer is to room for one `stat`.
    check(unsafe { libc::fstat(fd.as_raw_fd(), status.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has filled the structure.
    Ok(unsafe { status.assume_init() })
}

/// Sets the object's permission bits, exactly: the umask does not apply.
///
/// `int fchmod(int fd, mode_t mode);`
///
/// # Errors
///
/// * `EPERM`: the object belongs to someone else.
/// * `EROFS`: the file system is read-only.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`fchmod(2)`](https://man7.org/linux/man-pages/man2/fchmod.2.html)
pub fn fchmod(fd: BorrowedFd<'_>, mode: libc::mode_t) -> io::Result<()> {
    restart(|| {
        // SAFETY: the descriptor is open as long as the borrow; the rest is a number.
        check(unsafe { libc::fchmod(fd.as_raw_fd(), mode) })
    })?;
    Ok(())
}

/// Gives the object to another user or group; `None` leaves that one as it is.
///
/// The call itself says `None` with the number -1, which no user and no group has: `Some(u32::MAX)`
/// changes nothing either, and succeeds.
///
/// `int fchown(int fd, uid_t owner, gid_t group);`
///
/// # Errors
///
/// * `EPERM`: another user, or a group that this process is not in, and it has not the privilege.
/// * `EROFS`: the file system is read-only.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`fchown(2)`](https://man7.org/linux/man-pages/man2/fchown.2.html)
pub fn fchown(
    fd: BorrowedFd<'_>,
    owner: Option<libc::uid_t>,
    group: Option<libc::gid_t>,
) -> io::Result<()> {
    let owner = owner.unwrap_or(libc::uid_t::MAX);
    let group = group.unwrap_or(libc::gid_t::MAX);
    restart(|| {
        // SAFETY: the descriptor is open as long as the borrow; the rest are numbers.
        check(unsafe { libc::fchown(fd.as_raw_fd(), owner, group) })
    })?;
    Ok(())
}

/// Returns the size of the object's file system, and how full it is.
///
/// `int fstatvfs(int fd, struct statvfs *buf);`
///
/// `f_bavail * f_frsize` is the room in bytes; `f_favail` the number of objects that can be made. A
/// tmpfs without a limit says 0 for the totals `f_blocks` and `f_files`.
///
/// # Errors
///
/// * `ENOSYS`: the file system does not tell.
///
/// `EINTR` is not returned: the call is made again.
///
/// # References
///
/// [`fstatvfs(3)`](https://man7.org/linux/man-pages/man3/fstatvfs.3.html),
/// [`tmpfs(5)`](https://man7.org/linux/man-pages/man5/tmpfs.5.html)
pub fn fstatvfs(fd: BorrowedFd<'_>) -> io::Result<statvfs> {
    let mut status = MaybeUninit::<statvfs>::uninit();
    restart(|| {
        // SAFETY: the descriptor is open as long as the borrow; the pointer is to room for one
        // `statvfs`.
        check(unsafe { libc::fstatvfs(fd.as_raw_fd(), status.as_mut_ptr()) })
    })?;
    // SAFETY: the call succeeded, so it has filled the structure.
    Ok(unsafe { status.assume_init() })
}

/// Returns the size in bytes of the largest file that this process may make.
///
/// `RLIM_INFINITY`, all ones, means no limit.
///
/// `int getrlimit(int resource, struct rlimit *rlim);` with `RLIMIT_FSIZE`, the soft limit.
///
/// # Errors
///
/// None in practice.
///
/// # References
///
/// [`getrlimit(2)`](https://man7.org/linux/man-pages/man2/getrlimit.2.html)
pub fn getrlimit_fsize() -> io::Result<u64> {
    let mut limit = MaybeUninit::<libc::rlimit>::uninit();
    // SAFETY: the pointer is to room for one `rlimit`.
    check(unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, limit.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has filled the structure.
    Ok(unsafe { limit.assume_init() }.rlim_cur)
}

/// Returns the user this process acts as: the owner of the objects that it creates.
///
/// `uid_t geteuid(void);`
///
/// It always succeeds.
///
/// # References
///
/// [`geteuid(2)`](https://man7.org/linux/man-pages/man2/geteuid.2.html)
pub fn geteuid() -> libc::uid_t {
    // SAFETY: no arguments, no failure, no effect.
    unsafe { libc::geteuid() }
}
