//! The ring as a model: shared memory, both sides, the choice of a slot, and the promises.

use crate::searches::engine::{Model, Step};

/// The most slots, hot and cold, that a model has.
const SLOTS: usize = 12;

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// A payload that was half one message, half another.
    Torn,
    /// A payload that belongs to another number than the stamp said.
    Replaced,
    /// A committed message was passed over.
    Lost,
    /// A message came again that had been acknowledged.
    Repeated,
    /// A number that was committed is committed again.
    Recommitted,
    /// A number is committed before the one below it.
    Skipped,
    /// One side took its honest peer for a broken one.
    FalseCorrupt,
    /// One side sleeps although its condition holds, and the other, alive, owes it no wake-up.
    Asleep,
    /// No state has all slots taken.
    Capacity,
}

/// A rule that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    StampBeforePayload,
    SentBeforeStamp,
    SentNowAndThen,
    RestartTrustsSent,
    RestartLeavesSent,
    RestartForgetsReceived,
    RestartAtSent,
    RestartOneBack,
    AckBeforeCopy,
    OneTooMany,
    OneTooFew,
    WaitElsewhere,
    NoSecondLook,
    LookAtParkedFirst,
    WakeWithoutClear,
    NoWakeAtAttach,
    BatchBlocksFirst,
    /// A hot slot is taken although all of them are.
    HotOneTooMany,
    /// There are as many cold slots as messages fit besides the hot ones.
    ColdTooFew,
    OnlyHotBeforeParking,
    ReceiverForgetsCold,
    SenderForgetsCold,
    /// The flag is loaded, and cleared with another access.
    ClearWithoutExchange,
    RingBeforeClear,
    /// A bell is answered after the last look.
    AnswerAfterLook,
    /// The kernel does not ring for a process that dies.
    SilentDeath,
}

/// Where a side sleeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Bed {
    Futex,
    Bell,
}

/// A `parked` word, and the bell of its owner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sleeper {
    /// What the word says.
    pub(crate) parked: Option<Bed>,
    /// The bell has rung and was not answered.
    pub(crate) rung: bool,
    /// Where the owner sleeps, or is about to. Private.
    pub(crate) bed: Bed,
}

impl Sleeper {
    /// Whether a wait begun now lasts: the kernel compares the word, or the bell is silent, and its
    /// owner has compared the word.
    pub(crate) fn falls_asleep(self) -> bool {
        self.parked == Some(self.bed) && !self.rung
    }
}

pub(crate) const AWAKE: Sleeper = Sleeper {
    parked: None,
    rung: false,
    bed: Bed::Futex,
};

/// Where the sender is: the access it makes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Send {
    Dead,
    AttachSent,
    AttachRepair,
    AttachReceived,
    AttachOwn,
    AttachClear,
    AttachWake,
    Rest,
    Room,
    Word0,
    Word1,
    Stamp,
    Sent,
    Parked,
    Clear,
    Wake,
    Announce,
    LookAgain,
    Withdraw,
    Wait,
    Asleep,
    Returned,
}

/// Where the receiver is: the access it makes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Recv {
    Dead,
    AttachReceived,
    AttachOwn,
    AttachClear,
    AttachWake,
    Rest,
    Look,
    LookCold,
    Withdraw,
    Word0,
    Word1,
    Ack,
    Parked,
    Clear,
    Wake,
    Announce,
    Wait,
    Asleep,
    Returned,
}

/// Shared memory, both sides, and what an observer knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    /// The number of the message in each slot, plus one; 0 is never written.
    pub(crate) stamp: [u8; SLOTS],
    /// Its payload, in two words: each is that number plus one, too.
    pub(crate) words: [[u8; 2]; SLOTS],
    pub(crate) sent: u8,
    pub(crate) received: u8,
    pub(crate) sender_sleep: Sleeper,
    pub(crate) receiver_sleep: Sleeper,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
    /// Messages committed so far.
    pub(crate) committed: u8,
    /// Messages that the application was shown (peek) or given (recv) so far.
    pub(crate) delivered: u8,
}

/// What the sender keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sender {
    pub(crate) at: Send,
    /// The number of the next message.
    pub(crate) n: u8,
    /// `received` as it was last seen.
    pub(crate) received: u8,
    pub(crate) slot: u8,
    /// The peer was parked before the message was published (a near miss looks that early).
    pub(crate) early: bool,
    /// What it has found in the peer's flag.
    pub(crate) found: Option<Bed>,
}

/// What the receiver keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Receiver {
    pub(crate) at: Recv,
    pub(crate) acked: u8,
    /// The number of the next message to show.
    pub(crate) n: u8,
    pub(crate) slot: u8,
    /// A first word that was read out and is compared with the next.
    pub(crate) held: u8,
    pub(crate) announced: bool,
    /// What it has found in the peer's flag.
    pub(crate) found: Option<Bed>,
}

pub(crate) const DEAD_SENDER: Sender = Sender {
    at: Send::Dead,
    n: 0,
    received: 0,
    slot: 0,
    early: false,
    found: None,
};
pub(crate) const DEAD_RECEIVER: Receiver = Receiver {
    at: Recv::Dead,
    acked: 0,
    n: 0,
    slot: 0,
    held: 0,
    announced: false,
    found: None,
};

/// A ring and the rules that both sides keep to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    pub(crate) hot: u8,
    pub(crate) slots: u8,
    /// How many messages there are to send.
    pub(crate) messages: u8,
    /// The receiver peeks and acknowledges; otherwise it does both at once.
    pub(crate) peeks: bool,
    /// Where both sides may sleep.
    pub(crate) beds: &'static [Bed],
    pub(crate) miss: Option<Miss>,
}

/// Where the sender's next message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Full,
    Free,
    /// Nowhere: all was sent, and all was acknowledged.
    Drained,
}

