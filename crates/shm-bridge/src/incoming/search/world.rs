//! The model: its state, and every step that may come next.

use shm_mailbox::MailboxId;

use super::size::{Fault, Size};
use crate::incoming::ledger::Ledger;
use crate::incoming::position::Position;
use crate::wire::{Kind, Question, Verdict};

/// The far mailbox had messages before, so that numbers here and there differ.
const BEFORE: u64 = 5;

/// A near mailbox and its bridge, and what has come of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Near {
    pub(super) acknowledged: u64,
    /// The bridge's token, if it runs and has one.
    token: Option<u64>,
    /// So many of its messages are in the far mailbox, in order.
    there: u64,
    /// Another stream took its place: what comes of it later may come twice.
    replaced: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) near: Vec<Near>,
    /// Messages of the far mailbox.
    committed: u64,
    /// What the note says.
    note: Option<Position>,
    /// The far bridge, if it runs, and what it is about to do.
    far_bridge: Option<(Ledger, Doing)>,
    /// The token of the hello that it answered last.
    greeted: u64,
    under_way: Vec<(Question, u64)>,
    wrong: Option<&'static str>,
}

/// What a far bridge does, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Doing {
    Waits,
    /// Writes the note, and then sends these.
    Notes(Position, Vec<u64>, Question),
    Sends(Vec<u64>, Question),
}

fn stream(number: usize) -> MailboxId {
    MailboxId::from_bytes([1 + u8::try_from(number).unwrap(); 16]).unwrap()
}

fn number(question: &Question) -> usize {
    usize::from(question.stream.as_bytes()[0]) - 1
}

impl World {
    pub(super) fn new(size: Size) -> Self {
        Self {
            near: vec![Near::default(); size.streams],
            committed: BEFORE,
            note: None,
            far_bridge: None,
            greeted: 0,
            under_way: Vec::new(),
            wrong: None,
        }
    }

    /// What must hold in every state.
    pub(super) fn check(&self) -> Result<(), String> {
        let lost = self.near.iter().any(|near| near.acknowledged > near.there);
        match self.wrong.or(lost.then_some("a message was lost")) {
            Some(wrong) => Err(format!("{wrong}: {self:?}")),
            None => Ok(()),
        }
    }

    /// A token that no process has, as good as one that none ever had.
    fn token(&self, fault: Fault) -> u64 {
        let is_used = |token: &u64| {
            self.greeted == *token
                || self.near.iter().any(|near| near.token == Some(*token))
                || self
                    .under_way
                    .iter()
                    .any(|(asked, _)| asked.token == *token)
        };
        match fault {
            Fault::OneToken => 1,
            _ => (1..).find(|token| !is_used(token)).expect("few are used"),
        }
    }

    /// Message `message` of a stream is committed.
    fn commit(&mut self, question: &Question, message: u64) {
        self.committed += 1;
        let near = &mut self.near[number(question)];
        if message > near.there {
            self.wrong = Some("a message was left out");
        } else if message == near.there {
            near.there += 1;
        } else if !near.replaced {
            self.wrong = Some("a message came twice");
        }
    }

