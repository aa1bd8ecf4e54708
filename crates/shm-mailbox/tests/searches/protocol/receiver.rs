//! The receiver's steps, one access to shared memory each.

use super::ring::{Bed, DEAD_RECEIVER, Fault, Miss, Next, Recv, Ring, Send, State, ring_sender};

impl Ring {
    pub(crate) fn receiver(&self, s: &State, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let slot = usize::from(s.receiver.slot);
        match s.receiver.at {
            Recv::Dead => {
                t.receiver.at = Recv::AttachReceived;
                push("starts", Ok(t));
            }
            Recv::AttachReceived => {
                let n = match self.miss {
                    Some(Miss::RestartAtSent) => s.sent,
                    Some(Miss::RestartOneBack) => s.received.saturating_sub(1),
                    _ => s.received,
                };
                t.receiver.acked = n;
                t.receiver.n = n;
                t.receiver.at = Recv::AttachOwn;
                push("attaches: loads `received`", Ok(t));
            }
            Recv::AttachOwn => {
                t.receiver_sleep.parked = None;
                t.receiver.at = if self.missing(Miss::NoWakeAtAttach) {
                    Recv::Rest
                } else {
                    Recv::AttachClear
                };
                push("attaches: clears its own parked", Ok(t));
                t.receiver_sleep.parked = s.receiver_sleep.parked;
                push("attaches: leaves its own parked as it is", Ok(t));
            }
            Recv::AttachClear => {
                t.receiver.found = s.sender_sleep.parked;
                t.sender_sleep.parked = None;
                t.receiver.at = Recv::AttachWake;
                push("attaches: clears the peer's parked", Ok(t));
            }
            Recv::AttachWake => {
                wake_sender(&mut t, Some(Bed::Futex));
                wake_sender(&mut t, s.receiver.found);
                t.receiver.found = None;
                t.receiver.at = Recv::Rest;
                push("attaches: wakes the peer", Ok(t));
            }
            Recv::Rest => {
                if s.receiver.n > s.receiver.acked {
                    t.receiver.at = Recv::Ack;
                    push("is content with what it has", Ok(t));
                }
                t.receiver.at = Recv::Look;
                push("begins to look", Ok(t));
            }
            Recv::Look => {
                let slot = self.hot_slot(s.receiver.n);
                let stamp = s.stamp[usize::from(slot)];
                let forgets = self.missing(Miss::ReceiverForgetsCold)
                    || s.receiver.announced && self.missing(Miss::OnlyHotBeforeParking);
                if stamp == s.receiver.n + 1 {
                    self.found(&mut t, slot, push);
                } else if stamp > s.receiver.n + 1 {
                    push("loads the hot stamp", Err(Fault::FalseCorrupt));
                } else if self.cold_slot(s.receiver.n).is_none() || forgets {
                    self.nothing(&mut t, push);
                } else {
                    t.receiver.at = Recv::LookCold;
                    push("loads the hot stamp: not this", Ok(t));
                }
            }
            Recv::LookCold => {
                let slot = self.cold_slot(s.receiver.n).expect("there are cold slots");
                let stamp = s.stamp[usize::from(slot)];
                if stamp == s.receiver.n + 1 {
                    self.found(&mut t, slot, push);
                } else if stamp > s.receiver.n + 1 {
                    push("loads the cold stamp", Err(Fault::FalseCorrupt));
                } else {
                    self.nothing(&mut t, push);
                }
            }
            Recv::Withdraw => {
                t.receiver_sleep.parked = None;
                t.receiver.at = Recv::Word0;
                push("clears its own parked", Ok(t));
            }
            Recv::Word0 => {
                t.receiver.held = s.words[slot][0];
                t.receiver.at = Recv::Word1;
                push("copies word 0", Ok(t));
            }
            Recv::Word1 => {
                let then = self.delivered(&mut t, s.words[slot][1]).map(|()| t);
                push("copies word 1", then);
            }
            Recv::Ack => {
                let early = self.missing(Miss::AckBeforeCopy);
                t.received = s.receiver.n + u8::from(early);
                t.receiver.acked = t.received;
                t.receiver.at = if early { Recv::Word0 } else { Recv::Parked };
                if !self.peeks {
                    // Killed from here on, it takes the message with it: at most once.
                    t.delivered = t.received;
                }
                push("stores `received`", Ok(t));
            }
            Recv::Parked => {
                let parked = s.sender_sleep.parked;
                t.receiver.at = Recv::Rest;
                if parked.is_some() {
                    t.receiver.found = self.found_early(parked);
                    t.receiver.at = self.clear_or_wake(Recv::Clear, Recv::Wake);
                }
                push("looks whether the peer is parked", Ok(t));
            }
            Recv::Clear => {
                if !self.missing(Miss::ClearWithoutExchange) {
                    t.receiver.found = s.sender_sleep.parked;
                }
                if !self.missing(Miss::WakeWithoutClear) {
                    t.sender_sleep.parked = None;
                }
                t.receiver.at = Recv::Wake;
                if self.missing(Miss::RingBeforeClear) {
                    t.receiver.found = None;
                    t.receiver.at = Recv::Rest;
                }
                push("clears the peer's parked", Ok(t));
            }
            Recv::Wake => {
                wake_sender(&mut t, s.receiver.found);
                t.receiver.found = None;
                t.receiver.at = Recv::Rest;
                if self.missing(Miss::RingBeforeClear) {
                    t.receiver.at = Recv::Clear;
                }
                push("wakes the peer", Ok(t));
            }
            Recv::Announce => {
                for &bed in self.beds {
                    t.receiver_sleep = self.announced(s.receiver_sleep, bed);
                    t.receiver.announced = true;
                    t.receiver.at = Recv::Look;
                    if self.missing(Miss::NoSecondLook) {
                        t.receiver.at = Recv::Wait;
                    }
                    push("answers its bell, sets its own parked", Ok(t));
                }
            }
            Recv::Wait => {
                let slot = self.hot_slot(s.receiver.n);
                t.receiver_sleep.rung &= !self.missing(Miss::AnswerAfterLook);
                let sleeps = match self.miss {
                    Some(Miss::WaitElsewhere) => s.stamp[usize::from(slot)] != s.receiver.n + 1,
                    _ => t.receiver_sleep.falls_asleep(),
                };
                t.receiver.announced = false;
                t.receiver.at = if sleeps { Recv::Asleep } else { Recv::Returned };
                push("waits", Ok(t));
            }
            Recv::Asleep => {
                t.receiver.at = Recv::Returned;
                push("is woken by a signal", Ok(t));
            }
            Recv::Returned => {
                t.receiver.at = Recv::Look;
                push("goes on", Ok(t));
                t.receiver_sleep.parked = None;
                push("clears its own parked, goes on", Ok(t));
            }
        }
        if s.receiver.at != Recv::Dead {
            t = *s;
            t.receiver = DEAD_RECEIVER;
            // Its bell is its own.
            t.receiver_sleep.rung = false;
            t.receiver_sleep.bed = Bed::Futex;
            if !self.missing(Miss::SilentDeath) {
                ring_sender(&mut t);
            }
            push("is killed", Ok(t));
        }
    }

