//! Passing time, without the restart that the standard library's sleep does.

use crate::errno::check;
use std::io;
use std::ptr;
use std::time::Duration;

/// Sleeps for at least `duration` (the kernel adds up to the thread's timer slack, 50 µs by
/// default), unless a signal handler runs.
///
/// `int nanosleep(const struct timespec *duration, struct timespec *rem);`
///
/// Linux measures the time on the monotonic clock. More than 2^63 - 1 seconds count as that many.
///
/// # Errors
///
/// * `EINTR`: a signal handler ran. The caller decides whether to go on sleeping.
///
/// # References
///
/// [`nanosleep(2)`](https://man7.org/linux/man-pages/man2/nanosleep.2.html),
/// [`PR_SET_TIMERSLACK(2const)`](https://man7.org/linux/man-pages/man2/PR_SET_TIMERSLACK.2const.html)
pub fn nanosleep(duration: Duration) -> io::Result<()> {
    let duration = to_timespec(duration);
    // SAFETY: `duration` outlives the call; the time that remains is not asked for.
    check(unsafe { libc::nanosleep(&raw const duration, ptr::null_mut()) })?;
    Ok(())
}

/// The kernel's form of a duration, cut off at the largest number of seconds.
pub(crate) fn to_timespec(duration: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(duration.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(duration.subsec_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_keeps_its_seconds_and_nanoseconds() {
        let time = to_timespec(Duration::new(3, 999_999_999));
        assert_eq!((time.tv_sec, time.tv_nsec), (3, 999_999_999));
    }

    #[test]
    fn a_duration_beyond_the_clock_is_cut_off() {
        assert_eq!(to_timespec(Duration::MAX).tv_sec, libc::time_t::MAX);
    }
}