    /// Every state that may come next.
    pub(super) fn next(&self, size: Size, fault: Fault) -> Vec<Self> {
        let mut next = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            next.push(world);
        };
        // The far bridge may be killed, or started.
        with(&|world| world.kill());
        if self.far_bridge.is_none() {
            let was_replaced = self.near.iter().any(|near| near.replaced);
            let start = |world: &mut Self, may_replace| {
                world.far_bridge = Some((Ledger::new(world.note, may_replace), Doing::Waits));
            };
            with(&|world| start(world, fault == Fault::Replaces));
            if size.new_stream && !was_replaced {
                with(&|world| start(world, true));
            }
            if fault == Fault::StartRemovesNote {
                with(&|world| world.note = None);
            }
        }
        for (at, near) in self.near.iter().enumerate() {
            // The near bridge may be killed: the next one knows no token.
            let mut killed = self.clone();
            killed.near[at].token = None;
            next.push(killed);
            // It asks, and hears the answer later or never.
            let first = near.acknowledged;
            let ask = |kind, token| Question {
                kind,
                stream: stream(at),
                token,
                first,
            };
            let mut questions = vec![(ask(Kind::Hello, 0), 0)];
            if let Some(token) = near.token {
                // All that its writer has sent so far may be carried, also before the last.
                questions.push((ask(Kind::End, token), 0));
                let count = size.batch.min(size.messages(at) - first);
                questions.extend((count > 0).then_some((ask(Kind::Data, token), count)));
            }
            for question in questions {
                next.extend(self.deliver(question, fault));
                if at == 0 && self.under_way.len() < size.under_way {
                    let mut world = self.clone();
                    world.under_way.push(question);
                    world.under_way.sort_by_key(|(asked, _)| asked.header(0));
                    world.under_way.dedup();
                    next.push(world);
                }
            }
        }
        for index in 0..self.under_way.len() {
            // Lost, or delivered; what was delivered may come once more.
            let mut lost = self.clone();
            lost.under_way.remove(index);
            next.push(lost);
            next.extend(self.deliver(self.under_way[index], fault));
        }
        if let Some((ledger, doing)) = &self.far_bridge {
            next.extend(self.go_on(size, ledger, doing, fault));
        }
        next
    }

    fn kill(&mut self) {
        self.far_bridge = None;
        self.greeted = 0;
    }

    /// The far bridge gets a question. Its answer is heard or not.
    fn deliver(&self, (question, count): (Question, u64), fault: Fault) -> Vec<Self> {
        if !matches!(self.far_bridge, Some((_, Doing::Waits))) {
            return Vec::new();
        }
        let mut world = self.clone();
        let committed = world.committed;
        let token = world.token(fault);
        let near = self.near[number(&question)];
        let (ledger, doing) = world.far_bridge.as_mut().expect("it runs");
        match question.kind {
            Kind::Hello => {
                let answer = ledger.hello(&question, token, committed);
                let is_late = question.first != near.acknowledged;
                match answer.verdict {
                    Verdict::Taken => world.greeted = token,
                    Verdict::OtherStream => return vec![world],
                    // Nobody has touched the mailboxes, so a bridge is never told that.
                    _ if !is_late && !near.replaced => world.wrong = Some("numbers do not fit"),
                    _ => return vec![world],
                }
                let mut heard = world.clone();
                if !is_late {
                    heard.near[number(&question)].token = Some(answer.token);
                }
                vec![world, heard]
            }
            Kind::Data => {
                let Ok(admitted) =
                    ledger.data(&question, usize::try_from(count).unwrap(), committed)
                else {
                    return vec![world];
                };
                let skip = match fault {
                    Fault::TakesAgain => 0,
                    _ => admitted.skip as u64,
                };
                let left = (question.first + skip..question.first + count).collect();
                *doing = match admitted.note {
                    Some(position) => Doing::Notes(position, left, question),
                    None => Doing::Sends(left, question),
                };
                vec![world]
            }
            Kind::End => {
                let ended = ledger.end(&question, committed);
                let unchecked = self.note.filter(|note| note.stream == question.stream);
                *doing = match ended {
                    Ok(Some(position)) => Doing::Notes(position, Vec::new(), question),
                    Ok(None) => Doing::Sends(Vec::new(), question),
                    Err(_) => match unchecked.filter(|_| fault == Fault::EndUnchecked) {
                        Some(note) => Doing::Notes(note.at_the_end(), Vec::new(), question),
                        None => return vec![world],
                    },
                };
                vec![world]
            }
        }
    }

    /// The far bridge does its next step.
    fn go_on(&self, size: Size, ledger: &Ledger, doing: &Doing, fault: Fault) -> Vec<Self> {
        let mut world = self.clone();
        let mut ledger = ledger.clone();
        match doing {
            Doing::Waits => Vec::new(),
            Doing::Notes(position, left, question) if fault == Fault::NoteLate => {
                ledger.noted(*position);
                world.far_bridge = Some((ledger, Doing::Sends(left.clone(), *question)));
                vec![world]
            }
            Doing::Notes(position, left, question) => {
                let replaced = self.note.filter(|note| !note.ended && !position.ended);
                if let Some(note) = replaced.filter(|_| fault != Fault::Replaces) {
                    let number = usize::from(note.stream.as_bytes()[0]) - 1;
                    world.near[number].replaced = true;
                }
                // Killed in the middle of it, or not.
                let mut torn = world.clone();
                torn.note = None;
                torn.kill();
                ledger.noted(*position);
                world.note = Some(*position);
                world.far_bridge = Some((ledger, Doing::Sends(left.clone(), *question)));
                vec![torn, world]
            }
            Doing::Sends(left, question) => {
                if let Some((first, left)) = left.split_first() {
                    world.commit(question, *first);
                    world.far_bridge = Some((ledger, Doing::Sends(left.to_vec(), *question)));
                    // Or the mailbox is full, and it answers.
                    let mut full = self.clone();
                    full.far_bridge.as_mut().expect("it runs").1 = Doing::Sends(vec![], *question);
                    return vec![world, full];
                }
                if fault == Fault::NoteLate && question.kind == Kind::Data && world.note.is_none() {
                    world.note = Some(Position::begin(question.stream, 0, BEFORE));
                }
                let answer = ledger.taken(question, world.committed);
                world.far_bridge = Some((ledger, Doing::Waits));
                let mut heard = world.clone();
                // The near bridge hears an answer only to the question that it waits for.
                let near = &mut heard.near[number(question)];
                let waits =
                    near.token == Some(question.token) && question.first == near.acknowledged;
                match question.kind {
                    Kind::Data if waits => {
                        near.acknowledged = match fault {
                            Fault::AcknowledgesAll => {
                                size.messages.min(question.first + size.batch)
                            }
                            _ => answer.expected,
                        };
                    }
                    Kind::End if waits => near.token = None,
                    _ => {}
                }
                vec![world, heard]
            }
        }
    }
}
