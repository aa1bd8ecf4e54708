//! Every state of a small model: both bridges killed between any two steps, every question late,
//! repeated or lost. The decisions are those of the real [`Ledger`]; the rest is modelled.

use std::collections::HashSet;

use shm_mailbox::MailboxId;

use super::ledger::Ledger;
use super::position::Position;
use crate::wire::{Kind, Question, Verdict};

/// Messages of the near mailbox, and the most in a question.
const MESSAGES: u64 = 3;
const BATCH: u64 = 2;
/// Questions that were sent and may still arrive, any number of times.
const UNDER_WAY: usize = 3;
/// How many hellos the model distinguishes: enough for every order of two.
const TOKENS: u64 = 3;
/// The far mailbox had messages before, so that numbers here and there differ.
const BEFORE: u64 = 5;

/// Breaks one rule, to see that the search would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The note is written after the messages.
    NoteLate,
    /// Tokens are the same for each hello.
    OneToken,
    /// The far bridge takes what it has already.
    TakesAgain,
    /// The near bridge acknowledges what it has asked, whatever the answer.
    AcknowledgesAll,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    /// Acknowledged in the near mailbox.
    acknowledged: u64,
    /// The messages of the stream in the far mailbox, in order.
    far: Vec<u64>,
    /// What the note says.
    note: Option<Position>,
    /// The far bridge, if it runs, and what it is about to do.
    far_bridge: Option<(Ledger, Doing)>,
    /// The near bridge's token, if it runs and has one.
    near_token: Option<u64>,
    under_way: Vec<(Question, u64)>,
    tokens: u64,
}

/// What a far bridge does, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Doing {
    Waits,
    /// Writes the note, and then sends these.
    Notes(Position, Vec<u64>, Question),
    Sends(Vec<u64>, Question),
}

fn stream() -> MailboxId {
    MailboxId::from_bytes([1; 16]).unwrap()
}

impl World {
    fn new() -> Self {
        Self {
            acknowledged: 0,
            far: Vec::new(),
            note: None,
            far_bridge: None,
            near_token: None,
            under_way: Vec::new(),
            tokens: 0,
        }
    }

    fn committed(&self) -> u64 {
        BEFORE + self.far.len() as u64
    }

    /// What must hold in every state.
    fn check(&self) -> Result<(), String> {
        let expected: Vec<u64> = (0..self.far.len() as u64).collect();
        if self.far != expected {
            return Err(format!("the far mailbox has {:?}", self.far));
        }
        if self.acknowledged > self.far.len() as u64 {
            return Err(format!(
                "{} acknowledged, {} there",
                self.acknowledged,
                self.far.len()
            ));
        }
        Ok(())
    }

