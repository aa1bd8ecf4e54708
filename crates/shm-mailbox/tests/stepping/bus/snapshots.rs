//! The shared bytes after every instruction of every step are a state that the step may leave
//! behind, and no step goes back.

use std::collections::HashMap;

use crate::stepping::bus::copy::Copy;
use crate::stepping::bus::step::Step;
use crate::stepping::console::{Console, Phase};
use crate::stepping::tracee::{self, Tracee};

/// More instructions than any step needs.
const MOST: u64 = 2_000_000;

#[test]
fn an_end_of_a_bus_killed_after_any_instruction_leaves_a_state_that_its_call_allows() {
    if !tracee::can_step() {
        return;
    }
    let (mut points, mut distinct) = (0, 0);
    for step in Step::ALL {
        match examine(step) {
            Ok(count) => {
                points += count.0;
                distinct += count.1;
            }
            Err(reason) => panic!("{step:?}: {reason}"),
        }
    }
    println!(
        "on a bus: {points} points in {} calls, {distinct} distinct states, 0 torn",
        Step::ALL.len()
    );
    assert!(points >= 20_000);
}

/// Steps through one call; how many points there were, and how many states that differ.
fn examine(step: Step) -> Result<(u64, usize), String> {
    let mut bench = step.bench();
    step.prepare(&mut bench)?;
    let console = Console::new();
    let body = || step.run(&bench.name, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    step.begin(&mut bench);

    let copy = Copy::new();
    let states = step.states(bench.state());
    let mut judged = HashMap::new();
    let mut state = 0;
    let (mut last, mut now) = (Vec::new(), bench.view.bytes());
    let mut look = |at: u64| {
        bench.view.read(&mut now);
        if now == last {
            return Ok(());
        }
        last.clone_from(&now);
        let found = match judged.get(&now) {
            Some(&found) => found,
            None => {
                let held = copy.judge(&now);
                let held = held.map_err(|reason| format!("after instruction {at}: {reason}"))?;
                let found = states.iter().position(|state| *state == held);
                found.ok_or_else(|| format!("after instruction {at}: {held:?} of {states:?}"))?
            }
        };
        if found < state {
            return Err(format!(
                "after instruction {at}: from state {state} to {found}"
            ));
        }
        state = found;
        judged.insert(now.clone(), found);
        Ok(())
    };
    look(0)?;
    let steps = tracee.step_through(MOST, |_, step| look(step))?;
    tracee.run_to(Phase::End)?;
    look(steps + 1)?;
    if state + 1 != states.len() {
        return Err(format!("it left state {state} behind"));
    }
    let distinct = judged.len();
    tracee.finish()?;
    Ok((steps, distinct))
}
