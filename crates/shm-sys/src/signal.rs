//! Signal handlers, for the signal that reports lost memory: setting them, and what they may call.
//!
//! Everything here that a handler needs is async-signal-safe: it takes no lock and allocates
//! nothing.

use crate::errno::check;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

/// What [`sigaction()`] sets and returns; the fields are libc's.
#[allow(non_camel_case_types, reason = "named as in the manual")]
pub type sigaction = libc::sigaction;

/// What a handler receives; the fields are libc's.
#[allow(non_camel_case_types, reason = "named as in the manual")]
pub type siginfo_t = libc::siginfo_t;

/// Returns what happens when `signum` arrives, and with `act` changes it.
///
/// `int sigaction(int signum, const struct sigaction *act, struct sigaction *oldact);`
///
/// # Errors
///
/// * `EINVAL`: no such signal, or one that cannot be caught.
///
/// # Safety
///
/// The handler in `act` may be called from now on, in any thread, between any two instructions: it
/// does only what signal-safety(7) allows.
///
/// # References
///
/// [`sigaction(2)`](https://man7.org/linux/man-pages/man2/sigaction.2.html),
/// [`signal-safety(7)`](https://man7.org/linux/man-pages/man7/signal-safety.7.html)
pub unsafe fn sigaction(signum: libc::c_int, act: Option<&sigaction>) -> io::Result<sigaction> {
    let act = act.map_or(ptr::null(), ptr::from_ref);
    let mut oldact = MaybeUninit::<sigaction>::uninit();
    // SAFETY: `act` is null or outlives the call, and its handler is the caller's affair; the other
    // pointer is to room for one structure.
    check(unsafe { libc::sigaction(signum, act, oldact.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it has filled the structure.
    Ok(unsafe { oldact.assume_init() })
}

/// Sends `sig` to the calling thread; in its handler, it comes again when the handler returns.
///
/// `int raise(int sig);`
///
/// # Errors
///
/// * `EINVAL`: no such signal.
///
/// # References
///
/// [`raise(3)`](https://man7.org/linux/man-pages/man3/raise.3.html)
pub fn raise(sig: libc::c_int) -> io::Result<()> {
    // SAFETY: a number.
    match unsafe { libc::raise(sig) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Runs `work` and restores `errno`, as a handler must for the code that it interrupts.
pub fn preserving_errno<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: no arguments, no failure; the address is that of this thread's number.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: valid as long as the thread.
    let before = unsafe { errno.read() };
    let output = work();
    // SAFETY: as above.
    unsafe { errno.write(before) };
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_number_survives() {
        // SAFETY: takes a number; -1 is no descriptor.
        let errno = || unsafe { libc::close(-1) };
        errno();
        // SAFETY: as above.
        let other = || unsafe { libc::chdir(c"/nowhere-at-all".as_ptr()) };
        preserving_errno(other);
        let number = io::Error::last_os_error().raw_os_error();
        assert_eq!(number, Some(libc::EBADF));
    }

    #[test]
    fn asking_changes_nothing() {
        // SAFETY: no handler is set.
        let before = unsafe { sigaction(libc::SIGBUS, None) }.unwrap();
        // SAFETY: as above.
        let after = unsafe { sigaction(libc::SIGBUS, None) }.unwrap();
        assert_eq!(before.sa_sigaction, after.sa_sigaction);
        // SAFETY: as above.
        let error = unsafe { sigaction(-1, None) }.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
}
