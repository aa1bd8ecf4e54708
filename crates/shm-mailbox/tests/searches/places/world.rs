//! The processes, how much may happen, which slot a message has, and every step of each process.

use super::process::{At, IDLE};
use super::rules::{Fault, Miss};
use super::state::{LANES, Lane, PLACES, PROCESSES, SLOTS, State};
use crate::searches::engine::{Model, Step};

/// The part of a process that is not a sender. Each lane has one sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Receiver,
    /// A receiver with the one label of the model.
    Labelled,
    /// Drops the place that has the label, as `shm forget` does.
    Forgetter,
}

/// Where a receiver begins if others have joined before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Join {
    Next,
    Oldest,
}

/// The processes, and how much may happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) lanes: u8,
    pub(super) places: u8,
    pub(super) hot: u8,
    pub(super) slots: u8,
    /// How many messages each sender sends.
    pub(super) messages: [u8; LANES],
    /// The processes besides the senders, with equal parts side by side.
    pub(super) cast: &'static [Part],
    /// How often each process starts.
    pub(super) starts: u8,
    pub(super) kills: u8,
    pub(super) join: Join,
    /// Senders load the counts before they have to.
    pub(super) eager: bool,
    /// Senders close when they have sent all, and unlink the object if that is due.
    pub(super) closes: bool,
    pub(super) miss: Option<Miss>,
}

pub(super) type Next = Result<State, Fault>;

impl World {
    pub(super) fn missing(&self, miss: Miss) -> bool {
        self.miss == Some(miss)
    }

    pub(super) fn hot_slot(&self, n: u8) -> u8 {
        n % self.hot
    }

    pub(super) fn cold_slot(&self, n: u8) -> Option<u8> {
        (self.hot < self.slots).then(|| self.hot + n % self.slots)
    }

    /// The slot that has the stamp of message `n`.
    pub(super) fn slot_of(&self, lane: &Lane, n: u8) -> Option<u8> {
        let places = [Some(self.hot_slot(n)), self.cold_slot(n)];
        let is_there = |slot: &u8| lane.stamp[usize::from(*slot)] == n + 1;
        places.into_iter().flatten().find(is_there)
    }

    /// How many messages of a lane were committed.
    pub(super) fn committed(&self, lane: &Lane) -> u8 {
        lane.sent + u8::from(self.slot_of(lane, lane.sent).is_some())
    }

    pub(super) fn part(&self, p: usize) -> Option<Part> {
        let index = p.checked_sub(usize::from(self.lanes))?;
        self.cast.get(index).copied()
    }

    /// Processes of one part are interchangeable, and no process reads what all have taken.
    /// Forgetting both keeps the states few.
    fn without_the_past(&self, mut s: State) -> State {
        let cast = usize::from(self.lanes);
        let processes = &mut s.processes[cast..cast + self.cast.len()];
        let mut begin = 0;
        for run in self.cast.chunk_by(|part, next| part == next) {
            processes[begin..begin + run.len()].sort_unstable();
            begin += run.len();
        }
        if self.miss.is_some() {
            return s;
        }
        for index in 0..cast {
            let mut past = s.given(index).min(s.lanes[index].sent);
            for process in &s.processes[cast..] {
                let lane = usize::from(process.lane);
                past = match process.at {
                    At::Least | At::Sent if lane == index => past.min(process.least),
                    At::Least | At::Sent if lane < index => past,
                    At::Least | At::Sent | At::Position => past.min(process.n[index]),
                    _ => past,
                };
            }
            let writer = &s.processes[index];
            let written = (writer.at == At::Stamp).then_some(usize::from(writer.slot));
            let lane = &mut s.lanes[index];
            for slot in 0..SLOTS {
                if lane.stamp[slot] <= past {
                    lane.stamp[slot] = 0;
                    if written != Some(slot) {
                        lane.word[slot] = 0;
                    }
                }
            }
        }
        s
    }
}

const SENDERS: [&str; LANES] = ["sender 0", "sender 1"];
const RECEIVERS: [&str; PLACES] = ["receiver at 0", "receiver at 1", "receiver at 2"];

impl Model for World {
    type State = State;
    type Fault = Fault;

    fn start(&self) -> State {
        let lane = Lane {
            stamp: [0; SLOTS],
            word: [0; SLOTS],
            sent: 0,
            received: [0; PLACES],
            floor: 0,
            held: 0,
        };
        let mut processes = [IDLE; PROCESSES];
        for process in &mut processes[..usize::from(self.lanes) + self.cast.len()] {
            process.starts = self.starts;
        }
        State {
            lanes: [lane; LANES],
            members: 0,
            labels: 0,
            processes,
            kills: self.kills,
            open: 0,
            unlinked: false,
        }
    }

    fn steps(&self, s: &State, steps: &mut Vec<Step<State, Fault>>) {
        if s.unlinked {
            return;
        }
        let all = usize::from(self.lanes) + self.cast.len();
        for (p, process) in s.processes[..all].iter().enumerate() {
            let who = match self.part(p) {
                None => SENDERS[p],
                Some(Part::Labelled) => "labelled receiver",
                Some(Part::Forgetter) => "forgetter",
                Some(Part::Receiver) if process.lock => RECEIVERS[usize::from(process.place)],
                Some(Part::Receiver) => "receiver",
            };
            let mut push = |what, then: Next| {
                let then = then.map(|state| self.without_the_past(state));
                steps.push(Step { who, what, then });
            };
            match self.part(p) {
                None => self.sender(s, p, &mut push),
                Some(part) => self.receiver(s, p, part, &mut push),
            }
            if s.kills > 0 && process.at != At::Idle {
                let mut t = *s;
                t.kills -= 1;
                t.processes[p] = process.ended();
                push("is killed", Ok(t));
            }
        }
    }

    fn fault(&self, s: &State) -> Option<Fault> {
        self.broken_promise(s)
    }
}
