//! Locks that belong to an open file description: the kernel frees them when the last descriptor is
//! closed, however the process died.

use crate::errno::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// The kind of a lock, `l_type` in the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// `F_RDLCK`: any number of descriptions may hold one together; needs a readable descriptor to
    /// set.
    Read,
    /// `F_WRLCK`: excludes every other lock; needs a writable descriptor to set.
    Write,
    /// `F_UNLCK`: no lock.
    Unlock,
}

/// Sets or removes a lock on `len` bytes from `start` on, without waiting.
///
/// `int fcntl(int fd, F_OFD_SETLK, struct flock *lock);`
///
/// A `len` of 0 means to the end, however far that moves; the bytes need not exist. The lock
/// belongs to the open file description: a second `shm_open` in the same process conflicts with it,
/// a duplicate and a forked child's copy of the descriptor share it, and either of these may remove
/// it.
///
/// # Errors
///
/// * `EAGAIN` (or `EACCES`, says the manual): another description holds a lock in the way.
/// * `EBADF`: the descriptor is not open for what the kind needs.
/// * `EINVAL`: a negative `start`, or the range ends beyond the largest offset.
/// * `ENOLCK`: the kernel has no memory for another lock.
///
/// # References
///
/// [`F_OFD_SETLK(2const)`](https://man7.org/linux/man-pages/man2/F_OFD_SETLK.2const.html),
/// [`fcntl_locking(2)`](https://man7.org/linux/man-pages/man2/fcntl_locking.2.html)
pub fn fcntl_ofd_setlk(
    fd: BorrowedFd<'_>,
    kind: LockKind,
    start: libc::off_t,
    len: libc::off_t,
) -> io::Result<()> {
    let lock = to_flock(kind, start, len);
    // SAFETY: the descriptor is open as long as the borrow; `lock` outlives the call, which only
    // reads it.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) })?;
    Ok(())
}

/// Checks whether a lock of this kind could be set.
///
/// It returns `None` if it could, else the kind of one conflicting lock.
///
/// `int fcntl(int fd, F_OFD_GETLK, struct flock *lock);`
///
/// Locks of the same open file description are never in the way. Any descriptor may ask, also a
/// read-only one about a write lock. Whose the lock is, the kernel does not tell (`l_pid` is -1).
///
/// # Errors
///
/// * `EINVAL`: a negative `start`, the range ends beyond the largest offset, or `kind` is
///   [`LockKind::Unlock`].
///
/// # References
///
/// [`F_OFD_GETLK(2const)`](https://man7.org/linux/man-pages/man2/F_OFD_GETLK.2const.html),
/// [`fcntl_locking(2)`](https://man7.org/linux/man-pages/man2/fcntl_locking.2.html)
pub fn fcntl_ofd_getlk(
    fd: BorrowedFd<'_>,
    kind: LockKind,
    start: libc::off_t,
    len: libc::off_t,
) -> io::Result<Option<LockKind>> {
    let mut lock = to_flock(kind, start, len);
    // SAFETY: the descriptor is open as long as the borrow; `lock` outlives the call, which fills
    // it.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) })?;
    Ok(match libc::c_int::from(lock.l_type) {
        libc::F_UNLCK => None,
        libc::F_RDLCK => Some(LockKind::Read),
        _ => Some(LockKind::Write),
    })
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the constants are 0, 1 and 2; the structure's fields are shorts"
)]
fn to_flock(kind: LockKind, start: libc::off_t, len: libc::off_t) -> libc::flock {
    let kind = match kind {
        LockKind::Read => libc::F_RDLCK,
        LockKind::Write => libc::F_WRLCK,
        LockKind::Unlock => libc::F_UNLCK,
    };
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: start,
        l_len: len,
        // Must be 0 for locks of an open file description.
        l_pid: 0,
    }
}
