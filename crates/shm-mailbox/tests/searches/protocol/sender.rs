//! The sender's steps, one access to shared memory each.

use super::ring::{
    Bed, DEAD_SENDER, Fault, Miss, Next, Place, Recv, Ring, Send, State, ring_receiver,
};

impl Ring {
    pub(crate) fn sender(&self, s: &State, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let slot = usize::from(s.sender.slot);
        let stamp = s.sender.n + 1;
        match s.sender.at {
            Send::Dead => {
                t.sender.at = Send::AttachSent;
                push("starts", Ok(t));
            }
            Send::AttachSent => {
                self.restart_sender(&mut t);
                push("attaches: loads `sent` and its own stamps", Ok(t));
            }
            Send::AttachRepair => {
                t.sent = s.sender.n;
                t.sender.at = Send::AttachReceived;
                push("attaches: repairs `sent`", Ok(t));
            }
            Send::AttachReceived if self.missing(Miss::RestartForgetsReceived) => {
                t.sender.at = Send::AttachOwn;
                push("attaches: leaves its cache at 0", Ok(t));
            }
            Send::AttachReceived => {
                t.sender.at = Send::AttachOwn;
                let then = self.room(&mut t).map(|_| t);
                push("attaches: loads `received`", then);
            }
            Send::AttachOwn => {
                t.sender_sleep.parked = None;
                t.sender.at = if self.missing(Miss::NoWakeAtAttach) {
                    Send::Rest
                } else {
                    Send::AttachClear
                };
                push("attaches: clears its own parked", Ok(t));
                t.sender_sleep.parked = s.sender_sleep.parked;
                push("attaches: leaves its own parked as it is", Ok(t));
            }
            Send::AttachClear => {
                t.sender.found = s.receiver_sleep.parked;
                t.receiver_sleep.parked = None;
                t.sender.at = Send::AttachWake;
                push("attaches: clears the peer's parked", Ok(t));
            }
            Send::AttachWake => {
                wake_receiver(&mut t, Some(Bed::Futex));
                wake_receiver(&mut t, s.sender.found);
                t.sender.found = None;
                t.sender.at = Send::Rest;
                push("attaches: wakes the peer", Ok(t));
            }
            Send::Rest => match self.place(s.sender.n, s.sender.received) {
                Place::Free => {
                    if !self.is_hot(s.sender.n, s.sender.received) {
                        t.sender.at = Send::Room;
                        push("looks for a hot slot", Ok(t));
                    }
                    self.settle(&mut t);
                    push("begins a message", Ok(t));
                }
                Place::Full => {
                    t.sender.at = Send::Room;
                    push("has to look for room", Ok(t));
                }
                Place::Drained => {}
            },
            Send::Room => match self.room(&mut t) {
                Ok(Place::Full) => {
                    t.sender.at = Send::Announce;
                    push("loads `received`: full", Ok(t));
                    t.sender.at = Send::Rest;
                    push("loads `received`: full, gives up", Ok(t));
                }
                Ok(Place::Drained) => {
                    t.sender.at = Send::Rest;
                    push("loads `received`: drained", Ok(t));
                }
                Ok(Place::Free) => {
                    self.settle(&mut t);
                    push("loads `received`: room", Ok(t));
                }
                Err(fault) => push("loads `received`", Err(fault)),
            },
            Send::Word0 => {
                t.words[slot][0] = stamp;
                t.sender.at = Send::Word1;
                push("stores word 0", Ok(t));
            }
            Send::Word1 => {
                t.words[slot][1] = stamp;
                t.sender.at = match self.miss {
                    Some(Miss::StampBeforePayload | Miss::SentBeforeStamp) => Send::Sent,
                    _ => Send::Stamp,
                };
                push("stores word 1", Ok(t));
            }
            Send::Stamp => {
                t.stamp[slot] = stamp;
                let then = match s.sender.n {
                    n if n < s.committed => Err(Fault::Recommitted),
                    n if n > s.committed => Err(Fault::Skipped),
                    _ => {
                        t.committed += 1;
                        match self.miss {
                            Some(Miss::StampBeforePayload) => t.sender.at = Send::Word0,
                            Some(Miss::SentBeforeStamp) => self.committed(&mut t, push),
                            _ => t.sender.at = Send::Sent,
                        }
                        Ok(t)
                    }
                };
                push("stores the stamp", then);
            }
            Send::Sent => {
                if !self.missing(Miss::SentNowAndThen) || stamp.is_multiple_of(3) {
                    t.sent = stamp;
                }
                if self.missing(Miss::SentBeforeStamp) {
                    t.sender.at = Send::Stamp;
                } else {
                    self.committed(&mut t, push);
                }
                push("stores `sent`", Ok(t));
            }
            Send::Parked => {
                let parked = s.receiver_sleep.parked;
                if self.missing(Miss::LookAtParkedFirst) {
                    t.sender.early = parked.is_some();
                    t.sender.at = Send::Word0;
                } else if parked.is_some() {
                    t.sender.found = self.found_early(parked);
                    t.sender.at = self.clear_or_wake(Send::Clear, Send::Wake);
                } else {
                    t.sender.at = Send::Rest;
                }
                push("looks whether the peer is parked", Ok(t));
            }
            Send::Clear => {
                if !self.missing(Miss::ClearWithoutExchange) {
                    t.sender.found = s.receiver_sleep.parked;
                }
                if !self.missing(Miss::WakeWithoutClear) {
                    t.receiver_sleep.parked = None;
                }
                t.sender.at = Send::Wake;
                if self.missing(Miss::RingBeforeClear) {
                    t.sender.found = None;
                    t.sender.at = Send::Rest;
                }
                push("clears the peer's parked", Ok(t));
            }
            Send::Wake => {
                wake_receiver(&mut t, s.sender.found);
                t.sender.found = None;
                t.sender.at = Send::Rest;
                if self.missing(Miss::RingBeforeClear) {
                    t.sender.at = Send::Clear;
                }
                push("wakes the peer", Ok(t));
            }
            Send::Announce => {
                for &bed in self.beds {
                    t.sender_sleep = self.announced(s.sender_sleep, bed);
                    t.sender.at = Send::LookAgain;
                    if self.missing(Miss::NoSecondLook) {
                        t.sender.at = Send::Wait;
                    }
                    push("answers its bell, sets its own parked", Ok(t));
                }
            }
            Send::LookAgain => match self.room(&mut t) {
                Ok(Place::Full) => {
                    t.sender.at = Send::Wait;
                    push("looks again: full", Ok(t));
                }
                Ok(_) => {
                    t.sender.at = Send::Rest;
                    push("looks again: room", Ok(t));
                    t.sender.at = Send::Withdraw;
                    push("looks again: room", Ok(t));
                }
                Err(fault) => push("looks again", Err(fault)),
            },
            Send::Withdraw => {
                t.sender_sleep.parked = None;
                t.sender.at = Send::Rest;
                push("clears its own parked", Ok(t));
            }
            Send::Wait => {
                t.sender_sleep.rung &= !self.missing(Miss::AnswerAfterLook);
                let sleeps = match self.miss {
                    Some(Miss::WaitElsewhere) => s.received == s.sender.received,
                    _ => t.sender_sleep.falls_asleep(),
                };
                t.sender.at = if sleeps { Send::Asleep } else { Send::Returned };
                push("waits", Ok(t));
            }
            Send::Asleep => {
                t.sender.at = Send::Returned;
                push("is woken by a signal", Ok(t));
            }
            Send::Returned => {
                t.sender.at = Send::Room;
                push("goes on", Ok(t));
                t.sender_sleep.parked = None;
                push("clears its own parked, goes on", Ok(t));
            }
        }
        if s.sender.at != Send::Dead {
            t = *s;
            t.sender = DEAD_SENDER;
            // Its bell is its own.
            t.sender_sleep.rung = false;
            t.sender_sleep.bed = Bed::Futex;
            if !self.missing(Miss::SilentDeath) {
                ring_receiver(&mut t);
            }
            push("is killed", Ok(t));
        }
    }

