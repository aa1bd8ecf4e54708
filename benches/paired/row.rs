//! One row of the table: contenders, their slices in turns, and what they are compared for.

use std::time::Duration;

use serde::Serialize;
use shm_core::ShmName;

use super::comparison::{Comparison, ComparisonResult};
use super::contender::{Contender, Follow, Leader};
use super::control::Control;
use super::fork::{SignalsHeld, fork};
use super::placement::{Cores, Pinned, Placement};
use super::turns::{ContenderResult, Turns};

/// A row before it is measured.
#[derive(Debug)]
pub struct Row {
    /// `QUANTITY/STRATEGY/…`, without the placement.
    pub name: String,
    /// Where the two processes run.
    pub placement: Placement,
    /// Who takes turns. A raw line among them is called `line`.
    pub contenders: Vec<Contender>,
    /// What is compared.
    pub comparisons: Vec<Comparison>,
}

/// How much time a measurement may take.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often each contender has its turn.
    pub rounds: usize,
    /// How long a turn is.
    pub slice: Duration,
    /// Whether slow contenders, which have slices of their own, get those, or as little as possible.
    pub full: bool,
}

/// A row after it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct RowResult {
    /// The row's name.
    pub name: String,
    /// Where the two processes ran.
    pub placement: String,
    /// In the row's order.
    pub contenders: Vec<ContenderResult>,
    /// In the row's order.
    pub comparisons: Vec<ComparisonResult>,
}

impl Row {
    /// The row's name with its placement, which the command line selects by.
    pub fn full_name(&self) -> String {
        format!(
            "{}/{}",
            self.name,
            self.placement.to_string().replace(' ', "-")
        )
    }

    /// Measures; `None` if the machine has too few cores.
    ///
    /// # Panics
    ///
    /// If a system call fails, or words got lost on the way.
    pub fn measure(self, effort: Effort) -> Option<RowResult> {
        let cores = Cores::of_this_process();
        if !cores.allow(self.placement) {
            return None;
        }
        let control = Control::new();
        let signals = SignalsHeld::new();
        let mut objects = Vec::new();
        let (mut leads, mut follows) = (Vec::new(), Vec::new());
        let (mut results, mut slices) = (Vec::new(), Vec::new());
        for contender in self.contenders {
            leads.push(contender.lead);
            follows.push(contender.follow);
            objects.extend(contender.objects);
            slices.push(match contender.slice {
                Some(slice) if effort.full => slice,
                _ => effort.slice,
            });
            results.push(Turns::new(contender.name));
        }
        let leftovers = Named(objects.clone());
        let follow = || {
            cores.place_follower(self.placement);
            let mut halves: Vec<Box<dyn Follow>> = Vec::new();
            control.follow(|_| {
                halves.extend(follows.into_iter().map(|make| make()));
                0
            });
            // The copy of `signals` in this process is never dropped: it dies with its parent, not before.
            loop {
                control.follow(|contender| halves[contender].follow());
            }
        };
        let child = fork(follow, || drop(leftovers));
        cores.place_leader(self.placement);
        let pinned = Pinned(&cores);
        let objects = Named(objects);
        let mut leaders: Vec<Leader> = leads.into_iter().map(|make| Leader::new(make())).collect();
        control.order(0);
        control.wait();
        // From here on nothing of this is in /dev/shm, whatever happens.
        drop(objects);
        drop(signals);

        // The first round warms up, and finds the strides.
        for round in 0..=effort.rounds {
            for turn in 0..leaders.len() {
                // There and back, so that a machine that gets slower or faster favours nobody.
                let turn = if round % 2 == 0 {
                    turn
                } else {
                    leaders.len() - 1 - turn
                };
                control.order(turn);
                let led = leaders[turn].slice(slices[turn]);
                let followed = control.wait();
                let name = &results[turn].name;
                assert_eq!(led.sum, followed.sum, "{name}: words were lost on the way");
                if round > 0 {
                    results[turn].add(led, followed.processor);
                }
            }
        }
        drop(child);
        drop(leaders);
        drop(pinned);

        let contenders: Vec<_> = results.into_iter().map(Turns::summarise).collect();
        let compare = |comparison: &Comparison| comparison.apply(&contenders);
        Some(RowResult {
            name: self.name,
            placement: self.placement.to_string(),
            comparisons: self.comparisons.iter().map(compare).collect(),
            contenders,
        })
    }
}

/// Objects that lose their names when this is dropped.
struct Named(Vec<String>);

impl Drop for Named {
    fn drop(&mut self) {
        for name in self.0.iter().filter_map(|name| ShmName::new(name).ok()) {
            // One that was never made, after a failure, is gone already.
            let _ = shm_core::unlink(&name);
        }
    }
}
