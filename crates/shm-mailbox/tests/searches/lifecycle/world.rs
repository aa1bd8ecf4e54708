//! The world as a model: one name, the objects behind it, processes with locks, and the promises.

use super::rules::{Fault, Miss};
use crate::searches::engine::{Model, Step};

/// No object, no process, no life.
pub(crate) const NONE: u8 = u8::MAX;

/// The most processes of a model.
pub(crate) const PROCESSES: usize = 4;

/// The most objects that exist at once: each process has one open, and one has the name.
const OBJECTS: usize = PROCESSES + 1;

/// What is in an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Contents {
    /// Ours, without a header: only a near miss gives it a name.
    Blank,
    Mailbox,
    /// Somebody else's, whatever is in it: nothing, zeros, or data.
    Foreign,
}

/// What a process is there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Part {
    Sender,
    Receiver,
    /// Removes an object that nobody holds, as `shm rm --stale` does.
    Remover,
}

impl Part {
    /// The index of the role, of its lock and of its life.
    pub(crate) fn role(self) -> usize {
        usize::from(self == Self::Receiver)
    }
}

/// How a process leaves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Disposal {
    Close,
    /// Closes, and asks that the object stay.
    Keep,
    /// Leaves as one that died, and removes what is empty.
    Abort,
    /// Leaves as one that died.
    Die,
}

/// Where a process is: the step it takes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum At {
    Idle,
    Open,
    Link,
    Init,
    Named,
    Inspect,
    Role,
    Peer,
    Life,
    Unkeep,
    Done,
    Attached,
    VerdictLife,
    VerdictLock,
    VerdictAgain,
    VerdictLook,
    CloseInit,
    CloseKeep,
    CloseLife,
    CloseDue,
    Compare,
    Unlink,
    CloseRole,
    CloseEnd,
    RemoveRoles,
    RemoveQueued,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Object {
    pub(crate) contents: Contents,
    /// Who holds the lock on the INIT byte.
    pub(crate) init: u8,
    /// Who holds the locks of the sender's and the receiver's role.
    pub(crate) roles: [u8; 2],
    /// `epoch << 1 | closed`, of the sender and the receiver.
    pub(crate) life: [u8; 2],
    /// The word: the last sender asked to keep it.
    pub(crate) kept: bool,
    /// Committed messages that nobody has taken.
    pub(crate) queued: u8,
    /// An observer's note: the last sender that left has asked to keep it.
    pub(crate) to_keep: bool,
    /// An observer's note: the last owner of each role was killed, or left as one that died.
    pub(crate) died: [bool; 2],
}

const NO_OBJECT: Object = Object {
    contents: Contents::Blank,
    init: NONE,
    roles: [NONE; 2],
    life: [0; 2],
    kept: false,
    queued: 0,
    to_keep: false,
    died: [false; 2],
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Process {
    pub(crate) at: At,
    /// The object it has open.
    pub(crate) object: u8,
    pub(crate) how: Disposal,
    /// The life of the peer that was not there when the process attached; [`NONE`] if it was, and
    /// once the process has taken a message.
    pub(crate) absent: u8,
    /// The peer's life, as loaded first for a verdict.
    pub(crate) life: u8,
    /// An observer's note: when the peer's lock was found free, it was so by a death.
    pub(crate) died: bool,
    /// An observer's note: a peer was attached together with it, or it has taken a message.
    pub(crate) met: bool,
    /// How many more times it will start.
    pub(crate) starts: u8,
}

pub(crate) const IDLE: Process = Process {
    at: At::Idle,
    object: NONE,
    how: Disposal::Close,
    absent: NONE,
    life: 0,
    died: false,
    met: false,
    starts: 0,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    /// The object that the name stands for.
    pub(crate) name: u8,
    pub(crate) objects: [Object; OBJECTS],
    pub(crate) processes: [Process; PROCESSES],
    /// How many more processes will be killed.
    pub(crate) kills: u8,
    /// How many more messages will be sent.
    pub(crate) messages: u8,
    /// An outsider will still take the name away, without asking anybody.
    pub(crate) outsider: bool,
    /// Whoever has left so far did so in peace.
    pub(crate) orderly: bool,
}

impl State {
    pub(crate) fn object(&mut self, p: usize) -> &mut Object {
        &mut self.objects[usize::from(self.processes[p].object)]
    }

    /// A fresh object without a name.
    pub(crate) fn fresh(&mut self) -> u8 {
        let free = (0..).find(|&index| !self.in_use(index));
        free.expect("every process has one object open at most")
    }

    fn in_use(&self, index: u8) -> bool {
        self.name == index || self.processes.iter().any(|process| process.object == index)
    }

    /// The descriptor of `p` is closed, by itself or by its death: all its locks are free.
    pub(crate) fn release(&mut self, p: usize) {
        if self.processes[p].object != NONE {
            let object = self.object(p);
            for lock in [&mut object.init].into_iter().chain(&mut object.roles) {
                if *lock == number(p) {
                    *lock = NONE;
                }
            }
        }
        let Process { starts, .. } = self.processes[p];
        self.processes[p] = Process { starts, ..IDLE };
        self.forget();
    }

    /// An object without a name that nobody has open is gone.
    pub(crate) fn forget(&mut self) {
        for index in 0..OBJECTS {
            if !self.in_use(number(index)) {
                self.objects[index] = NO_OBJECT;
            }
        }
    }
}

/// A process as the owner of a lock, an object as what a name stands for.
pub(crate) fn number(index: usize) -> u8 {
    u8::try_from(index).expect("there is a handful of each")
}

/// Who takes part, and how much may happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    pub(crate) cast: &'static [Part],
    /// How often each of them starts.
    pub(crate) starts: u8,
    pub(crate) kills: u8,
    pub(crate) messages: u8,
    /// The ways in which they leave.
    pub(crate) ways: &'static [Disposal],
    /// Somebody takes the name away.
    pub(crate) outsider: bool,
    /// The name stands for something foreign; if there is an outsider, it is what comes in the
    /// name's place.
    pub(crate) foreign: bool,
    /// Memory runs out, an attacher insists on another form, INIT is given up when closing.
    pub(crate) trouble: bool,
    /// Attached processes pass verdicts on their peers.
    pub(crate) judges: bool,
    pub(crate) miss: Option<Miss>,
}

