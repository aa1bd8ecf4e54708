//! A `/dev/shm` of a thread's own.

use std::ffi::CString;
use std::{io, ptr};

/// Gives this thread a `/dev/shm` with these mount options; it goes with the thread. Says so if it cannot.
pub(crate) fn own_dev_shm(options: &str) -> bool {
    let options = CString::new(options).expect("no NUL");
    // SAFETY: a flag. Of a process with several threads it moves the caller alone.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        println!("skipped: needs root, for a mount namespace");
        return false;
    }
    let (none, nothing) = (ptr::null(), ptr::null());
    let private = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: strings that end with a NUL, or null where the flags say that they are not read.
    let result = unsafe { libc::mount(none, c"/".as_ptr(), none, private, nothing) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    let (tmpfs, place) = (c"tmpfs".as_ptr(), c"/dev/shm".as_ptr());
    // SAFETY: strings that end with a NUL.
    let result = unsafe { libc::mount(tmpfs, place, tmpfs, 0, options.as_ptr().cast()) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    true
}
