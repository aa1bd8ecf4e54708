//! Creating, attaching and closing, by either role: every way of it, for the child to make, and
//! what both roles have to find afterwards.

use std::rc::Rc;

use shm_mailbox::{AttachError, CloseError, Options, Receiver, Role, Sender};

use crate::stepping::console::{Console, Phase};
use crate::stepping::queue::Queue;
use crate::stepping::restart;
use crate::stepping::scenario::Bench;
use crate::support::Name;

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

    /// A mailbox for the case to find, if it is to find one; what is in it, and its name.
    pub(crate) fn prepare(self) -> (Option<Bench>, Queue, Rc<Name>) {
        if self.step == Step::Create {
            return (None, Queue::default(), Rc::new(Name::new()));
        }
        let mut bench = Bench::new(SLOTS, &[(2, 2), (3, 3)]);
        for _ in 0..self.queued {
            bench.send_one().expect("there is room");
        }
        bench.detach(self.role);
        if !self.peer {
            bench.detach(self.role.peer());
        }
        let (queue, name) = (bench.queue.clone(), Rc::clone(&bench.name));
        (Some(bench), queue, name)
    }

    /// After the step, and whatever befell it: both roles find what was there, work, and leave
    /// nothing.
    pub(crate) fn conclude(
        self,
        mut sender: Sender,
        mut receiver: Receiver,
        mut queue: Queue,
        name: &Name,
    ) -> Result<(), String> {
        if self.step != Step::Create && sender.created() {
            // Unlinked, which only an empty mailbox is.
            if queue.len() > 0 {
                return Err(format!("unlinked with {} queued", queue.len()));
            }
            queue = Queue::default();
        }
        if sender.committed() != queue.next() || receiver.acknowledged() != queue.first() {
            return Err("the counts are not what they were".to_owned());
        }
        restart::drain(&mut receiver, &mut queue, 0)?;
        restart::fill_and_drain(&mut sender, &mut receiver, &mut queue)?;
        receiver.close().map_err(|error| error.to_string())?;
        sender.close().map_err(|error| error.to_string())?;
        if name.exists() {
            return Err("the object is still there after a clean close".to_owned());
        }
        Ok(())
    }

    /// The child: makes the step between two marks.
    pub(crate) fn run(self, options: Options, console: &Console) -> Result<(), String> {
        let told = |error: CloseError| error.to_string();
        if self.attaches() {
            console.mark(Phase::Begin);
            let end = End::attach(self.role, options);
            console.mark(Phase::End);
            let end = end.map_err(|error| error.to_string())?;
            return end.leave(Step::Keep).map_err(told);
        }
        let end = End::attach(self.role, options).map_err(|error| error.to_string())?;
        console.mark(Phase::Begin);
        let left = end.leave(self.step);
        console.mark(Phase::End);
        left.map_err(told)
    }

    pub(crate) fn attaches(self) -> bool {
        matches!(self.step, Step::Create | Step::Attach)
    }
}

/// An endpoint of either role.
pub(crate) enum End {
    Sender(Sender),
    Receiver(Receiver),
}

impl End {
    pub(crate) fn attach(role: Role, options: Options) -> Result<Self, AttachError> {
        match role {
            Role::Sender => options.sender().map(Self::Sender),
            Role::Receiver => options.receiver().map(Self::Receiver),
        }
    }

    /// Closes in the way that the step says; a receiver never asks that the object be kept.
    pub(crate) fn leave(self, step: Step) -> Result<(), CloseError> {
        match (self, step) {
            (end, Step::Drop) => {
                drop(end);
                Ok(())
            }
            (Self::Sender(sender), Step::Keep) => sender.keep().map(drop),
            (Self::Sender(sender), _) => sender.close().map(drop),
            (Self::Receiver(receiver), _) => receiver.close().map(drop),
        }
    }
}
