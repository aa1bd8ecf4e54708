//! Waiting on a word of shared memory, and waking the threads that wait, across processes; and
//! waiting for descriptors.

use crate::errno::check;
use crate::time::to_timespec;
use std::io;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Waits until the word is woken, if it still holds `expected`.
///
/// Without a `deadline`, it waits without limit.
///
/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAIT_BITSET, uint32_t val, const struct timespec
/// *timeout, NULL, FUTEX_BITSET_MATCH_ANY);`
///
/// The operation is the shared one: the waker may be another process with another mapping of the
/// same object. The comparison and going to sleep are one step with respect to [`futex_wake`]. The
/// `deadline` is a time on the monotonic clock, as
/// [`clock_gettime_monotonic`](crate::clock_gettime_monotonic) reads it, so that a caller that
/// knows it need not read the clock before each wait, nor has the kernel to; it may be overrun by
/// the thread's timer slack (50 µs by default). `Ok` may also be a wake-up that was meant for an
/// earlier use of the address: look at the word after every return.
///
/// # Errors
///
/// * `EAGAIN`: the word did not hold `expected`.
/// * `ETIMEDOUT`: the `deadline` has passed, maybe before the call.
/// * `EINTR`: a signal handler ran.
/// * `EFAULT`: the page of the word does not exist any more, because the object was truncated.
///
/// # References
///
/// [`FUTEX_WAIT_BITSET(2const)`](https://man7.org/linux/man-pages/man2/FUTEX_WAIT_BITSET.2const.html),
/// [`futex(7)`](https://man7.org/linux/man-pages/man7/futex.7.html)
pub fn futex_wait(word: &AtomicU32, expected: u32, deadline: Option<Duration>) -> io::Result<()> {
    let deadline = deadline.map(to_timespec);
    let deadline = deadline.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is aligned, and mapped as long as the borrow; the kernel only reads it,
    // atomically. `deadline` is null or outlives the call; the fifth argument is not
    // used.
    let returned = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET,
            expected,
            deadline,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    if returned < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Wakes up to `count` threads, of any process, that wait on the word, and returns how many.
///
/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAKE, uint32_t val);`
///
/// The operation is the shared one. It costs about 0.4 µs when no thread waits. More than 2^31 - 1
/// count as that many.
///
/// # Errors
///
/// * `EFAULT`: the page of the word does not exist any more, because the object was truncated.
///
/// # References
///
/// [`FUTEX_WAKE(2const)`](https://man7.org/linux/man-pages/man2/FUTEX_WAKE.2const.html),
/// [`futex(7)`](https://man7.org/linux/man-pages/man7/futex.7.html)
pub fn futex_wake(word: &AtomicU32, count: u32) -> io::Result<u32> {
    // The kernel reads the number as an `int`.
    let count = libc::c_int::try_from(count).unwrap_or(libc::c_int::MAX);
    // SAFETY: the word is aligned, and mapped as long as the borrow; the kernel uses its address
    // alone.
    let woken = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count) };
    u32::try_from(woken).map_err(|_| io::Error::last_os_error())
}

/// A descriptor that [`ppoll`] waits for; the fields are libc's.
#[allow(non_camel_case_types, reason = "named as in the manual")]
pub type pollfd = libc::pollfd;

/// Waits until one of the descriptors is ready, for at most `limit`, and returns how many are.
///
/// Without a `limit`, it waits without limit. 0 means that the time has passed.
///
/// `int ppoll(struct pollfd *fds, nfds_t nfds, const struct timespec *tmo_p, NULL);`
///
/// # Errors
///
/// * `EINTR`: a signal handler ran.
/// * `EINVAL`: more descriptors than `RLIMIT_NOFILE` allows.
/// * `ENOMEM`: no memory in the kernel.
///
/// # References
///
/// [`ppoll(2)`](https://man7.org/linux/man-pages/man2/ppoll.2.html)
pub fn ppoll(descriptors: &mut [pollfd], limit: Option<Duration>) -> io::Result<usize> {
    let limit = limit.map(to_timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    let count = descriptors.len() as libc::nfds_t;
    // SAFETY: `descriptors` is `count` structures long, and outlives the call, which writes to them
    // alone; `limit` is null or outlives the call; no signal mask is given.
    let ready = check(unsafe { libc::ppoll(descriptors.as_mut_ptr(), count, limit, ptr::null()) })?;
    Ok(usize::try_from(ready).unwrap_or(0))
}
