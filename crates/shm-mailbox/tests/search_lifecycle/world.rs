//! The world as a model: one name, the objects behind it, processes with locks, and the promises.

use crate::search::{Model, Step};

/// No object, no process.
pub(crate) const NONE: u8 = u8::MAX;

/// The most objects that exist at once: one has the name, the others are still open somewhere.
const OBJECTS: usize = 6;

/// The most processes of a model.
pub(crate) const PROCESSES: usize = 5;

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Two processes hold one role on one object.
    TwoHolders,
    /// A process finished attaching to an object that no longer has the name.
    SplitBrain,
    /// An object lost its name while somebody who had no say in it was attached.
    Orphaned,
    /// An object was unlinked with committed messages in it.
    Lost,
    /// The contents of a mailbox, or of something foreign, were written over.
    Overwritten,
    /// An object of ours that nobody can attach to any more.
    Bricked,
    /// Nobody who is under way can take a step.
    Deadlock,
    /// All closed, nothing was queued, and yet an object is left.
    Left,
    /// A peer that lives or closed was said to have died.
    FalseDeath,
    /// The end of the stream was announced before its last message.
    EarlyEnd,
}

/// A rule that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    NoLinkCheck,
    AttachWithoutInit,
    MagicFirst,
    NoRepair,
    MagicAlone,
    WaitForRoleUnderInit,
    TakeOverByTime,
    RefusalUnlinks,
    EpochBeforeRole,
    CloseWithoutInit,
    NoComparison,
    SenderAlwaysUnlinks,
    ReceiverUnlinksItsOwn,
    OnlyTheCreatorUnlinks,
    RoleFreedBeforeLife,
    RemoveWithOneRole,
    RemoveWithMessages,
    LifeThenLock,
    LockThenLife,
    NoLastLook,
}

/// What is in an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Contents {
    /// Size 0, fresh from `shm_open`.
    Empty,
    /// Its memory is reserved and zero.
    Reserved,
    /// The header is there but for the magic.
    Headed,
    /// The magic without a header: only a near miss makes this.
    OnlyMagic,
    Mailbox,
    /// Somebody else's: it begins with a zero, as the lesson's object may.
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
        usize::from(self == Part::Receiver)
    }
}

/// Where a process is: the step it takes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum At {
    Idle,
    Open,
    Create,
    Init,
    Linked,
    Inspect,
    Reserve,
    Header,
    Magic,
    Role,
    Epoch,
    Done,
    Attached,
    VerdictLife,
    VerdictLock,
    VerdictAgain,
    VerdictLook,
    CloseInit,
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
    /// Committed messages that nobody has taken.
    pub(crate) queued: u8,
    /// The last owner of each role was killed.
    pub(crate) died: [bool; 2],
    /// The last sender left it on purpose, or somebody had to close without INIT.
    pub(crate) kept: bool,
    /// An outsider took its name away.
    pub(crate) robbed: bool,
}

const NO_OBJECT: Object = Object {
    contents: Contents::Empty,
    init: NONE,
    roles: [NONE; 2],
    life: [0; 2],
    queued: 0,
    died: [false; 2],
    kept: false,
    robbed: false,
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Process {
    pub(crate) at: At,
    /// The object it has open.
    pub(crate) object: u8,
    /// It wrote the header of that object (a near miss: it created the object).
    pub(crate) made: bool,
    /// The peer's life, as loaded first for a verdict.
    pub(crate) life: u8,
    /// When its lock was found free, it was so by a death.
    pub(crate) died: bool,
    /// How many more times it will start.
    pub(crate) starts: u8,
}

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
    /// An outsider will still unlink the name, without asking anybody.
    pub(crate) outsider: bool,
    /// Nobody was killed and no outsider came so far.
    pub(crate) peaceful: bool,
}

impl State {
    pub(crate) fn object(&mut self, p: usize) -> &mut Object {
        &mut self.objects[usize::from(self.processes[p].object)]
    }

    /// A fresh object under the name, opened by `p`.
    pub(crate) fn create(&mut self, p: usize) {
        let free = (0..).find(|&index| !self.in_use(index));
        let index = free.expect("every process has one object open at most");
        self.name = index;
        self.processes[p].object = index;
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

const IDLE: Process = Process {
    at: At::Idle,
    object: NONE,
    made: false,
    life: 0,
    died: false,
    starts: 0,
};

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
    pub(crate) outsider: bool,
    /// Memory runs out, an attacher insists on another form, INIT is given up when closing.
    pub(crate) trouble: bool,
    /// Attached processes pass verdicts on their peers.
    pub(crate) judges: bool,
    /// The name stands for something foreign.
    pub(crate) foreign: bool,
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
}

const NAMES: [[&str; PROCESSES]; 3] = [
    ["sender 0", "sender 1", "sender 2", "sender 3", "sender 4"],
    [
        "receiver 0",
        "receiver 1",
        "receiver 2",
        "receiver 3",
        "receiver 4",
    ],
    [
        "remover 0",
        "remover 1",
        "remover 2",
        "remover 3",
        "remover 4",
    ],
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
            peaceful: true,
        };
        for process in &mut state.processes[..self.cast.len()] {
            process.starts = self.starts;
        }
        if self.foreign {
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
        // Nothing can be done about an outsider that comes between a comparison and its unlink.
        let comparing = s.processes.iter().any(|process| process.at == At::Unlink);
        if s.outsider && s.name != NONE && !comparing {
            let mut t = State {
                name: NONE,
                outsider: false,
                peaceful: false,
                ..*s
            };
            t.objects[usize::from(s.name)].robbed = true;
            t.forget();
            steps.push(Step {
                who: "outsider",
                what: "unlinks the name",
                then: Ok(t),
            });
        }
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
        if over && s.peaceful && s.name != NONE {
            let object = &s.objects[usize::from(s.name)];
            if object.contents == Contents::Mailbox && object.queued == 0 && !object.kept {
                return Some(Fault::Left);
            }
        }
        None
    }
}
