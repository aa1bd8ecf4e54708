//! What the tap looks at: shared memory, the sender, the receiver's count, and the promises.

use super::observer::Tap;
use crate::searches::engine::{Model, Step};

/// The most slots, hot and cold, that a model has.
const SLOTS: usize = 6;

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// A message was shown whose bytes are not all its own.
    Torn,
    /// The tap took honest peers for broken ones.
    FalseCorrupt,
    /// No state has all messages shown, or one after it was taken, or one missed.
    Blind,
}

/// A rule that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Miss {
    /// One message more may have begun.
    OneLate,
    /// A hot slot counts as used again only after as many messages as a cold one.
    ColdForHot,
    /// What had begun before the copy decides.
    SentBeforeTheCopy,
    /// The stamp after the copy decides, not `sent`.
    StampAgain,
    /// The message after the last that was taken counts as queued, and the last one, too.
    QueuedOneMore,
    ReceivedBeforeTheCopy,
    /// A stamp that was read with the payload decides whether that is whole.
    NotCommitted,
    HotAlone,
    NoBarrier,
    OnlyQueued,
}

/// In which order others see the sender's stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// In its own.
    Strong,
    /// `sent` may come after words of the next message. The tap can have a barrier executed.
    Weak,
    /// The tap cannot.
    WeakWithoutBarrier,
}

/// Where the sender is: the access it makes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Send {
    Dead,
    Repair,
    Attach,
    Rest,
    Word0,
    Word1,
    Stamp,
    Sent,
}

/// What the sender keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sender {
    at: Send,
    /// The number of the next message.
    n: u8,
    /// `received` as it was last seen.
    received: u8,
    slot: u8,
}

const DEAD: Sender = Sender {
    at: Send::Dead,
    n: 0,
    received: 0,
    slot: 0,
};

/// Shared memory, the sender, the tap, and what an observer of both knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct State {
    /// The number of the message in each slot, plus one; 0 is never written.
    pub(super) stamp: [u8; SLOTS],
    /// Its payload, in two words: each is that number plus one, too.
    pub(super) words: [[u8; 2]; SLOTS],
    pub(super) sent: u8,
    /// What `sent` will be as soon as the sender's last store of it is seen.
    pub(super) stored: u8,
    pub(super) received: u8,
    sender: Sender,
    pub(super) tap: Tap,
    /// Messages committed so far.
    committed: u8,
    pub(super) has_missed: bool,
}

/// A ring and the rules that the tap keeps to.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) hot: u8,
    pub(super) slots: u8,
    /// How many messages there are to send.
    pub(super) messages: u8,
    pub(super) order: Order,
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

    fn sender(&self, s: &State, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let slot = usize::from(s.sender.slot);
        let stamp = s.sender.n + 1;
        match s.sender.at {
            Send::Dead => {
                let holds = |slot: u8| s.stamp[usize::from(slot)] == s.sent + 1;
                let places = [Some(self.hot_slot(s.sent)), self.cold_slot(s.sent)];
                let is_uncounted = places.into_iter().flatten().any(holds);
                t.sender.n = s.sent + u8::from(is_uncounted);
                t.sender.at = match is_uncounted {
                    true => Send::Repair,
                    false => Send::Attach,
                };
                push("starts: loads `sent` and its own stamps", Ok(t));
            }
            Send::Repair => {
                t.sent = s.sender.n;
                t.stored = t.sent;
                t.sender.at = Send::Attach;
                push("repairs `sent`", Ok(t));
            }
            Send::Attach => {
                t.sender.received = s.received;
                t.sender.at = Send::Rest;
                push("loads `received`", Ok(t));
            }
            Send::Rest if s.sender.n == self.messages => {}
            Send::Rest => {
                if s.sender.received != s.received {
                    t.sender.received = s.received;
                    push("loads `received`", Ok(t));
                    t = *s;
                }
                let queued = s.sender.n - s.sender.received;
                if queued < self.slots {
                    t.sender.slot = match self.cold_slot(s.sender.n) {
                        Some(cold) if queued >= self.hot => cold,
                        _ => self.hot_slot(s.sender.n),
                    };
                    t.sender.at = Send::Word0;
                    push("begins a message", Ok(t));
                }
            }
            Send::Word0 => {
                t.words[slot][0] = stamp;
                t.sender.at = Send::Word1;
                push("stores word 0", Ok(t));
            }
            Send::Word1 => {
                t.words[slot][1] = stamp;
                t.sender.at = Send::Stamp;
                push("stores word 1", Ok(t));
            }
            Send::Stamp => {
                // Release: what was stored before is seen before.
                t.sent = s.stored;
                t.stamp[slot] = stamp;
                t.committed = t.committed.max(stamp);
                t.sender.at = Send::Sent;
                push("stores the stamp", Ok(t));
            }
            Send::Sent => {
                t.stored = stamp;
                if self.order == Order::Strong {
                    t.sent = stamp;
                }
                t.sender.n = stamp;
                t.sender.slot = 0;
                t.sender.at = Send::Rest;
                push("stores `sent`", Ok(t));
            }
        }
        if s.sent != s.stored {
            t = *s;
            t.sent = s.stored;
            push("has its store of `sent` seen", Ok(t));
        }
        if s.sender.at != Send::Dead {
            t = *s;
            // The next sender sees whatever this one has stored.
            t.sent = s.stored;
            t.sender = DEAD;
            push("is killed", Ok(t));
        }
    }
}

impl Model for World {
    type State = State;
    type Fault = Fault;

    fn start(&self) -> State {
        State {
            stamp: [0; SLOTS],
            words: [[0; 2]; SLOTS],
            sent: 0,
            stored: 0,
            received: 0,
            sender: DEAD,
            tap: Tap::default(),
            committed: 0,
            has_missed: false,
        }
    }

    fn steps(&self, s: &State, steps: &mut Vec<Step<State, Fault>>) {
        let mut push = |who, what, then: Next| {
            let then = then.map(without_the_past);
            steps.push(Step { who, what, then });
        };
        self.sender(s, &mut |what, then| push("sender", what, then));
        self.tap(s, &mut |what, then| push("tap", what, then));
        if s.received < s.committed {
            let mut t = *s;
            t.received += 1;
            push("receiver", "acknowledges", Ok(t));
        }
    }

    fn fault(&self, _: &State) -> Option<Fault> {
        None
    }
}

/// The tap takes what is older than its next message for nothing that it wants, whatever it is. A
/// sender that starts looks for the one before it at most. Forgetting the others keeps the states
/// few.
fn without_the_past(mut s: State) -> State {
    for (stamp, words) in s.stamp.iter_mut().zip(&mut s.words) {
        for past in [stamp].into_iter().chain(words) {
            if *past < s.tap.next() {
                *past = 0;
            }
        }
    }
    s
}
