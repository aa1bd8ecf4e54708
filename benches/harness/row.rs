//! One row of the table: contenders, their slices in turns, and what they are compared for.

use std::time::Duration;

use serde::Serialize;
use shm_cli::measure::peer::unlink;
use shm_cli::measure::placement::{self, Pinned, Placement};
use shm_core::ShmName;

use super::comparison::{Comparison, ComparisonResult};
use super::contender::{Contender, Leader};
use super::control::Control;
use super::drive::Follow;
use super::fork::{SignalsHeld, fork};
use super::turns::ContenderResult;

/// A row before it is measured.
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
    /// Whether slow contenders, which have slices of their own, get those, or as little as
    /// possible.
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
            self.placement.in_short().replace(' ', "-")
        )
    }

    /// Measures; `None` if the machine has too few cores.
    ///
    /// # Panics
    ///
    /// If a system call fails, or words got lost on the way.
    pub fn measure(self, effort: Effort) -> Option<RowResult> {
        let chosen = placement::choose(Some(self.placement)).expect("ask for the cores");
        let (_, cores) = chosen?;
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
            results.push((contender.name, Vec::new()));
        }
        let leftovers = Named(objects.clone());
        let follow = || {
            placement::pin(cores.peer).expect("pin the other process");
            let mut halves: Vec<Box<dyn Follow>> = Vec::new();
            control.follow(|_| {
                halves.extend(follows.into_iter().map(|make| make()));
                0
            });
            // The copy of `signals` in this process is never dropped: it dies with its parent, not
            // before.
            loop {
                control.follow(|contender| halves[contender].follow());
            }
        };
        let child = fork(follow, || drop(leftovers));
        let pinned = Pinned::to(cores.here).expect("pin this process");
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
                // Forwards and then backwards, so that a machine that gets slower or faster favours
                // none.
                let turn = if round % 2 == 0 {
                    turn
                } else {
                    leaders.len() - 1 - turn
                };
                control.order(turn);
                let led = leaders[turn].slice(slices[turn]);
                let followed = control.wait();
                let (name, turns) = &mut results[turn];
                assert_eq!(led.sum, followed.sum, "{name}: words were lost on the way");
                if round > 0 {
                    turns.push((led, followed.processor));
                }
            }
        }
        drop(child);
        drop(leaders);
        drop(pinned);

        let results = results.into_iter();
        let contenders = results.map(|(name, turns)| ContenderResult::of(name, &turns));
        let contenders: Vec<_> = contenders.collect();
        let compare = |comparison: &Comparison| comparison.apply(&contenders);
        Some(RowResult {
            name: self.name,
            placement: self.placement.in_short().to_owned(),
            comparisons: self.comparisons.iter().map(compare).collect(),
            contenders,
        })
    }
}

/// Objects that lose their names when this is dropped.
struct Named(Vec<ShmName>);

impl Drop for Named {
    fn drop(&mut self) {
        // One that was never made, after a failure, has no name.
        unlink(&self.0);
    }
}
