//! The peer acts between any two instructions of a wait: no wake-up is lost.

use std::sync::atomic::Ordering;

use shm_mailbox::{Message, Role};
use test_support::Name;

use super::ours::Ours;
use super::waking::futex_wait;
use super::{Row, both, ours};
use crate::Kit;
use crate::object::{Image, Raw};
use crate::program::{Form, LIMIT, Stop, Traced, can_step, is_reading, sending};
use crate::report::Outcome;

/// How many gaps the short form tests: the last before the sleep.
const GAPS: usize = 60;
/// How far before the announcement the last test of a wait may be, in instructions.
const BEFORE: usize = 200;

pub(super) fn rows() -> Vec<Row> {
    both(
        "sleeps through nothing that comes between two instructions",
        every_gap,
    )
    .into()
}

fn every_gap(kit: &Kit, role: Role) -> Outcome {
    if !can_step() {
        return Outcome::Skipped("ptrace on x86-64");
    }
    let name = Name::new();
    let queued = u64::from(role == Role::Sender);
    Image::with(1, 1, 0, queued).create(&name);
    let mut waiter = Waiter {
        traced: Traced::attach(&kit.program, role, &name, Form::of(1)),
        raw: Raw::new(&name),
        peer: None,
        role,
        next: queued,
    };
    waiter.peer = Some(Ours::opposite(role, &name));
    // The first time, functions of other libraries are looked up as well.
    waiter.path();
    let (announced, asleep) = waiter.path();
    let first = announced.saturating_sub(BEFORE);
    let step = match kit.is_long {
        true => 1,
        false => (asleep - first).div_ceil(GAPS).max(1),
    };
    for gap in (first..asleep).step_by(step) {
        waiter.round(gap);
    }
    Outcome::Ok
}

struct Waiter {
    traced: Traced,
    raw: Raw,
    peer: Option<Ours>,
    role: Role,
    /// The number of its next message.
    next: u64,
}

impl Waiter {
    /// Is about to read a command, and reads it.
    fn begin(&mut self) {
        let command = match self.role {
            // Each instruction of reading it would be stepped, again and again.
            Role::Sender => sending(b""),
            Role::Receiver => "show".to_owned(),
        };
        self.traced.read_command(&command);
    }

    fn provide(&mut self) {
        match self.peer.as_mut().expect("it has attached") {
            Ours::Sender(sender) => ours::give(sender),
            Ours::Receiver(receiver) => {
                let received = receiver.recv_timeout(&mut Message::new(), LIMIT);
                received.expect("our receiver receives");
            }
        }
    }

    /// One step: an instruction, or the entry or the exit of a system call. True at the entry of a
    /// sleep.
    fn step(&mut self) -> bool {
        if self.traced.is_inside() || !self.traced.step() {
            match self.traced.run_to_system_call() {
                Stop::Entry(number, arguments) => {
                    assert!(!is_reading(number, arguments[0]), "it does not wait");
                    return futex_wait(number, &arguments).is_some();
                }
                Stop::Exit => {}
                Stop::Ended => panic!("it ended while its peer was attached"),
            }
        }
        false
    }

    /// A wait without a disturbance: how many steps to the announcement, and how many to the sleep.
    fn path(&mut self) -> (usize, usize) {
        self.begin();
        let mut announced = None;
        let mut steps = 1;
        while !self.step() {
            if announced.is_none() && self.raw.parked(self.role).load(Ordering::SeqCst) == 1 {
                announced = Some(steps);
            }
            steps += 1;
        }
        self.provide();
        self.finish();
        (announced.expect("its flag is 1 when it sleeps"), steps)
    }

    /// A wait in which the peer acts after `gap` steps.
    fn round(&mut self, gap: usize) {
        self.begin();
        for _ in 0..gap {
            if self.step() {
                break;
            }
        }
        self.provide();
        self.finish();
    }

    /// Lets it run to its next command, without another sleep.
    fn finish(&mut self) {
        // The sleep that it is about to enter ends at once, because its flag was cleared.
        let entry = loop {
            let wanted = |number, arguments: &[u64; 6]| {
                is_reading(number, arguments[0]) || futex_wait(number, arguments).is_some()
            };
            let Some((number, arguments)) = self.traced.run_to_entry(wanted) else {
                panic!("it ended while its peer was attached");
            };
            let Some((_, value)) = futex_wait(number, &arguments) else {
                break number;
            };
            let flag = self.raw.parked(self.role).load(Ordering::SeqCst);
            assert!(
                flag != value,
                "it goes to sleep although its peer has acted"
            );
        };
        assert_eq!(entry, libc::SYS_read);
        match self.role {
            Role::Sender => assert_eq!(self.traced.end.sent(), self.next),
            Role::Receiver => {
                ours::was_shown(&mut self.traced.end, self.next);
                self.traced.read_command("ack");
                self.traced.run_to_command();
                self.traced.end.acknowledged();
            }
        }
        self.next += 1;
    }
}