impl World {
    pub(crate) fn missing(&self, miss: Miss) -> bool {
        self.miss == Some(miss)
    }

    /// Waits for a lock that somebody else holds.
    fn is_blocked(&self, s: &State, p: usize) -> bool {
        let process = &s.processes[p];
        if process.object == NONE {
            return false;
        }
        let object = &s.objects[usize::from(process.object)];
        match process.at {
            At::Init | At::CloseInit => object.init != NONE,
            At::Role if self.missing(Miss::WaitForRoleUnderInit) => {
                object.roles[self.cast[p].role()] != NONE
            }
            _ => false,
        }
    }

    /// What an outsider does, who asks nobody. Between a look at the name and what relies on it
    /// nothing can be done about it: there it does not come.
    fn outside(&self, s: &State, steps: &mut Vec<Step<State, Fault>>) {
        let relies = |at| {
            use At::{Done, Inspect, Life, Peer, Role, Unkeep, Unlink};
            matches!(at, Inspect | Role | Peer | Life | Unkeep | Done | Unlink)
        };
        if !s.outsider || s.name == NONE || s.processes.iter().any(|process| relies(process.at)) {
            return;
        }
        let mut t = State {
            name: NONE,
            outsider: false,
            orderly: false,
            ..*s
        };
        t.forget();
        let mut what = "unlinks the name";
        if self.foreign {
            t.name = t.fresh();
            t.objects[usize::from(t.name)].contents = Contents::Foreign;
            what = "puts something of its own in the object's place";
        }
        steps.push(Step {
            who: "outsider",
            what,
            then: Ok(t),
        });
    }
}

const NAMES: [[&str; PROCESSES]; 3] = [
    ["sender 0", "sender 1", "sender 2", "sender 3"],
    ["receiver 0", "receiver 1", "receiver 2", "receiver 3"],
    ["remover 0", "remover 1", "remover 2", "remover 3"],
];

impl Model for World {
    type State = State;
    type Fault = Fault;

    fn start(&self) -> State {
        let mut state = State {
            name: NONE,
            objects: [NO_OBJECT; OBJECTS],
            processes: [IDLE; PROCESSES],
            kills: self.kills,
            messages: self.messages,
            outsider: self.outsider,
            orderly: true,
        };
        for process in &mut state.processes[..self.cast.len()] {
            process.starts = self.starts;
        }
        if self.foreign && !self.outsider {
            state.name = 0;
            state.objects[0].contents = Contents::Foreign;
        }
        state
    }

    fn steps(&self, s: &State, steps: &mut Vec<Step<State, Fault>>) {
        for (p, &part) in self.cast.iter().enumerate() {
            let who = NAMES[part as usize][p];
            self.process(s, p, &mut |what, then| steps.push(Step { who, what, then }));
        }
        self.outside(s, steps);
    }

    fn fault(&self, s: &State) -> Option<Fault> {
        let cast = 0..self.cast.len();
        let under_way = |p: &usize| !matches!(s.processes[*p].at, At::Idle | At::Attached);
        let mut active = cast.clone().filter(under_way).peekable();
        if active.peek().is_some() && active.all(|p| self.is_blocked(s, p)) {
            return Some(Fault::Deadlock);
        }
        for p in cast.clone().filter(|&p| s.processes[p].at == At::Attached) {
            let same = |q: &usize| {
                s.processes[*q].at == At::Attached
                    && s.processes[*q].object == s.processes[p].object
                    && self.cast[*q] == self.cast[p]
            };
            if cast.clone().filter(same).count() > 1 {
                return Some(Fault::TwoHolders);
            }
        }
        let over = s.processes.iter().all(|process| process.at == At::Idle);
        if over && s.orderly && s.name != NONE {
            let object = &s.objects[usize::from(s.name)];
            let ours = object.contents == Contents::Mailbox;
            if ours && object.queued == 0 && !object.to_keep && !object.died[0] {
                return Some(Fault::Left);
            }
        }
        None
    }
}
