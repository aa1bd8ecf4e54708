//! The clock that the kernel's sleeps go by.

use std::time::Duration;

/// A reading of the monotonic clock (`CLOCK_MONOTONIC`, see `clock_gettime(2)`).
///
/// The standard library's `Instant` reads the same clock and does not show what it read; a sleep
/// that ends at a given time needs the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// A moment that never comes.
    pub const NEVER: Self = Self(Duration::MAX);

    /// Returns the current time.
    #[must_use]
    #[inline]
    pub fn now() -> Self {
        Self(shm_sys::clock_gettime_monotonic())
    }

    /// Returns the moment `duration` later, or [`NEVER`](Self::NEVER) beyond the clock's range.
    #[must_use]
    #[inline]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    /// Returns the time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    #[inline]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time on the clock.
    #[inline]
    pub(crate) const fn reading(self) -> Duration {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_after_another_is_that_much_later() {
        let start = Moment::now();
        let end = start.after(Duration::from_millis(3));
        assert_eq!(end.since(start), Duration::from_millis(3));
        assert_eq!(start.since(end), Duration::ZERO);
    }

    #[test]
    fn a_moment_too_far_away_never_comes() {
        assert_eq!(Moment::now().after(Duration::MAX), Moment::NEVER);
        assert!(Moment::NEVER > Moment::now());
    }
}