pub(crate) type Next = Result<State, Fault>;

impl Ring {
    pub(crate) fn missing(&self, miss: Miss) -> bool {
        self.miss == Some(miss)
    }

    /// What a publisher remembers that does not clear the flag in the same step.
    pub(crate) fn found_early(&self, parked: Option<Bed>) -> Option<Bed> {
        match self.miss {
            Some(Miss::ClearWithoutExchange | Miss::RingBeforeClear) => parked,
            _ => None,
        }
    }

    /// What a publisher does first that has found a flag.
    pub(crate) fn clear_or_wake<T>(&self, clear: T, wake: T) -> T {
        match self.miss {
            Some(Miss::RingBeforeClear) => wake,
            _ => clear,
        }
    }

    /// A side that has answered its bell, if it goes to sleep there, and announces its sleep.
    pub(crate) fn announced(&self, before: Sleeper, bed: Bed) -> Sleeper {
        Sleeper {
            parked: Some(bed),
            rung: before.rung && bed == Bed::Bell && self.missing(Miss::AnswerAfterLook),
            bed,
        }
    }

    /// Whether there is room for message `n`.
    pub(crate) fn place(&self, n: u8, received: u8) -> Place {
        let queued = n - received;
        let full = match self.miss {
            Some(Miss::OneTooMany) => self.slots + 1,
            Some(Miss::OneTooFew) => self.slots - 1,
            _ => self.slots,
        };
        if n == self.messages && queued == 0 {
            Place::Drained
        } else if n == self.messages || queued == full {
            Place::Full
        } else {
            Place::Free
        }
    }

    /// Whether message `n` goes to its hot slot.
    pub(crate) fn is_hot(&self, n: u8, received: u8) -> bool {
        n - received < self.hot + u8::from(self.missing(Miss::HotOneTooMany))
    }

    /// The slot for message `n`, for which there is room.
    pub(crate) fn slot_for(&self, n: u8, received: u8) -> u8 {
        match self.cold_slot(n) {
            Some(cold) if !self.is_hot(n, received) => cold,
            _ => self.hot_slot(n),
        }
    }

    /// Nobody who keeps to the rules looks at what was counted and given back: a number up to there
    /// is as good as none, and what stands in such a slot is written before it is read. Forgetting
    /// it keeps the states few.
    fn without_the_past(&self, mut s: State) -> State {
        let writes = matches!(s.sender.at, Send::Word0 | Send::Word1 | Send::Stamp);
        for slot in 0..SLOTS {
            let written = writes && slot == usize::from(s.sender.slot);
            if self.miss.is_none() && !written && s.stamp[slot] <= s.received.min(s.sent) {
                s.stamp[slot] = 0;
                s.words[slot] = [0; 2];
            }
        }
        s
    }

    pub(crate) fn hot_slot(&self, n: u8) -> u8 {
        n % self.hot
    }

    pub(crate) fn cold_slot(&self, n: u8) -> Option<u8> {
        let cold = match self.miss {
            Some(Miss::ColdTooFew) => self.slots - self.hot,
            _ => self.slots,
        };
        (self.hot < self.slots).then(|| self.hot + n % cold)
    }
}

/// Rings the receiver's bell, if it has one.
pub(crate) fn ring_receiver(t: &mut State) {
    t.receiver_sleep.rung = t.receiver_sleep.bed == Bed::Bell;
    if t.receiver_sleep.rung && t.receiver.at == Recv::Asleep {
        t.receiver.at = Recv::Returned;
    }
}

/// Rings the sender's bell, if it has one.
pub(crate) fn ring_sender(t: &mut State) {
    t.sender_sleep.rung = t.sender_sleep.bed == Bed::Bell;
    if t.sender_sleep.rung && t.sender.at == Send::Asleep {
        t.sender.at = Send::Returned;
    }
}

impl Model for Ring {
    type State = State;
    type Fault = Fault;

    fn start(&self) -> State {
        State {
            stamp: [0; SLOTS],
            words: [[0; 2]; SLOTS],
            sent: 0,
            received: 0,
            sender_sleep: AWAKE,
            receiver_sleep: AWAKE,
            sender: DEAD_SENDER,
            receiver: DEAD_RECEIVER,
            committed: 0,
            delivered: 0,
        }
    }

    fn steps(&self, state: &State, steps: &mut Vec<Step<State, Fault>>) {
        for who in ["sender", "receiver"] {
            let mut push = |what, then: Next| {
                let then = then.map(|state| self.without_the_past(state));
                steps.push(Step { who, what, then });
            };
            match who {
                "sender" => self.sender(state, &mut push),
                _ => self.receiver(state, &mut push),
            }
        }
    }

    /// A sleeper whose condition holds while the other side rests: it owes no wake-up any more, and
    /// may never have another reason to give one. Nor does a dead side, whose death rings.
    fn fault(&self, s: &State) -> Option<Fault> {
        let message = s.committed > s.receiver.n;
        let queued = s.sender.n - s.received.min(s.sender.n);
        let room = if s.sender.n < self.messages {
            queued < self.slots
        } else {
            queued == 0
        };
        let sender_rests = match s.sender.at {
            Send::Dead => s.receiver_sleep.bed == Bed::Bell,
            at => matches!(at, Send::Rest | Send::Asleep),
        };
        let receiver_rests = match s.receiver.at {
            Recv::Dead => s.sender_sleep.bed == Bed::Bell,
            at => matches!(at, Recv::Rest | Recv::Asleep),
        };
        let stuck = (s.receiver.at == Recv::Asleep && message && sender_rests)
            || (s.sender.at == Send::Asleep && room && receiver_rests);
        stuck.then_some(Fault::Asleep)
    }
}
