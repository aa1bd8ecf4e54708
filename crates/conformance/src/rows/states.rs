//! The memory after every instruction of sending and acknowledging. This library's endpoints and
//! the program's own resume from each state.

use shm_mailbox::Role;
use test_support::Name;

use super::{Row, one, ours};
use crate::Kit;
use crate::object::{Image, Raw, content};
use crate::program::{Form, Stop, Traced, can_step, is_reading, sending};
use crate::report::Outcome;

/// More instructions than a command takes.
const MOST: usize = 3_000_000;
const SLOTS: u32 = 2;
const HOT: u32 = 1;

pub(super) fn rows() -> Vec<Row> {
    vec![
        one(
            Role::Sender,
            "may be killed after any instruction of sending",
            sends,
        ),
        one(
            Role::Receiver,
            "may be killed after any instruction of acknowledging",
            acknowledges,
        ),
    ]
}

/// The states through which a command takes the object, each once, with the number of instructions
/// before it.
fn states(traced: &mut Traced, raw: &Raw, command: &str) -> Vec<(usize, Vec<u8>)> {
    let mut states = vec![(0, raw.bytes())];
    let mut now = raw.bytes();
    traced.read_command(command);
    for count in 1..MOST {
        if traced.is_inside() || !traced.step() {
            match traced.run_to_system_call() {
                Stop::Entry(number, arguments) if is_reading(number, arguments[0]) => {
                    return states;
                }
                Stop::Ended => panic!("it ended in the middle of {command:?}"),
                _ => {}
            }
        }
        raw.read(&mut now);
        if states.last().is_some_and(|(_, last)| *last != now) {
            states.push((count, now.clone()));
        }
    }
    panic!("{command:?} takes more than {MOST} instructions");
}

/// A copy of a state under another name.
fn copy(state: &[u8]) -> Name {
    let name = Name::new();
    let mut image = Image::new(SLOTS, HOT);
    image.bytes = state.to_vec();
    image.create(&name);
    name
}

/// Both of our endpoints resume from a state. Returns how many messages were acknowledged, and how
/// many committed.
#[track_caller]
fn judge(state: &[u8], at: &str) -> (u64, u64) {
    let name = copy(state);
    let sender = ours::options(&name).sender();
    let mut sender = sender.unwrap_or_else(|error| panic!("{at}, our sender: {error}"));
    let receiver = ours::options(&name).receiver();
    let mut receiver = receiver.unwrap_or_else(|error| panic!("{at}, our receiver: {error}"));
    let found = (receiver.acknowledged(), sender.committed());
    ours::take_all(&mut receiver, found.0..found.1);
    ours::give(&mut sender);
    ours::take_all(&mut receiver, found.1..found.1 + 1);
    found
}

fn sends(kit: &Kit) -> Outcome {
    if !can_step() {
        return Outcome::Skipped("ptrace on x86-64");
    }
    for queued in 0..u64::from(SLOTS) {
        let name = Name::new();
        let number = number_of_some_bytes();
        let first = number - queued;
        Image::with(SLOTS, HOT, first, number).create(&name);
        let mut traced = Traced::attach(&kit.program, Role::Sender, &name, Form::of(SLOTS));
        let raw = Raw::new(&name);
        let states = states(&mut traced, &raw, &sending(&content(number)));
        let mut committed = number;
        for (count, state) in states {
            let at = format!("killed after instruction {count}");
            let found = judge(&state, &at);
            assert_eq!(found.0, first, "{at}: how many were acknowledged");
            let range = committed..=number + 1;
            assert!(
                range.contains(&found.1),
                "{at}: {} messages, not {range:?}",
                found.1
            );
            committed = found.1;
            restart(kit, &state, found, &at);
        }
        assert_eq!(
            committed,
            number + 1,
            "how many messages are committed when it has sent"
        );
    }
    Outcome::Ok
}

/// A message that takes several stores, and not too many instructions to be read.
fn number_of_some_bytes() -> u64 {
    let mut numbers = (100..).filter(|&number| (24..40).contains(&content(number).len()));
    numbers.next().expect("many messages are so long")
}

/// The program's own sender resumes from a state.
fn restart(kit: &Kit, state: &[u8], found: (u64, u64), at: &str) {
    let name = copy(state);
    let (mut end, number) = kit.program.attach(Role::Sender, &name, Form::of(SLOTS));
    assert_eq!(number, found.1, "{at}: where it resumes");
    let mut receiver = ours::receiver(&name);
    if found.0 < found.1 {
        ours::take(&mut receiver, found.0);
    }
    assert_eq!(end.send(&content(number)), number);
    for number in (found.0 + 1).min(found.1)..=number {
        ours::take(&mut receiver, number);
    }
    end.close();
}

fn acknowledges(kit: &Kit) -> Outcome {
    if !can_step() {
        return Outcome::Skipped("ptrace on x86-64");
    }
    for shows in 1..=2 {
        let name = Name::new();
        Image::with(SLOTS, HOT, 7, 9).create(&name);
        let mut traced = Traced::attach(&kit.program, Role::Receiver, &name, Form::of(SLOTS));
        let raw = Raw::new(&name);
        let mut all = Vec::new();
        for number in 7..7 + shows {
            let states = states(&mut traced, &raw, "show");
            ours::was_shown(&mut traced.end, number);
            all.extend(
                states
                    .into_iter()
                    .map(|(count, state)| (count, state, 7..=7)),
            );
        }
        let states = states(&mut traced, &raw, "ack");
        assert_eq!(traced.end.acknowledged(), 7 + shows);
        all.extend(
            states
                .into_iter()
                .map(|(count, state)| (count, state, 7..=7 + shows)),
        );
        let mut acknowledged = 7;
        for (count, state, range) in all {
            let at = format!("killed after instruction {count}");
            let found = judge(&state, &at);
            assert_eq!(found.1, 9, "{at}: how many were committed");
            let possible = range.contains(&found.0) && found.0 >= acknowledged;
            assert!(possible, "{at}: {} acknowledged, not {range:?}", found.0);
            acknowledged = found.0;
        }
        assert_eq!(
            acknowledged,
            7 + shows,
            "how many are acknowledged after it has said so"
        );
    }
    Outcome::Ok
}
