//! How long a call may wait: for a time, until an instant, or without a limit.

use std::time::{Duration, Instant};

use shm_core::Moment;

/// How long a call waits at most.
///
/// Calls accept anything that converts to it: a [`Duration`], an [`Instant`], an
/// `Option<Duration>`.
///
/// ```
/// use std::time::{Duration, Instant};
/// use shm_mailbox::{Mailbox, Message, RecvError};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (_sender, mut receiver) = Mailbox::pair()?;
/// let mut message = Message::new();
/// let for_a_while = receiver.recv_timeout(&mut message, Duration::from_millis(2));
/// assert_eq!(for_a_while, Err(RecvError::TimedOut));
///
/// // One deadline for several calls.
/// let deadline = Instant::now() + Duration::from_millis(2);
/// while receiver.recv_timeout(&mut message, deadline).is_ok() {}
/// assert!(Instant::now() >= deadline);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// For this long from the call on.
    Within(Duration),
    /// Until this instant. If it has passed, the call checks once and does not wait.
    Until(Instant),
    /// Without a limit.
    Never,
}

impl Limit {
    /// When the wait is over, on the clock by which the kernel's sleeps go.
    pub(crate) fn deadline(self) -> Moment {
        match self {
            Self::Within(duration) => Moment::now().after(duration),
            Self::Until(instant) => {
                // The same clock, but only differences of its instants are to be had.
                Moment::now().after(instant.saturating_duration_since(Instant::now()))
            }
            Self::Never => Moment::NEVER,
        }
    }

    /// The same limit for several waits that begin now.
    pub(crate) fn fixed(self) -> Self {
        match self {
            Self::Within(duration) => Instant::now()
                .checked_add(duration)
                .map_or(Self::Never, Self::Until),
            fixed => fixed,
        }
    }
}

impl From<Duration> for Limit {
    fn from(duration: Duration) -> Self {
        Self::Within(duration)
    }
}

impl From<Instant> for Limit {
    fn from(instant: Instant) -> Self {
        Self::Until(instant)
    }
}

/// `None` is no limit.
impl From<Option<Duration>> for Limit {
    fn from(duration: Option<Duration>) -> Self {
        duration.map_or(Self::Never, Self::Within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any two readings of the clock in a row are apart.
    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_duration_and_the_instant_that_far_away_end_at_the_same_time() {
        let instant = Instant::now() + LONG;
        let (until, within) = (
            Limit::from(instant).deadline(),
            Limit::from(LONG).deadline(),
        );
        assert!(until <= within, "{until:?} {within:?}");
        assert!(within.since(until) < LONG / 10, "{until:?} {within:?}");
    }

    #[test]
    fn an_instant_that_has_passed_is_now() {
        let passed = Limit::from(Instant::now() - Duration::from_millis(5));
        assert!(passed.deadline() <= Moment::now());
    }

    #[test]
    fn what_is_too_far_away_never_comes() {
        assert_eq!(Limit::from(Duration::MAX).deadline(), Moment::NEVER);
        assert_eq!(Limit::from(Duration::MAX).fixed(), Limit::Never);
        assert_eq!(Limit::from(None).deadline(), Moment::NEVER);
    }

    #[test]
    fn a_limit_that_is_fixed_does_not_begin_again() {
        let fixed = Limit::from(LONG).fixed();
        assert!(matches!(fixed, Limit::Until(_)), "{fixed:?}");
        assert_eq!(fixed.fixed(), fixed);
    }
}
