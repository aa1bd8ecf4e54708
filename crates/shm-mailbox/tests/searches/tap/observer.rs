//! The tap's steps, one access to shared memory each.

use super::world::{Fault, Miss, Next, Order, State, World};

/// The three parts of a slot, copied in any order.
const PARTS: [&str; 3] = ["copies the stamp", "copies word 0", "copies word 1"];

/// Where the tap is: the access it makes next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
enum At {
    #[default]
    Count,
    /// Looks for a message that is not counted, in its hot slot and in its cold one.
    Uncounted(Place),
    /// A near miss looks at `received` this early.
    Early(Place),
    Copy(Place),
    Barrier(Place),
    Sent(Place),
    Received(Place),
    /// In neither place.
    Lost,
    PassOver,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    Hot,
    Cold,
}

/// What the tap keeps to itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Tap {
    at: At,
    /// The number of the next message to show.
    next: u8,
    /// The messages below this number are committed.
    committed: u8,
    /// Of what was copied, stamp, word 0 and word 1, whether it is the next message's; none before
    /// that.
    held: [Option<bool>; 3],
    /// `sent` after the copy; none if its order is not assured.
    begun: Option<u8>,
    received: u8,
    /// The last message had been taken when it was shown.
    pub(super) is_late: bool,
}

impl Tap {
    /// The number of the next message to show.
    pub(super) fn next(&self) -> u8 {
        self.next
    }
}

impl World {
    pub(super) fn tap(&self, s: &State, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let n = s.tap.next;
        match s.tap.at {
            At::Count => {
                t.tap.is_late = false;
                t.tap.committed = s.sent;
                if self.missing(Miss::NotCommitted) && n < self.messages {
                    t.tap.committed = s.sent.max(n + 1);
                }
                t.tap.at = match t.tap.committed > n {
                    true => self.begin(Place::Hot),
                    false => At::Uncounted(Place::Hot),
                };
                push("loads `sent`", Ok(t));
            }
            At::Uncounted(place) => {
                let slot = self.slot(place, n).expect("there is one");
                t.tap.at = match self.after(place, n) {
                    _ if s.stamp[slot] == n + 1 => {
                        t.tap.committed = n + 1;
                        self.begin(Place::Hot)
                    }
                    Some(next) => At::Uncounted(next),
                    None => At::Count,
                };
                push("looks for a message that is not counted", Ok(t));
            }
            At::Early(place) => {
                t.tap.received = s.received;
                t.tap.at = At::Copy(place);
                push("loads `received`", Ok(t));
            }
            At::Copy(place) => {
                let slot = self.slot(place, n).expect("there is one");
                let parts = [s.stamp[slot], s.words[slot][0], s.words[slot][1]];
                for (part, what) in PARTS.into_iter().enumerate() {
                    if s.tap.held[part].is_some() {
                        continue;
                    }
                    t = *s;
                    t.tap.held[part] = Some(parts[part] == n + 1);
                    if t.tap.held.iter().all(Option::is_some) {
                        self.copied(&mut t, place);
                    }
                    push(what, Ok(t));
                }
            }
            At::Barrier(place) => {
                t.sent = s.stored;
                t.tap.at = At::Sent(place);
                push("has a barrier executed", Ok(t));
            }
            At::Sent(place) => {
                let slot = self.slot(place, n).expect("there is one");
                t.tap.begun = match self.miss {
                    Some(Miss::SentBeforeTheCopy) => Some(s.tap.committed),
                    Some(Miss::StampAgain) if s.stamp[slot] == n + 1 => Some(n),
                    Some(Miss::StampAgain) => None,
                    _ => Some(s.sent),
                };
                if self.is_quiet(&t, place) {
                    self.show(&mut t, push);
                } else {
                    t.tap.at = At::Received(place);
                    push("loads `sent`: perhaps too late", Ok(t));
                }
            }
            At::Received(place) => {
                let is_early = self.missing(Miss::ReceivedBeforeTheCopy);
                let received = if is_early { s.tap.received } else { s.received };
                let one_more = u8::from(self.missing(Miss::QueuedOneMore));
                if received <= n + one_more {
                    self.show(&mut t, push);
                } else if self.order == Order::Weak && s.tap.begun.is_none() && self.has_barrier() {
                    t.tap.at = At::Barrier(place);
                    push("loads `received`: taken", Ok(t));
                } else {
                    t.tap.at = At::PassOver;
                    push("loads `received`: taken", Ok(t));
                }
            }
            At::Lost => {
                t.tap.at = At::PassOver;
                let then = match s.received <= n {
                    true if self.missing(Miss::NotCommitted) => Ok(forget(t)),
                    true => Err(Fault::FalseCorrupt),
                    false => Ok(t),
                };
                push("is in neither place, loads `received`", then);
            }
            At::PassOver => {
                for next in n + 1..=s.sent.max(n + 1) {
                    t = *s;
                    t.has_missed = true;
                    t.tap = Tap {
                        next,
                        ..Tap::default()
                    };
                    push("loads `sent`, passes over some", Ok(t));
                }
            }
        }
    }

    fn has_barrier(&self) -> bool {
        !self.missing(Miss::NoBarrier)
    }

    fn begin(&self, place: Place) -> At {
        match self.miss {
            Some(Miss::ReceivedBeforeTheCopy) => At::Early(place),
            _ => At::Copy(place),
        }
    }

    fn slot(&self, place: Place, n: u8) -> Option<usize> {
        let slot = match place {
            Place::Hot => Some(self.hot_slot(n)),
            Place::Cold => self.cold_slot(n),
        };
        slot.map(usize::from)
    }

    /// The place to look at after this one.
    fn after(&self, place: Place, n: u8) -> Option<Place> {
        let has_cold = self.cold_slot(n).is_some() && !self.missing(Miss::HotAlone);
        (place == Place::Hot && has_cold).then_some(Place::Cold)
    }

    /// All of a slot is copied.
    fn copied(&self, t: &mut State, place: Place) {
        if t.tap.held[0] == Some(true) {
            t.tap.at = match self.order {
                Order::Strong => At::Sent(place),
                // Without the barrier `sent` is worth nothing: the near miss believes it.
                Order::Weak if !self.has_barrier() => At::Sent(place),
                Order::Weak | Order::WeakWithoutBarrier => At::Received(place),
            };
            return;
        }
        t.tap.held = [None; 3];
        t.tap.at = match self.after(place, t.tap.next) {
            Some(next) => self.begin(next),
            None => At::Lost,
        };
    }

    /// Whether what has begun cannot have come to the slot of the next message.
    fn is_quiet(&self, t: &State, place: Place) -> bool {
        let period = match place {
            Place::Hot if !self.missing(Miss::ColdForHot) => self.hot,
            _ => self.slots,
        };
        let late = u8::from(self.missing(Miss::OneLate));
        let is_before = |begun| begun < t.tap.next + period + late;
        !self.missing(Miss::OnlyQueued) && t.tap.begun.is_some_and(is_before)
    }

    fn show(&self, t: &mut State, push: &mut impl FnMut(&'static str, Next)) {
        let n = t.tap.next;
        let is_its_own = t.tap.held == [Some(true); 3];
        t.tap = Tap {
            next: n + 1,
            is_late: t.received > n,
            ..Tap::default()
        };
        let then = match is_its_own {
            true => Ok(*t),
            false => Err(Fault::Torn),
        };
        push("shows a message", then);
    }
}

/// The tap begins again with the same message.
fn forget(mut t: State) -> State {
    t.tap = Tap {
        next: t.tap.next,
        ..Tap::default()
    };
    t
}
