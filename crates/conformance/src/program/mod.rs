//! The program under test: how to start it, give it commands, trace it and end it.
//!
//! What a row expects from it does not belong here.

mod end;
mod status;
mod traced;

use std::ffi::OsString;
use std::process::Command;

use shm_mailbox::Role;
use test_support::Name;

pub(crate) use end::{End, LIMIT, Shown, sending};
pub use status::Status;
pub(crate) use traced::{Stop, Traced, can_step, can_trace, is_reading};

/// A command that runs one endpoint: the program, and arguments before those of the kit.
#[derive(Clone, Debug)]
pub struct Program {
    words: Vec<OsString>,
}

/// How the program is asked to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Block,
    Spin,
    Bell,
}

/// The options of one endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) slots: u32,
    pub(crate) hot: u32,
    pub(crate) how: How,
    /// The options of a bus; `None` for a mailbox.
    pub(crate) bus: Option<Seats>,
}

/// The options of one endpoint of a bus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seats {
    pub(crate) senders: u32,
    pub(crate) receivers: u32,
    pub(crate) label: Option<&'static str>,
    /// Whether a receiver joins with the oldest message.
    pub(crate) is_oldest: bool,
}

impl Form {
    /// Options with `slots` slots, and the default number of hot ones.
    pub(crate) fn of(slots: u32) -> Self {
        Self {
            slots,
            hot: slots.min(8),
            how: How::Block,
            bus: None,
        }
    }

    /// A bus of such rings, with these seats.
    pub(crate) fn bus(self, senders: u32, receivers: u32) -> Self {
        let seats = Seats {
            senders,
            receivers,
            label: None,
            is_oldest: false,
        };
        Self {
            bus: Some(seats),
            ..self
        }
    }

    /// On a bus: the same with a label.
    pub(crate) fn labelled(mut self, label: &'static str) -> Self {
        self.bus.as_mut().expect("a bus").label = Some(label);
        self
    }

    /// On a bus: a receiver that joins with the oldest message.
    pub(crate) fn oldest(mut self) -> Self {
        self.bus.as_mut().expect("a bus").is_oldest = true;
        self
    }

    /// The same, with another way to wait.
    pub(crate) fn that(self, how: How) -> Self {
        Self { how, ..self }
    }
}

impl Program {
    /// A program, and arguments that come before the kit's.
    pub fn new<S: Into<OsString>>(words: impl IntoIterator<Item = S>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
        }
    }

    /// The whole command line of one endpoint.
    pub(crate) fn words(&self, role: Role, name: &Name, form: Form) -> Vec<OsString> {
        let verb = match role {
            Role::Sender => "send",
            Role::Receiver => "receive",
        };
        let how = match form.how {
            How::Block => "block",
            How::Spin => "spin",
            How::Bell => "bell",
        };
        let (slots, hot) = (form.slots.to_string(), form.hot.to_string());
        let own = [
            verb,
            name.as_str(),
            "--slots",
            &slots,
            "--hot",
            &hot,
            "--wait",
            how,
        ];
        let mut own: Vec<_> = own.iter().map(OsString::from).collect();
        if let Some(seats) = form.bus {
            own.extend(["--senders".into(), seats.senders.to_string().into()]);
            own.extend(["--receivers".into(), seats.receivers.to_string().into()]);
            own.extend(
                seats
                    .label
                    .iter()
                    .flat_map(|label| ["--label", label])
                    .map(Into::into),
            );
            if seats.is_oldest {
                own.extend(["--join", "oldest"].map(OsString::from));
            }
        }
        self.words.iter().cloned().chain(own).collect()
    }

    /// Whether the program has buses. A program without buses does not know the options.
    pub(crate) fn has_bus(&self) -> bool {
        let name = Name::new();
        let mut end = self.start(Role::Sender, &name, Form::of(1).bus(1, 1));
        end.end_input();
        !end.ends_with(Status::Usage)
    }

    /// Starts an endpoint, without waiting until it is attached.
    pub(crate) fn start(&self, role: Role, name: &Name, form: Form) -> End {
        let words = self.words(role, name, form);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        End::spawn(role, command)
    }

    /// Starts an endpoint, and waits until it is attached. Also returns the number of its next
    /// message.
    pub(crate) fn attach(&self, role: Role, name: &Name, form: Form) -> (End, u64) {
        let mut end = self.start(role, name, form);
        let number = end.attached();
        (end, number)
    }
}
