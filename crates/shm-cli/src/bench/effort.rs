//! How long to measure: as long as asked for, and at least as long as a slow poll needs to be
//! measured at all.

use std::time::Duration;

use shm_cli::measure::phase::STRATA;

/// The least time between two looks that sparse messages are meant for: the receiver has been
/// waiting for a while.
const SPARSE: Duration = Duration::from_millis(1);

/// Up to this interval there is time for more messages, and one that the machine delays does not
/// spoil the mean.
const SHORT: Duration = Duration::from_millis(10);
/// How many times more.
const MORE: u32 = 4;

/// How long each measurement of one way of waiting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effort {
    sparse: Duration,
    other: Duration,
    /// Messages to every part of a poll's interval, at least.
    rounds: u32,
    /// Between two looks of this way; 0 if it does not poll.
    interval: Duration,
}

impl Effort {
    pub(super) fn new(quick: bool, duration: Option<Duration>) -> Self {
        let (sparse, other) = match (duration, quick) {
            (Some(duration), _) => (duration, duration),
            (None, true) => (Duration::from_secs(1), Duration::from_millis(250)),
            (None, false) => (Duration::from_secs(8), Duration::from_secs(2)),
        };
        Self {
            sparse,
            other,
            rounds: if quick || duration.is_some() { 1 } else { 2 },
            interval: Duration::ZERO,
        }
    }

    /// For a way with this interval.
    pub(super) fn at(self, interval: Option<Duration>) -> Self {
        Self {
            interval: interval.unwrap_or_default(),
            ..self
        }
    }

    /// How many messages, at random phase of which interval; two intervals each. Whole rounds of
    /// [`STRATA`].
    pub(super) fn sparse(&self) -> (u32, Duration) {
        let interval = self.interval.max(SPARSE);
        let messages = self.sparse.as_nanos() / (2 * interval).as_nanos();
        let rounds = u32::try_from(messages).unwrap_or(u32::MAX / STRATA) / STRATA;
        let least = if self.interval.is_zero() || interval > SHORT {
            self.rounds
        } else {
            self.rounds * MORE
        };
        (rounds.clamp(least, 1 << 20) * STRATA, interval)
    }

    /// How long, and how many at least.
    pub(super) fn round_trip(&self) -> (Duration, u64) {
        (self.other, 4)
    }

    /// How long. The original loop moves a message an interval.
    pub(super) fn stream(&self) -> Duration {
        self.other.max(self.interval * 12)
    }

    pub(super) fn idle(&self) -> Duration {
        self.other.max(self.interval * 3)
    }

    /// About how long all of it takes.
    pub(super) fn total(&self) -> Duration {
        let (messages, interval) = self.sparse();
        let round_trips = self.other.max(self.interval * 8);
        interval * 2 * messages + round_trips + self.stream() + self.idle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the default list of ways: five that do not poll, polls from 1 µs to 100 ms, and the
    /// original one.
    fn total(effort: Effort, classic: bool) -> Duration {
        let polls = [1, 10, 100, 1000, 10_000, 100_000].map(Duration::from_micros);
        let sum = |rest: u32| {
            let polls: Duration = polls
                .iter()
                .map(|&poll| effort.at(Some(poll)).total())
                .sum();
            polls + effort.total() * rest
        };
        let original = effort.at(Some(polls[5])).total();
        sum(5) + if classic { sum(3) } else { original }
    }

    #[test]
    fn the_quick_form_takes_less_than_a_minute() {
        let quick = total(Effort::new(true, None), false);
        assert!(quick < Duration::from_secs(45), "{quick:?}");
    }

    #[test]
    fn the_full_form_takes_less_than_ten_minutes() {
        let full = total(Effort::new(false, None), true);
        assert!(full < Duration::from_secs(480), "{full:?}");
    }

    #[test]
    fn a_slow_poll_gets_a_message_in_every_part_of_its_interval() {
        let effort = Effort::new(true, Some(Duration::from_millis(1)));
        let interval = Duration::from_millis(100);
        assert_eq!(effort.at(Some(interval)).sparse(), (STRATA, interval));
    }

    #[test]
    fn quick_ways_get_whole_rounds_of_messages() {
        let (messages, interval) = Effort::new(false, None).sparse();
        assert_eq!(interval, SPARSE);
        assert_eq!((messages, messages % STRATA), (4000, 0));
    }
}
