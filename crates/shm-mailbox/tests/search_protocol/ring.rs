//! The ring as a model: shared memory, both sides, the choice of a slot, and the promises.

use crate::search::{Model, Step};

/// No pass through the cold slots has been made, or it no longer matters.
pub(crate) const NONE: u8 = u8::MAX;

/// The most slots that a model has.
const SLOTS: usize = 8;

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
    /// Rule 1 of the hot ring: a pass is left as soon as a hot slot is free.
    PassLeftEarly,
    /// Rule 2: a hot slot is taken although all of them are.
    HotOneTooMany,
    /// Rule 3: the next pass follows upon a pass.
    PassUponPass,
    /// Rule 4: a pass begins although there are hot slots.
    SpillAnyTime,
    ColdFirst,
    OnlyHotBeforeParking,
    LastBeforeFirst,
    ReceiverForgetsPass,
    SenderForgetsPass,
}

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
    AttachFirst,
    AttachLast,
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
    pub(crate) sender_parked: bool,
    pub(crate) receiver_parked: bool,
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
    /// F, the first message of the last pass.
    pub(crate) pass: u8,
    pub(crate) slot: u8,
    /// The peer was parked before the message was published (a near miss looks that early).
    pub(crate) early: bool,
}

/// What the receiver keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Receiver {
    pub(crate) at: Recv,
    pub(crate) acked: u8,
    /// The number of the next message to show.
    pub(crate) n: u8,
    pub(crate) pass: u8,
    pub(crate) slot: u8,
    /// A first word, or a stamp, that was read out and is compared with the next.
    pub(crate) held: u8,
    pub(crate) announced: bool,
}

pub(crate) const DEAD_SENDER: Sender = Sender {
    at: Send::Dead,
    n: 0,
    received: 0,
    pass: NONE,
    slot: 0,
    early: false,
};
pub(crate) const DEAD_RECEIVER: Receiver = Receiver {
    at: Recv::Dead,
    acked: 0,
    n: 0,
    pass: NONE,
    slot: 0,
    held: 0,
    announced: false,
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
    pub(crate) miss: Option<Miss>,
}

/// Where the sender's next message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Full,
    Slot(u8),
    /// The first cold slot: a pass starts.
    Spill,
    /// Nowhere: all was sent, and all was acknowledged.
    Drained,
}

pub(crate) type Next = Result<State, Fault>;

impl Ring {
    pub(crate) fn missing(&self, miss: Miss) -> bool {
        self.miss == Some(miss)
    }

    pub(crate) fn cold(&self) -> u8 {
        self.slots - self.hot
    }

    pub(crate) fn in_pass(&self, pass: u8, n: u8) -> bool {
        pass != NONE && pass <= n && n < pass + self.cold()
    }

    /// The sender's choice of a slot for message `n`.
    pub(crate) fn place(&self, n: u8, received: u8, pass: u8) -> Place {
        let queued = n - received;
        let full = match self.miss {
            Some(Miss::OneTooMany) => self.slots + 1,
            Some(Miss::OneTooFew) => self.slots - 1,
            _ => self.slots,
        };
        let hot = self.hot + u8::from(self.missing(Miss::HotOneTooMany));
        let follows_pass =
            pass != NONE && n < pass + self.slots && !self.missing(Miss::PassUponPass);
        if n == self.messages {
            return if queued == 0 {
                Place::Drained
            } else {
                Place::Full
            };
        }
        if queued == full {
            Place::Full
        } else if self.in_pass(pass, n) && !(self.missing(Miss::PassLeftEarly) && queued < self.hot)
        {
            Place::Slot(self.hot + n - pass)
        } else if self.missing(Miss::SpillAnyTime) && self.cold() > 0 && queued > 0 {
            Place::Spill
        } else if self.cold() == 0 || queued < hot || follows_pass {
            Place::Slot(n % self.hot)
        } else {
            Place::Spill
        }
    }

    /// The receiver's choice: the slot to look at first for message `n`.
    pub(crate) fn expected(&self, n: u8, pass: u8) -> u8 {
        if self.in_pass(pass, n) {
            self.hot + n - pass
        } else {
            n % self.hot
        }
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
            sender_parked: false,
            receiver_parked: false,
            sender: DEAD_SENDER,
            receiver: DEAD_RECEIVER,
            committed: 0,
            delivered: 0,
        }
    }

    fn steps(&self, state: &State, steps: &mut Vec<Step<State, Fault>>) {
        self.sender(state, &mut |what, then| {
            steps.push(Step {
                who: "sender",
                what,
                then,
            })
        });
        self.receiver(state, &mut |what, then| {
            steps.push(Step {
                who: "receiver",
                what,
                then,
            })
        });
    }

    /// A sleeper whose condition holds while the other side, alive, rests: it owes no wake-up any
    /// more, and may never have another reason to give one.
    fn fault(&self, s: &State) -> Option<Fault> {
        let message = s.committed > s.receiver.n;
        let queued = s.sender.n - s.received.min(s.sender.n);
        let room = if s.sender.n < self.messages {
            queued < self.slots
        } else {
            queued == 0
        };
        let sender_rests = matches!(s.sender.at, Send::Rest | Send::Asleep);
        let receiver_rests = matches!(s.receiver.at, Recv::Rest | Recv::Asleep);
        let stuck = (s.receiver.at == Recv::Asleep && message && sender_rests)
            || (s.sender.at == Send::Asleep && room && receiver_rests);
        stuck.then_some(Fault::Asleep)
    }
}