    /// What a committed message leads to: the next of a batch if there is room, or the wake-up.
    fn committed(&self, t: &mut State, push: &mut impl FnMut(&'static str, Next)) {
        t.sender.n += 1;
        if t.sender.n < self.messages {
            let mut batch = *t;
            if self.place(t.sender.n, t.sender.received) == Place::Free {
                self.settle(&mut batch);
                push("stores the last word, goes on with its batch", Ok(batch));
            } else if self.missing(Miss::BatchBlocksFirst) {
                batch.sender.at = Send::Room;
                push("stores the last word, goes on with its batch", Ok(batch));
            }
        }
        t.sender.slot = 0;
        t.sender.at = match self.miss {
            Some(Miss::LookAtParkedFirst) if t.sender.early => Send::Clear,
            Some(Miss::LookAtParkedFirst) => Send::Rest,
            _ => Send::Parked,
        };
        t.sender.early = false;
    }

    /// The sender loads `received` and judges it.
    fn room(&self, t: &mut State) -> Result<Place, Fault> {
        let sender = &mut t.sender;
        let honest = t.received >= sender.received && t.received <= sender.n;
        if !honest || sender.n - t.received > self.slots {
            return Err(Fault::FalseCorrupt);
        }
        sender.received = t.received;
        Ok(self.place(sender.n, sender.received))
    }

    /// The sender settles on a slot and starts to fill it.
    fn settle(&self, t: &mut State) {
        t.sender.slot = self.slot_for(t.sender.n, t.sender.received);
        t.sender.at = match self.miss {
            Some(Miss::StampBeforePayload) => Send::Stamp,
            Some(Miss::LookAtParkedFirst) => Send::Parked,
            _ => Send::Word0,
        };
    }

    /// Finds its number again: what it loads here only a sender writes, so that nothing can come
    /// between these loads that matters.
    fn restart_sender(&self, t: &mut State) {
        let n = t.sent;
        let cold = match self.miss {
            Some(Miss::SenderForgetsCold) => None,
            _ => self.cold_slot(n),
        };
        let holds = |slot: u8| t.stamp[usize::from(slot)] == n + 1;
        let uncounted = holds(self.hot_slot(n)) || cold.is_some_and(holds);
        t.sender.n = n + u8::from(uncounted && !self.missing(Miss::RestartTrustsSent));
        t.sender.at = if t.sender.n == t.sent || self.missing(Miss::RestartLeavesSent) {
            Send::AttachReceived
        } else {
            Send::AttachRepair
        };
    }
}

/// Wakes the receiver where it was found, if it sleeps there.
fn wake_receiver(t: &mut State, bed: Option<Bed>) {
    match bed {
        None => {}
        Some(Bed::Bell) => ring_receiver(t),
        Some(Bed::Futex) => {
            let sleeps = t.receiver_sleep.bed == Bed::Futex && t.receiver.at == Recv::Asleep;
            if sleeps {
                t.receiver.at = Recv::Returned;
            }
        }
    }
}
