//! The system calls under POSIX shared memory, one thin function each, named as in the manual.
//!
//! The limits: Linux on x86-64 and aarch64 only; no policy (nothing is checked, retried with other
//! arguments, cleaned up or given a default); only the calls that the crates above need. Names,
//! sizes and mappings that are checked are in `shm-core`.
//!
//! What each function adds to the C call: descriptors are owned ([`OwnedFd`]) or borrowed
//! ([`BorrowedFd`]) and close on exec, the error number is in an [`io::Error`] that was made before
//! anything could change `errno`, and a call that a signal interrupted is made again where the
//! manual allows that without harm. Each page gives the manual's signature, the errors that matter,
//! and a reference.
//!
//! ```
//! use shm_sys::{O_CREAT, O_EXCL, O_RDWR};
//! use std::os::fd::AsFd;
//!
//! let name = std::ffi::CString::new(format!("/shm-sys-doc-{}", std::process::id()))?;
//! let object = shm_sys::shm_open(&name, O_RDWR | O_CREAT | O_EXCL, 0o600)?;
//! shm_sys::shm_unlink(&name)?; // the object lives as long as the descriptor
//!
//! shm_sys::ftruncate(object.as_fd(), 4096)?;
//! assert_eq!(shm_sys::fstat(object.as_fd())?.st_size, 4096);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! [`OwnedFd`]: std::os::fd::OwnedFd
//! [`BorrowedFd`]: std::os::fd::BorrowedFd
//! [`io::Error`]: std::io::Error

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("shm-sys supports Linux on x86-64 and aarch64 only");

mod barrier;
mod errno;
mod file;
mod lock;
mod memory;
mod name;
mod notify;
mod random;
mod signal;
mod time;
mod wait;

pub use barrier::{membarrier_global_expedited, membarrier_register_global_expedited};
pub use file::{
    fchmod, fchown, fstat, fstatvfs, ftruncate, geteuid, getrlimit_fsize, posix_fallocate, stat,
    statvfs,
};
pub use lock::{LockKind, fcntl_ofd_getlk, fcntl_ofd_setlk};
pub use memory::{
    madvise_unknown, madvise_wipeonfork, mmap_fixed_private_anonymous, mmap_shared_anonymous,
    munmap, page_size,
};
pub use name::{
    fcntl_dupfd_cloexec, linkat_descriptor, linkat_path, open_tmpfile, shm_open, shm_unlink,
};
pub use notify::{futimens_now, inotify_add_watch, inotify_init1, inotify_rm_watch};
pub use random::getrandom;
pub use signal::{preserving_errno, raise, sigaction, siginfo_t};
pub use time::{clock_gettime_monotonic, nanosleep};
pub use wait::{futex_wait, futex_wake, pollfd, ppoll};

#[doc(no_inline)]
pub use libc::{
    BUS_ADRERR, E2BIG, EACCES, EAGAIN, EBADF, EDQUOT, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EISDIR,
    ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENODEV, ENOENT, ENOMEM, ENOSPC, ENOSYS, ENOTDIR, ENXIO,
    EOPNOTSUPP, EPERM, ETIMEDOUT, IN_ATTRIB, IN_CLOSE_WRITE, IN_MODIFY, IN_MOVE_SELF,
    IN_Q_OVERFLOW, O_ACCMODE, O_CLOEXEC, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC,
    POLLIN, PROT_READ, PROT_WRITE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG,
    S_IFSOCK, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SA_SIGINFO, SIG_DFL, SIG_IGN,
    SIGBUS, c_int, c_void, gid_t, major, minor, mode_t, off_t, uid_t,
};

/// The example of the crate's own page, which runs with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
