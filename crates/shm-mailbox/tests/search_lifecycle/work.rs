//! The steps of an attached process: pass messages, and judge a silent peer.

use crate::process::Next;
use crate::world::{At, Fault, Miss, NONE, Part, State, World};

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
        let locked = !self.missing(Miss::CloseWithoutInit);
        t.processes[p].at = if locked { At::CloseInit } else { At::CloseLife };
        push("begins to close", Ok(t));
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
                let seen = s.processes[p].life;
                let message = peer == 0 && t.object(p).queued > 0;
                let died = seen > 0 && seen.is_multiple_of(2);
                self.carry_on(&mut t, p);
                let then = if message && !self.missing(Miss::NoLastLook) {
                    Ok(t)
                } else if died && !s.processes[p].died {
                    Err(Fault::FalseDeath)
                } else if message && seen > 0 {
                    Err(Fault::EarlyEnd)
                } else {
                    Ok(t)
                };
                push("looks once more, and has its verdict", then);
            }
        }
    }

    fn carry_on(&self, t: &mut State, p: usize) {
        t.processes[p].at = At::Attached;
        t.processes[p].life = 0;
        t.processes[p].died = false;
    }
}
