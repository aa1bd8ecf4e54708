//! The steps of an attached process: pass messages, judge a silent peer, begin to leave.

use super::process::Next;
use super::rules::{Fault, Miss};
use super::world::{At, Disposal, NONE, Part, State, World};

impl World {
    /// What an attached process may do next.
    pub(crate) fn work(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        if self.cast[p] == Part::Sender && s.messages > 0 {
            t.messages -= 1;
            t.object(p).queued += 1;
            push("commits a message", Ok(t));
        }
        t = *s;
        if self.cast[p] == Part::Receiver && t.object(p).queued > 0 {
            t.object(p).queued -= 1;
            if self.judges {
                t.processes[p].met = true;
                if !self.missing(Miss::ForgetWhatItTook) {
                    t.processes[p].absent = NONE;
                }
            }
            push("takes a message", Ok(t));
        }
        t = *s;
        if self.judges {
            let lock_first = self.missing(Miss::LockThenLife);
            t.processes[p].at = if lock_first {
                At::VerdictLock
            } else {
                At::VerdictLife
            };
            push("sees nothing and wonders about its peer", Ok(t));
        }
        for &how in self.ways {
            let mut t = *s;
            let process = &mut t.processes[p];
            let locked = !self.missing(Miss::CloseWithoutInit);
            process.at = if locked { At::CloseInit } else { At::CloseLife };
            process.how = how;
            process.met = false;
            process.absent = NONE;
            let role = self.cast[p].role();
            let object = t.object(p);
            object.died[role] = matches!(how, Disposal::Abort | Disposal::Die);
            object.to_keep |= role == 0 && how == Disposal::Keep;
            // A receiver that does not just close removes nothing.
            t.orderly &= role == 0 || how == Disposal::Close;
            let what = match how {
                Disposal::Close => "begins to close",
                Disposal::Keep => "begins to close, and to keep",
                Disposal::Abort => "aborts",
                Disposal::Die => "panics",
            };
            push(what, Ok(t));
        }
    }

    /// The verdict on a silent peer: its life, its lock, its life again, and one more look.
    pub(crate) fn judge(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let peer = 1 - self.cast[p].role();
        let life = t.object(p).life[peer];
        match s.processes[p].at {
            At::VerdictLife => {
                t.processes[p].life = life;
                let lock_first = self.missing(Miss::LockThenLife);
                t.processes[p].at = if lock_first {
                    At::VerdictLook
                } else {
                    At::VerdictLock
                };
                push("loads the peer's life", Ok(t));
            }
            At::VerdictLock => {
                t.processes[p].died = t.object(p).died[peer];
                t.processes[p].at = match self.miss {
                    Some(Miss::LifeThenLock) => At::VerdictLook,
                    Some(Miss::LockThenLife) => At::VerdictLife,
                    _ => At::VerdictAgain,
                };
                if t.object(p).roles[peer] != NONE {
                    self.carry_on(&mut t, p);
                }
                push("tests the peer's lock", Ok(t));
            }
            At::VerdictAgain if life != s.processes[p].life => {
                t.processes[p].at = At::VerdictLife;
                t.processes[p].life = 0;
                t.processes[p].died = false;
                push("finds the peer's life changed", Ok(t));
            }
            At::VerdictAgain if !self.missing(Miss::NoLastLook) => {
                t.processes[p].at = At::VerdictLook;
                push("finds the peer's life unchanged", Ok(t));
            }
            _ => {
                self.carry_on(&mut t, p);
                let then = self.conclude(s, p).map_or(Ok(t), Err);
                push("looks once more, and has its verdict", then);
            }
        }
    }

    /// The promise that the verdict breaks.
    fn conclude(&self, s: &State, p: usize) -> Option<Fault> {
        let process = &s.processes[p];
        let object = &s.objects[usize::from(process.object)];
        let peer = 1 - self.cast[p].role();
        let message = peer == 0 && object.queued > 0;
        if message && !self.missing(Miss::NoLastLook) {
            return None;
        }
        let anyone = self.missing(Miss::VerdictOnAnyone);
        let met = process.life > 0 && (anyone || process.life != process.absent);
        let died = process.life.is_multiple_of(2);
        if !met {
            let gone = object.roles[peer] == NONE && object.life[peer] == process.life;
            return (gone && process.met).then_some(Fault::Untold);
        }
        match (died, process.died) {
            _ if !process.met => Some(Fault::Stranger),
            (true, false) => Some(Fault::FalseDeath),
            (false, true) => Some(Fault::FalseEnd),
            _ => message.then_some(Fault::EarlyEnd),
        }
    }

    fn carry_on(&self, t: &mut State, p: usize) {
        t.processes[p].at = At::Attached;
        t.processes[p].life = 0;
        t.processes[p].died = false;
    }
}
