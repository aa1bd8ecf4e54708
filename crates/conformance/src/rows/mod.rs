//! The rows: each file has those of one part of the protocol.
//!
//! A row starts the program, brings it into a state, and panics with what is wrong. Starting a
//! program and the layout of an object do not belong here.

mod attaching;
mod bus;
mod calls;
mod gaps;
mod hostile;
mod kills;
mod leaving;
mod ours;
mod passing;
mod refusing;
mod restarting;
mod states;
mod truncating;
mod verdicts;
mod waking;

use shm_mailbox::Role;

use crate::Kit;
use crate::report::Outcome;

/// One promise of the protocol.
pub(crate) struct Row {
    role: Role,
    what: String,
    run: Run,
}

/// Brings the program into a state, and panics if it breaks the promise.
type Run = Box<dyn Fn(&Kit, Role) -> Outcome>;

impl Row {
    /// The role of the program under test, and what it promises.
    pub(crate) fn name(&self) -> String {
        let verb = match self.role {
            Role::Sender => "send",
            Role::Receiver => "receive",
        };
        format!("{verb}: {}", self.what)
    }

    pub(crate) fn run(&self, kit: &Kit) -> Outcome {
        (self.run)(kit, self.role)
    }
}

/// All rows, in the order in which they run.
pub(crate) fn all() -> Vec<Row> {
    let parts = [
        attaching::rows(),
        refusing::rows(),
        passing::rows(),
        restarting::rows(),
        leaving::rows(),
        verdicts::rows(),
        waking::rows(),
        gaps::rows(),
        states::rows(),
        kills::rows(),
        calls::rows(),
        hostile::rows(),
        truncating::rows(),
        bus::rows(),
    ];
    parts.into_iter().flatten().collect()
}

const BOTH: [Role; 2] = [Role::Sender, Role::Receiver];

/// A promise of one role.
fn one(role: Role, what: impl Into<String>, run: fn(&Kit) -> Outcome) -> Row {
    Row {
        role,
        what: what.into(),
        run: Box::new(move |kit, _| run(kit)),
    }
}

/// A promise of both roles.
fn both(what: &str, run: fn(&Kit, Role) -> Outcome) -> [Row; 2] {
    BOTH.map(|role| Row {
        role,
        what: what.to_owned(),
        run: Box::new(run),
    })
}
