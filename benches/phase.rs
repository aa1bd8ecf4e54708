//! When to send: moments at stratified random phase, so that no poll's rhythm is hit or missed by habit.
//!
//! A sender that answers, or that sends in a rhythm of its own, locks to the phase of the receiver's poll, and
//! then every message waits equally long. Independent random phases do not, but take thousands of
//! messages to fill the interval evenly. Stratified ones fill it evenly with every 32.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn strata(phases: &mut Phases) -> Vec<u32> {
        let stratum = |phase: f64| {
            assert!((0.0..1.0).contains(&phase), "{phase}");
            (0..STRATA)
                .rfind(|&stratum| f64::from(stratum) / f64::from(STRATA) <= phase)
                .expect("the first stratum starts at 0")
        };
        (0..STRATA).map(|_| stratum(phases.next_phase())).collect()
    }

    #[test]
    fn every_32_phases_hit_every_stratum_once() {
        let mut phases = Phases::new(1);
        for _ in 0..100 {
            let mut hit = strata(&mut phases);
            hit.sort_unstable();
            assert_eq!(hit, (0..STRATA).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_order_of_the_strata_differs_from_round_to_round() {
        let mut phases = Phases::new(1);
        assert_ne!(strata(&mut phases), strata(&mut phases));
    }

    #[test]
    fn the_mean_phase_is_a_half() {
        let mut phases = Phases::new(7);
        let sum: f64 = (0..3200).map(|_| phases.next_phase()).sum();
        assert!((sum / 3200.0 - 0.5).abs() < 0.005, "{sum}");
    }

    #[test]
    fn the_same_seed_yields_the_same_phases() {
        let (mut one, mut other) = (Phases::new(3), Phases::new(3));
        assert_eq!(strata(&mut one), strata(&mut other));
    }
}
