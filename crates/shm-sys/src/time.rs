//! Passing time, without the restart that the standard library's sleep does, and reading it.

use crate::errno::check;
use std::io;
use std::ptr;
use std::time::Duration;

/// Sleeps for at least `duration`, unless a signal handler runs.
///
/// The kernel adds up to the thread's timer slack, 50 µs by default.
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

/// Returns the time on the monotonic clock.
///
/// It counts from a moment that stays the same until the next boot.
///
/// `int clock_gettime(clockid_t clockid, struct timespec *tp);`
///
/// With `CLOCK_MONOTONIC`, which every Linux has and everybody may read, so it cannot fail. On most
/// machines not a system call (`vdso(7)`): some 20 to 50 ns.
///
/// # References
///
/// [`clock_gettime(2)`](https://man7.org/linux/man-pages/man2/clock_gettime.2.html)
#[must_use]
pub fn clock_gettime_monotonic() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` outlives the call.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    debug_assert_eq!(result, 0);
    Duration::new(time.tv_sec.unsigned_abs(), subsecond(time.tv_nsec))
}

/// The nanoseconds of a time, which are below 10^9.
fn subsecond(nanoseconds: libc::c_long) -> u32 {
    u32::try_from(nanoseconds).unwrap_or(0)
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