    /// The expected stamp is there: the copy comes next. Whether a receiver that had announced
    /// itself takes that back is up to it.
    fn found(&self, t: &mut State, slot: u8, push: &mut impl FnMut(&'static str, Next)) {
        let announced = t.receiver.announced;
        t.receiver.slot = slot;
        t.receiver.announced = false;
        t.receiver.at = if self.missing(Miss::AckBeforeCopy) {
            Recv::Ack
        } else {
            Recv::Word0
        };
        push("loads the expected stamp", Ok(*t));
        if announced {
            t.receiver.at = Recv::Withdraw;
            push("loads the expected stamp", Ok(*t));
        }
    }

    /// The expected stamp is not there: give up, or wait for it.
    fn nothing(&self, t: &mut State, push: &mut impl FnMut(&'static str, Next)) {
        if t.receiver.announced {
            t.receiver.at = Recv::Wait;
            push("looks again: nothing", Ok(*t));
            return;
        }
        t.receiver.at = Recv::Rest;
        push("looks: nothing, gives up", Ok(*t));
        if t.receiver.n - t.receiver.acked < self.slots {
            t.receiver.at = Recv::Announce;
            push("looks: nothing", Ok(*t));
        }
    }

    /// Both words are out: the application has the message.
    fn delivered(&self, t: &mut State, word: u8) -> Result<(), Fault> {
        let n = t.receiver.n;
        if t.receiver.held != word {
            return Err(Fault::Torn);
        }
        if word != n + 1 {
            return Err(Fault::Replaced);
        }
        if n > t.delivered {
            return Err(Fault::Lost);
        }
        let early = self.missing(Miss::AckBeforeCopy);
        if n < t.received && !early {
            return Err(Fault::Repeated);
        }
        t.receiver.n = n + 1;
        t.receiver.slot = 0;
        t.receiver.held = 0;
        t.receiver.at = match (early, self.peeks) {
            (true, _) => Recv::Parked,
            (false, true) => Recv::Rest,
            (false, false) => Recv::Ack,
        };
        if self.peeks {
            t.delivered = t.delivered.max(n + 1);
        }
        Ok(())
    }
}

/// Wakes the sender where it was found, if it sleeps there.
fn wake_sender(t: &mut State, bed: Option<Bed>) {
    match bed {
        None => {}
        Some(Bed::Bell) => ring_sender(t),
        Some(Bed::Futex) => {
            let sleeps = t.sender_sleep.bed == Bed::Futex && t.sender.at == Send::Asleep;
            if sleeps {
                t.sender.at = Send::Returned;
            }
        }
    }
}
