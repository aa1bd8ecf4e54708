//! Kills at every system call: the program leaves nothing, or a mailbox that the next process can
//! use.

use std::ops::Range;

use shm_mailbox::Role;
use test_support::Name;

use super::{Row, both, ours};
use crate::Kit;
use crate::object::{Image, content, word};
use crate::program::{Form, Stop, Traced, can_trace, sending};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    both(
        "leaves what the next end can use, killed at any system call",
        calls,
    )
    .into()
}

/// What the program does before it is killed at a system call: from which state, and by which
/// commands.
struct Case {
    what: &'static str,
    image: Option<Image>,
    commands: String,
}

fn cases(role: Role) -> Vec<Case> {
    let send = |numbers: Range<u64>, last: &str| {
        let mut text: String = numbers.map(|n| sending(&content(n)) + "\n").collect();
        text.push_str(last);
        text
    };
    let mut kept = Image::with(4, 2, 5, 7);
    kept.put_life(Role::Sender, 3);
    kept.put_half(word::KEPT, 1);
    let existing = Some(kept);
    match role {
        Role::Sender => vec![
            Case {
                what: "making and closing",
                image: None,
                commands: String::new(),
            },
            Case {
                what: "making, sending",
                image: None,
                commands: send(0..2, ""),
            },
            Case {
                what: "attaching, sending",
                image: existing.clone(),
                commands: send(7..9, ""),
            },
            Case {
                what: "attaching, keeping",
                image: existing,
                commands: "keep\n".to_owned(),
            },
            Case {
                what: "making, aborting",
                image: None,
                commands: "abort\n".to_owned(),
            },
        ],
        Role::Receiver => vec![
            Case {
                what: "making and closing",
                image: None,
                commands: String::new(),
            },
            Case {
                what: "attaching, acknowledging",
                image: existing,
                commands: "show\nack\nshow\n".to_owned(),
            },
        ],
    }
}

fn calls(kit: &Kit, role: Role) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    for case in cases(role) {
        let first = first_stop(kit, role, &case);
        for stops in first.. {
            let name = Name::new();
            let mut traced = start(kit, role, &case, &name);
            if (0..stops).any(|_| traced.run_to_system_call() == Stop::Ended) {
                break;
            }
            let mut answers = Vec::new();
            while let Some(answer) = traced.end.early_answer() {
                answers.push(answer);
            }
            traced.kill();
            let at = format!("{}, killed at stop {stops}", case.what);
            use_what_is_left(&name, &case, &answers, &at);
        }
    }
    Outcome::Ok
}

fn start(kit: &Kit, role: Role, case: &Case, name: &Name) -> Traced {
    if let Some(image) = &case.image {
        image.create(name);
    }
    let traced = Traced::start(
        &kit.program,
        role,
        name,
        Form {
            hot: 2,
            ..Form::of(4)
        },
    );
    let mut traced = traced.expect("it can be traced");
    traced.end.give(&case.commands);
    traced
}

/// The stop at which it first opens, makes or locks an object. Before that, the program is only
/// loaded.
fn first_stop(kit: &Kit, role: Role, case: &Case) -> u64 {
    let name = Name::new();
    let mut traced = start(kit, role, case, &name);
    for stops in 1.. {
        match traced.run_to_system_call() {
            // O_TMPFILE, without O_DIRECTORY; F_OFD_SETLK.
            Stop::Entry(number, arguments)
                if number == libc::SYS_openat && arguments[2] & 0o20_000_000 != 0
                    || number == libc::SYS_fcntl && arguments[1] == 37 =>
            {
                return stops - 1;
            }
            Stop::Ended => panic!("{}: it locks nothing", case.what),
            _ => {}
        }
    }
    unreachable!("it stops, or ends");
}

/// Both of our endpoints resume from what the program has left, and remove it.
#[track_caller]
fn use_what_is_left(name: &Name, case: &Case, answers: &[String], at: &str) {
    let attached = answers
        .iter()
        .filter(|answer| answer.starts_with("attached"))
        .count();
    let first = if case.image.is_some() { 5 } else { 0 };
    let before = if case.image.is_some() { 7 } else { 0 };
    let sent = answers
        .iter()
        .filter(|answer| answer.starts_with("sent"))
        .count();
    let taken = answers
        .iter()
        .filter(|answer| answer.starts_with("ack"))
        .count();
    if case.image.is_some() {
        assert!(name.exists(), "{at}: a mailbox with messages was unlinked");
    }
    if name.exists() && attached > 0 {
        assert!(name.sent() >= before, "{at}: `sent` went back");
    }
    let sender = ours::options(name).sender();
    let mut sender = sender.unwrap_or_else(|error| panic!("{at}, our sender: {error}"));
    let receiver = ours::options(name).receiver();
    let mut receiver = receiver.unwrap_or_else(|error| panic!("{at}, our receiver: {error}"));
    let (acknowledged, committed) = (receiver.acknowledged(), sender.committed());
    let promised = before + sent as u64;
    assert!(
        committed >= promised,
        "{at}: {committed} messages, {promised} were sent"
    );
    let promised = first + taken as u64;
    assert!(
        acknowledged >= promised,
        "{at}: {acknowledged} acknowledged, not {promised}"
    );
    ours::take_all(&mut receiver, acknowledged..committed);
    ours::give(&mut sender);
    ours::take_all(&mut receiver, committed..committed + 1);
    sender.close().expect("our sender closes");
    receiver.close().expect("our receiver closes");
    assert!(!name.exists(), "{at}: something is left");
}
