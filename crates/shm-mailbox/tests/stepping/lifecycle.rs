//! Creating, attaching and closing, by either role: every way of it, for the child to make.

use shm_mailbox::{CloseError, Closed, Options, Role};

use crate::console::{Console, Phase};
use crate::scenario::Bench;

/// Room for so many messages.
pub(crate) const SLOTS: u32 = 4;

/// What the child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Attaching, with no object there.
    Create,
    /// Attaching to an object that is there.
    Attach,
    /// Closing; a sender of an empty mailbox unlinks it.
    Close,
    /// Closing with `keep`.
    Keep,
    /// Closing by drop.
    Drop,
}

/// A step of a role, with so many messages queued, the peer attached or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) role: Role,
    pub(crate) step: Step,
    pub(crate) queued: u64,
    pub(crate) peer: bool,
}

impl Case {
    /// Every combination that there is.
    pub(crate) fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for role in [Role::Sender, Role::Receiver] {
            let case = |step, queued, peer| Self {
                role,
                step,
                queued,
                peer,
            };
            cases.push(case(Step::Create, 0, false));
            for peer in [false, true] {
                for queued in [0, 3] {
                    cases.push(case(Step::Attach, queued, peer));
                    cases.push(case(Step::Close, queued, peer));
                    cases.push(case(Step::Drop, queued, peer));
                    if role == Role::Sender {
                        cases.push(case(Step::Keep, queued, peer));
                    }
                }
            }
        }
        cases
    }

    /// A mailbox for the case to find, if it is to find one.
    pub(crate) fn bench(self) -> Option<Bench> {
        if self.step == Step::Create {
            return None;
        }
        let mut bench = Bench::new(SLOTS, &[(2, 2), (3, 3)]);
        for _ in 0..self.queued {
            bench.send_one().expect("there is room");
        }
        bench.detach(self.role);
        if !self.peer {
            bench.detach(self.role.peer());
        }
        Some(bench)
    }

    /// The child: makes the step between two marks.
    pub(crate) fn run(self, options: Options, console: &Console) -> Result<(), String> {
        match self.role {
            Role::Sender => self.send(options, console),
            Role::Receiver => self.receive(options, console),
        }
    }

    fn send(self, options: Options, console: &Console) -> Result<(), String> {
        if self.attaches() {
            console.mark(Phase::Begin);
            let sender = options.sender();
            console.mark(Phase::End);
            let sender = sender.map_err(|error| error.to_string())?;
            return told(sender.keep());
        }
        let sender = options.sender().map_err(|error| error.to_string())?;
        console.mark(Phase::Begin);
        let result = match self.step {
            Step::Keep => told(sender.keep()),
            Step::Drop => {
                drop(sender);
                Ok(())
            }
            _ => told(sender.close()),
        };
        console.mark(Phase::End);
        result
    }

    fn receive(self, options: Options, console: &Console) -> Result<(), String> {
        if self.attaches() {
            console.mark(Phase::Begin);
            let receiver = options.receiver();
            console.mark(Phase::End);
            let receiver = receiver.map_err(|error| error.to_string())?;
            return told(receiver.close());
        }
        let receiver = options.receiver().map_err(|error| error.to_string())?;
        console.mark(Phase::Begin);
        let result = match self.step {
            Step::Drop => {
                drop(receiver);
                Ok(())
            }
            _ => told(receiver.close()),
        };
        console.mark(Phase::End);
        result
    }

    fn attaches(self) -> bool {
        matches!(self.step, Step::Create | Step::Attach)
    }
}

fn told(closed: Result<Closed, CloseError>) -> Result<(), String> {
    closed.map(|_| ()).map_err(|error| error.to_string())
}
