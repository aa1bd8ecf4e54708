//! When to send: moments at stratified random phase, so that no poll's rhythm is hit or missed by
//! habit.
//!
//! A sender that answers, or that sends in a rhythm of its own, locks to the phase of the
//! receiver's poll, and then every message waits equally long. Independent random phases do not,
//! but take thousands of messages to fill the interval evenly. Stratified ones fill it evenly with
//! every 32.

use std::time::Duration;

use fastrand::Rng;

/// Equal parts of the interval. Each is hit once before any is hit again.
pub const STRATA: u32 = 32;

/// An endless sequence of phases, from 0 to just below 1; the same seed yields the same sequence.
#[derive(Clone, Debug)]
pub struct Phases {
    order: Vec<u32>,
    next: usize,
    random: Rng,
}

impl Phases {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self {
            order: (0..STRATA).collect(),
            // At the end: the first phase shuffles.
            next: STRATA as usize,
            random: Rng::with_seed(seed),
        }
    }

    /// The next phase.
    pub fn next_phase(&mut self) -> f64 {
        if self.next == self.order.len() {
            self.random.shuffle(&mut self.order);
            self.next = 0;
        }
        let stratum = self.order[self.next];
        self.next += 1;
        (f64::from(stratum) + self.random.f64()) / f64::from(STRATA)
    }
}

/// An endless sequence of moments at such phases of an interval.
#[derive(Clone, Debug)]
pub struct Moments {
    interval: Duration,
    count: u32,
    phases: Phases,
}

impl Moments {
    /// Starts a sequence.
    pub fn new(interval: Duration, seed: u64) -> Self {
        Self {
            interval,
            count: 0,
            phases: Phases::new(seed),
        }
    }

    /// The next moment, counted from the beginning.
    ///
    /// It lies in the second of each two intervals, so that a whole one lies between two moments,
    /// and the last message has been received by a poll that looks once an interval.
    pub fn next_moment(&mut self) -> Duration {
        self.count += 1;
        let grid = self.interval * (2 * self.count - 1);
        grid + self.interval.mul_f64(self.phases.next_phase())
    }
}

/// Whether messages at such phases can have waited so long on average, in intervals of a poll.
///
/// A message that comes at any time waits half an interval. Below 1 ms the timer's slack counts.
pub fn is_plausible(interval: Duration, mean: f64) -> bool {
    interval < Duration::from_millis(1) || (0.4..=0.7).contains(&mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(10);

    /// The part of the interval that each of the next 32 moments lies in.
    fn strata(moments: &mut Moments) -> Vec<u32> {
        let mut stratum = || {
            let phase = moments.next_moment().as_nanos() % INTERVAL.as_nanos();
            u32::try_from(phase * u128::from(STRATA) / INTERVAL.as_nanos()).unwrap()
        };
        (0..STRATA).map(|_| stratum()).collect()
    }

    #[test]
    fn every_32_moments_hit_every_part_of_the_interval_once() {
        let mut moments = Moments::new(INTERVAL, 1);
        for _ in 0..100 {
            let mut hit = strata(&mut moments);
            hit.sort_unstable();
            assert_eq!(hit, (0..STRATA).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_order_differs_from_round_to_round_and_from_seed_to_seed() {
        let [mut one, mut same, mut other] = [1, 1, 2].map(|seed| Moments::new(INTERVAL, seed));
        let first = strata(&mut one);
        assert_eq!(first, strata(&mut same));
        assert_ne!(first, strata(&mut other));
        assert_ne!(first, strata(&mut one));
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
    fn the_mean_phase_is_a_half() {
        let mut phases = Phases::new(7);
        let sum: f64 = (0..3200).map(|_| phases.next_phase()).sum();
        assert!((sum / 3200.0 - 0.5).abs() < 0.005, "{sum}");
    }
}
