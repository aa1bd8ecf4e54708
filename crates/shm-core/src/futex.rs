//! Sleeping in the kernel until another process wakes this one, or for a time.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::clock::Moment;

/// Sleeps while `word` is `expected`, until woken or until `deadline` (`None`: without limit).
///
/// The word may be in memory shared between processes; see `futex(2)`, `FUTEX_WAIT_BITSET`.
///
/// # Errors
///
/// `EAGAIN` if the word is not `expected`, `ETIMEDOUT`, `EINTR` after a signal, `EFAULT` if there
/// is no memory behind the word any more. The caller decides what each means; after every return,
/// look again.
#[inline]
pub fn wait(word: &AtomicU32, expected: u32, deadline: Option<Moment>) -> io::Result<()> {
    shm_sys::futex_wait(word, expected, deadline.map(Moment::reading))
}

/// Wakes up to `count` processes or threads that sleep on `word`, and returns how many.
///
/// It costs about 0.4 µs when no thread sleeps, so check a flag first. See `futex(2)`,
/// `FUTEX_WAKE`.
///
/// # Errors
///
/// `EFAULT` if there is no memory behind the word any more.
#[inline]
pub fn wake(word: &AtomicU32, count: u32) -> io::Result<u32> {
    shm_sys::futex_wake(word, count)
}

/// Sleeps for `duration`, or until a signal is handled; see `nanosleep(2)`.
///
/// # Errors
///
/// `EINTR` after a signal. The kernel's timer slack (50 µs by default, see `PR_SET_TIMERSLACK` in
/// `prctl(2)`) comes on top of the duration.
#[inline]
pub fn pause(duration: Duration) -> io::Result<()> {
    shm_sys::nanosleep(duration)
}