    /// Every state that may come next.
    fn next(&self, fault: Fault) -> Vec<Self> {
        let mut next = Vec::new();
        let mut with = |change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            change(&mut world);
            next.push(world);
        };
        // Each bridge may be killed or started. A new near bridge has no token.
        with(&|world| world.near_token = None);
        with(&|world| world.far_bridge = None);
        if self.far_bridge.is_none() {
            with(&|world| {
                world.far_bridge = Some((Ledger::new(world.note, false), Doing::Waits));
            });
        }
        // The near bridge asks, and hears the answer later or never.
        if self.under_way.len() < UNDER_WAY {
            let first = self.acknowledged;
            let question = |kind, token| Question {
                kind,
                stream: stream(),
                token,
                first,
            };
            let ask = |world: &mut Self, question: Question, count: u64| {
                if !world.under_way.contains(&(question, count)) {
                    world.under_way.push((question, count));
                }
            };
            with(&|world| ask(world, question(Kind::Hello, 0), 0));
            if let Some(token) = self.near_token {
                let count = BATCH.min(MESSAGES - first);
                match count {
                    0 => with(&|world| ask(world, question(Kind::End, token), 0)),
                    _ => with(&|world| ask(world, question(Kind::Data, token), count)),
                }
            }
        }
        for index in 0..self.under_way.len() {
            // Lost, or delivered; what was delivered may come once more.
            let mut lost = self.clone();
            lost.under_way.remove(index);
            next.push(lost);
            if matches!(self.far_bridge, Some((_, Doing::Waits))) {
                next.extend(self.deliver(index, fault));
            }
        }
        if let Some((ledger, doing)) = &self.far_bridge {
            next.extend(self.go_on(ledger, doing, fault));
        }
        next
    }

    /// The far bridge gets a question. Its answer is heard or not.
    fn deliver(&self, index: usize, fault: Fault) -> Vec<Self> {
        let (question, count) = self.under_way[index];
        let mut world = self.clone();
        let committed = world.committed();
        let (ledger, doing) = world.far_bridge.as_mut().expect("it runs");
        match question.kind {
            Kind::Hello => {
                if world.tokens == TOKENS {
                    return Vec::new();
                }
                world.tokens += u64::from(fault != Fault::OneToken);
                let answer = ledger.hello(&question, world.tokens, committed);
                let mut heard = world.clone();
                if answer.verdict == Verdict::Taken && question.first == self.acknowledged {
                    heard.near_token = Some(answer.token);
                }
                vec![world, heard]
            }
            Kind::Data => {
                match ledger.data(&question, usize::try_from(count).unwrap(), committed) {
                    Err(_) => vec![world],
                    Ok(admitted) => {
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
                }
            }
            Kind::End => match ledger.end(&question, committed) {
                Ok(Some(position)) => {
                    *doing = Doing::Notes(position, Vec::new(), question);
                    vec![world]
                }
                _ => vec![world],
            },
        }
    }

    /// The far bridge does its next step.
    fn go_on(&self, ledger: &Ledger, doing: &Doing, fault: Fault) -> Vec<Self> {
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
                // Killed in the middle of it, or not.
                let mut torn = self.clone();
                torn.note = None;
                torn.far_bridge = None;
                ledger.noted(*position);
                world.note = Some(*position);
                world.far_bridge = Some((ledger, Doing::Sends(left.clone(), *question)));
                vec![torn, world]
            }
            Doing::Sends(left, question) => {
                if let Some((first, left)) = left.split_first() {
                    world.far.push(*first);
                    world.far_bridge = Some((ledger, Doing::Sends(left.to_vec(), *question)));
                    // Or the mailbox is full, and it answers.
                    let mut full = self.clone();
                    full.far_bridge.as_mut().expect("it runs").1 = Doing::Sends(vec![], *question);
                    return vec![world, full];
                }
                if fault == Fault::NoteLate && question.kind == Kind::Data && world.note.is_none() {
                    let begun = world.committed() - world.far.len() as u64;
                    world.note = Some(Position::begin(stream(), 0, begun));
                }
                let answer = ledger.taken(question, world.committed());
                world.far_bridge = Some((ledger, Doing::Waits));
                let mut heard = world.clone();
                // The near bridge hears an answer only to the question that it waits for.
                let waits = heard.near_token == Some(question.token)
                    && question.first == heard.acknowledged;
                if waits && question.kind == Kind::Data {
                    heard.acknowledged = match fault {
                        Fault::AcknowledgesAll => MESSAGES.min(question.first + BATCH),
                        _ => answer.expected,
                    };
                }
                vec![world, heard]
            }
        }
    }
}

/// How many states there are, or what is wrong in one of them.
fn search(fault: Fault) -> Result<usize, String> {
    let mut seen = HashSet::new();
    let mut left = vec![World::new()];
    let mut done = false;
    while let Some(world) = left.pop() {
        world.check()?;
        done |= world.acknowledged == MESSAGES;
        for next in world.next(fault) {
            if seen.insert(next.clone()) {
                left.push(next);
            }
        }
    }
    assert!(done, "the messages never arrive");
    Ok(seen.len())
}

#[test]
fn no_kill_and_no_late_question_loses_or_doubles_a_message() {
    let states = search(Fault::None).unwrap();
    println!("bridges: {states} states, 0 lost, 0 doubled, 0 reordered");
    assert!(states > 10_000);
}

#[test]
fn the_search_notices_each_broken_rule() {
    for fault in [
        Fault::NoteLate,
        Fault::OneToken,
        Fault::TakesAgain,
        Fault::AcknowledgesAll,
    ] {
        assert!(search(fault).is_err(), "{fault:?}");
    }
}
