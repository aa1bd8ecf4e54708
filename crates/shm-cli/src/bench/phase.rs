//! When to send: moments at stratified random phase, so that no poll's rhythm is hit or missed by habit.
//!
//! A sender that answers, or that sends in a rhythm of its own, locks to the phase of the receiver's poll, and then
//! every message waits equally long. Stratified random moments fill the interval evenly with every 32.

use std::time::Duration;

use fastrand::Rng;

/// Equal parts of the interval. Each is hit once before any is hit again.
pub(super) const STRATA: u32 = 32;

/// An endless sequence of moments; the same seed yields the same.
#[derive(Debug)]
pub(super) struct Moments {
    interval: Duration,
    order: Vec<u32>,
    next: usize,
    count: u32,
    random: Rng,
}

impl Moments {
    /// Moments at random phase of `interval`.
    pub(super) fn new(interval: Duration, seed: u64) -> Self {
        Self {
            interval,
            order: (0..STRATA).collect(),
            // At the end: the first phase shuffles.
            next: STRATA as usize,
            count: 0,
            random: Rng::with_seed(seed),
        }
    }

    /// The next moment, counted from the beginning.
    ///
    /// It lies in the second of each two intervals, so that a whole one lies between two moments, and the last
    /// message has been received by a poll that looks once an interval.
    pub(super) fn next_moment(&mut self) -> Duration {
        self.count += 1;
        let grid = self.interval * (2 * self.count - 1);
        grid + self.interval.mul_f64(self.phase())
    }

    /// From 0 to just below 1.
    fn phase(&mut self) -> f64 {
        if self.next == self.order.len() {
            self.random.shuffle(&mut self.order);
            self.next = 0;
        }
        let stratum = self.order[self.next];
        self.next += 1;
        (f64::from(stratum) + self.random.f64()) / f64::from(STRATA)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(10);

    #[test]
    fn every_32_moments_hit_every_part_of_the_interval_once() {
        let mut moments = Moments::new(INTERVAL, 1);
        for _ in 0..100 {
            let mut hit: Vec<u32> = (0..STRATA)
                .map(|_| {
                    let phase = moments.next_moment().as_nanos() % INTERVAL.as_nanos();
                    u32::try_from(phase * u128::from(STRATA) / INTERVAL.as_nanos()).unwrap()
                })
                .collect();
            hit.sort_unstable();
            assert_eq!(hit, (0..STRATA).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_whole_interval_lies_between_two_moments() {
        let mut moments = Moments::new(INTERVAL, 3);
        let mut last = Duration::ZERO;
        for _ in 0..1000 {
            let next = moments.next_moment();
            assert!(next >= last + INTERVAL, "{last:?} {next:?}");
            last = next;
        }
    }

    #[test]
    fn another_seed_yields_other_moments() {
        let sequence = |seed| {
            let mut moments = Moments::new(INTERVAL, seed);
            (0..STRATA)
                .map(|_| moments.next_moment())
                .collect::<Vec<_>>()
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
    }
}
