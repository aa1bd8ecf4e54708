//! The object after every instruction of creating, attaching and closing is one that both roles can
//! attach to, with the messages that were in it.

use std::collections::HashSet;

use crate::stepping::console::{Console, Phase};
use crate::stepping::lifecycle::{Case, SLOTS, Step};
use crate::stepping::queue::Queue;
use crate::stepping::restart::Copy;
use crate::stepping::tracee::{self, Tracee};
use crate::support::raw;

/// More instructions than any of these calls needs.
const MOST: u64 = 2_000_000;

#[test]
fn an_endpoint_killed_after_any_instruction_of_attaching_or_closing_leaves_a_mailbox() {
    if !tracee::can_step() {
        return;
    }
    let (mut points, mut distinct) = (0, 0);
    // An attached peer changes nothing in what is written.
    let cases: Vec<Case> = Case::all().into_iter().filter(|case| !case.peer).collect();
    for &case in &cases {
        match examine(case) {
            Ok(count) => {
                points += count.0;
                distinct += count.1;
            }
            Err(reason) => panic!("{case:?}: {reason}"),
        }
    }
    println!(
        "create, attach, close, keep: {points} points in {} calls, {distinct} distinct states, 0 torn",
        cases.len()
    );
    assert!(points >= 20_000);
}

/// Whether a mailbox that its last sender asked to keep, as in all of these cases, looks as if that
/// sender had closed without asking.
fn forgets_that_it_was_kept(bytes: &[u8]) -> bool {
    let sender_has_closed = bytes[raw::SENDER_LIFE] & 1 == 1;
    sender_has_closed && bytes[raw::SENDER_KEPT] == 0
}

/// Steps through one call; how many points there were, and how many states that differ.
fn examine(case: Case) -> Result<(u64, usize), String> {
    let (_bench, queue, name) = case.prepare();
    let console = Console::new();
    let options = name.options().slots(SLOTS);
    let body = || case.run(options, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;

    let copy = Copy::new(SLOTS);
    let mut judged = HashSet::new();
    let mut last = None;
    let steps = tracee.step_through(MOST, |_, step| {
        let bytes = name.bytes();
        if step > 1 && last == bytes {
            return Ok(());
        }
        last.clone_from(&bytes);
        if case.step == Step::Attach && bytes.as_deref().is_some_and(forgets_that_it_was_kept) {
            return Err(format!(
                "after instruction {step}: whoever leaves removes the mailbox"
            ));
        }
        // Without a name there is nothing in it: only an empty mailbox is unlinked, or not yet
        // made.
        let gone = bytes.is_none() && queue.len() == 0;
        let states = if gone {
            [Queue::default()]
        } else {
            [queue.clone()]
        };
        if judged.insert(bytes) {
            copy.judge(last.as_deref(), &states)
                .map_err(|reason| format!("after instruction {step}: {reason}"))?;
        }
        Ok(())
    })?;
    tracee.run_to(Phase::End)?;
    tracee.finish()?;
    Ok((steps, judged.len()))
}
