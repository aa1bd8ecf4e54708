//! A real SIGKILL after every instruction of every step, while others are attached to the bus. They
//! continue past the dead.

use shm_mailbox::AttachError;

use crate::stepping::bus::bench::{Bench, KEPT_AT, options};
use crate::stepping::bus::state::State;
use crate::stepping::bus::step::Step;
use crate::stepping::console::{Console, Phase};
use crate::stepping::path::Path;
use crate::stepping::tracee::{self, Tracee};
use crate::support::is_torture;

/// About how many kills the short form has for one step.
const SHORT: usize = 40;

#[test]
fn nobody_waits_for_an_end_of_a_bus_that_is_really_killed_anywhere() {
    if !tracee::can_step() {
        return;
    }
    let mut kills = 0;
    for step in Step::ALL {
        // If the others are away, no process waits.
        if !matches!(step, Step::JoinAlone | Step::LeaveLast) {
            match run(step) {
                Ok(count) => kills += count,
                Err(reason) => panic!("{step:?}: {reason}"),
            }
        }
    }
    println!("on a bus: {kills} kills, 0 ends held up, 0 messages lost");
    assert!(kills >= 500);
}

/// Kills the step after 0, 1, 2, … instructions.
fn run(step: Step) -> Result<usize, String> {
    let mut bench = step.bench();
    bench.go_on()?;
    let (path, states) = make(step, &mut bench, Path::record)?;
    settle(step, &mut bench, &states)?;
    let stride = match is_torture() {
        true => 1,
        false => (path.points() / SHORT).max(1),
    };
    let mut kills = 0;
    for instructions in (0..path.points()).step_by(stride) {
        let at = |reason| format!("killed after instruction {instructions}: {reason}");
        let made = make(step, &mut bench, |tracee| path.follow(tracee, instructions));
        let (reached, states) = made.map_err(at)?;
        kills += usize::from(reached);
        settle(step, &mut bench, &states).map_err(at)?;
    }
    Ok(kills)
}

/// A child makes the step until `stop` ends it, and is killed there. Also returns the states that
/// it may leave behind.
fn make<T>(
    step: Step,
    bench: &mut Bench,
    stop: impl FnOnce(&mut Tracee) -> Result<T, String>,
) -> Result<(T, Vec<State>), String> {
    if step == Step::AttachSender {
        bench.detach_sender(2);
    }
    step.prepare(bench)?;
    let console = Console::new();
    let body = || step.run(&bench.name, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    step.begin(bench);
    let states = step.states(bench.state());
    let outcome = stop(&mut tracee)?;
    // Killed, and waited for.
    drop(tracee);
    Ok((outcome, states))
}

/// The others continue from a state that is allowed. A label that was just given is forgotten
/// first.
fn settle(step: Step, bench: &mut Bench, states: &[State]) -> Result<(), String> {
    bench.attach_senders()?;
    let found = bench.state();
    let is_allowed = |state: &State| {
        state.committed == found.committed
            && state.places.get(&KEPT_AT) == found.places.get(&KEPT_AT)
    };
    if !states.iter().any(is_allowed) {
        return Err(format!("it left {found:?}, allowed are {states:?}"));
    }
    if let Step::Join(_, Some(label)) = step {
        let back = options(&bench.name).label(label).receiver();
        let back = back.map_err(|error: AttachError| format!("{label:?}: {error}"))?;
        back.forget().map_err(|error| error.to_string())?;
    }
    bench.go_on()
}
