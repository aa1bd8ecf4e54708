//! The sender's note after every instruction of writing it: the former one, none, or the new one.

use shm_mailbox::Sender;

use crate::stepping::console::{Console, Phase};
use crate::stepping::tracee::{self, Tracee};
use crate::support::{Name, seen};

/// More instructions than the call needs.
const MOST: u64 = 10_000;
const OLD: [u64; 3] = [1, 2, 3];
/// Notes that differ in one word, in all words, and in none.
const NEW: [[u64; 3]; 3] = [[1, 2, 4], [u64::MAX, 0, 7], OLD];

#[test]
fn a_sender_killed_after_any_instruction_leaves_the_old_note_or_none_or_the_new_one() {
    if !tracee::can_step() {
        return;
    }
    let mut points = 0;
    for new in NEW {
        points += examine(new).unwrap_or_else(|reason| panic!("{new:?}: {reason}"));
    }
    println!("notes: {points} points, 0 mixtures");
    assert!(points >= 30);
}

/// Steps through one call, and reads the note after each instruction as any process may.
fn examine(new: [u64; 3]) -> Result<u64, String> {
    let name = Name::new();
    let mut sender = name.sender();
    sender.set_note(OLD).map_err(|error| error.to_string())?;
    sender.keep().map_err(|error| error.to_string())?;
    let console = Console::new();
    let body = || {
        let mut sender = name.options().sender().map_err(|error| error.to_string())?;
        write(&mut sender, new, &console)
    };
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    // The progress of the note: each state once, in this order.
    let states = [Some(OLD), None, Some(new)];
    let mut state = 0;
    let steps = tracee.step_through(MOST, |_, step| {
        let note = seen(&name).note;
        if note == states[state] {
            return Ok(());
        }
        state += 1;
        match states.get(state) {
            Some(expected) if *expected == note => Ok(()),
            _ => Err(format!("after instruction {step}: {note:?}")),
        }
    })?;
    tracee.run_to(Phase::End)?;
    tracee.finish()?;
    match state {
        2 => Ok(steps + 1),
        _ => Err(format!("the note is still {:?}", states[state])),
    }
}

/// The child.
fn write(sender: &mut Sender, new: [u64; 3], console: &Console) -> Result<(), String> {
    console.mark(Phase::Begin);
    let result = sender.set_note(new);
    console.mark(Phase::End);
    result.map_err(|error| error.to_string())
}
