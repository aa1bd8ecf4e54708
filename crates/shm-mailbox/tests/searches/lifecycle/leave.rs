//! The steps of those who close or remove, and when the name goes with them.

use super::process::Next;
use super::rules::{Fault, Miss};
use super::world::{At, Contents, Disposal, NONE, Part, State, World, number};

impl World {
    /// Says in the object how the process leaves.
    pub(crate) fn close(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let how = s.processes[p].how;
        let keeps = how == Disposal::Keep && self.cast[p] == Part::Sender;
        let keep_late = self.missing(Miss::KeptAfterLife);
        let closes = match how {
            Disposal::Close | Disposal::Keep => true,
            Disposal::Abort | Disposal::Die => self.missing(Miss::AbortCloses),
        };
        let marked = match closes {
            true => At::CloseLife,
            false => At::CloseDue,
        };
        let first = match keeps && !keep_late {
            true => At::CloseKeep,
            false => marked,
        };
        match s.processes[p].at {
            At::CloseInit if t.object(p).init == NONE => {
                t.object(p).init = number(p);
                let role_first = self.missing(Miss::RoleFreedBeforeLife);
                t.processes[p].at = if role_first { At::CloseRole } else { first };
                push("closes: locks INIT", Ok(t));
            }
            At::CloseInit if self.trouble => {
                t.orderly = false;
                t.processes[p].at = first;
                push("closes: gives up on INIT", Ok(t));
            }
            At::CloseKeep => {
                t.object(p).kept = true;
                t.processes[p].at = if keep_late { At::CloseDue } else { marked };
                push("closes: asks to keep the object", Ok(t));
            }
            At::CloseLife => {
                t.object(p).life[self.cast[p].role()] |= 1;
                let keep_now = keeps && keep_late;
                t.processes[p].at = if keep_now {
                    At::CloseKeep
                } else {
                    At::CloseDue
                };
                push("closes: marks its life", Ok(t));
            }
            _ => {}
        }
    }

    /// Decides on the name, and frees the role and INIT; an unlink that is due is a removal's.
    pub(crate) fn leave(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let role = self.cast[p].role();
        match s.processes[p].at {
            At::CloseDue if self.is_due(s, p) => {
                t.processes[p].at = At::Compare;
                push("closes: an unlink is due", Ok(t));
            }
            At::CloseDue => {
                t.processes[p].at = At::CloseRole;
                push("closes: no unlink", Ok(t));
            }
            At::CloseRole => {
                let odd = !t.object(p).life[role].is_multiple_of(2);
                if t.object(p).roles[role] == number(p) {
                    t.object(p).roles[role] = NONE;
                }
                let role_first = self.missing(Miss::RoleFreedBeforeLife);
                t.processes[p].at = if role_first && !odd {
                    At::CloseLife
                } else {
                    At::CloseEnd
                };
                push("closes: frees the role", Ok(t));
            }
            _ => {
                t.release(p);
                push("closes: frees INIT", Ok(t));
            }
        }
    }

    /// Whether whoever leaves takes the name along. Several looks: while INIT is held, what a
    /// sender that is not there has left does not change, nor what an attached one has queued
    /// itself.
    fn is_due(&self, s: &State, p: usize) -> bool {
        let object = &s.objects[usize::from(s.processes[p].object)];
        if object.init != number(p) && !self.missing(Miss::CloseWithoutInit) {
            return false;
        }
        let how = s.processes[p].how;
        if self.cast[p] == Part::Sender {
            let empty = object.queued == 0 || self.missing(Miss::SenderAlwaysUnlinks);
            return empty && matches!(how, Disposal::Close | Disposal::Abort);
        }
        if how != Disposal::Close || self.missing(Miss::OnlyTheSenderUnlinks) {
            return false;
        }
        let life = object.life[0];
        let unseen = life == 0 && !self.missing(Miss::UnseenStays);
        let closed = !life.is_multiple_of(2) || self.missing(Miss::UnlinkAfterDeath);
        let kept = object.kept && !self.missing(Miss::UnlinkKept);
        let left = object.roles[0] == NONE && (unseen || (life > 0 && closed && !kept));
        let empty = object.queued == 0 || self.missing(Miss::ReceiverUnlinksMessages);
        empty && (left || self.missing(Miss::ReceiverIgnoresTheSender))
    }

    /// Unlinks by identity, with INIT held; a remover takes both roles first.
    pub(crate) fn remove(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        match s.processes[p].at {
            At::RemoveRoles => {
                let one = self.missing(Miss::RemoveWithOneRole);
                let object = t.object(p);
                let role = usize::from(object.roles[0] == number(p));
                if object.roles[role] == NONE {
                    object.roles[role] = number(p);
                    let all = role == 1 || one;
                    t.processes[p].at = if all {
                        At::RemoveQueued
                    } else {
                        At::RemoveRoles
                    };
                    push("removes: takes a role", Ok(t));
                } else {
                    t.release(p);
                    push("removes: somebody is there", Ok(t));
                }
            }
            At::RemoveQueued
                if t.object(p).queued > 0 && !self.missing(Miss::RemoveWithMessages) =>
            {
                t.release(p);
                push("removes: messages are there", Ok(t));
            }
            At::RemoveQueued => {
                t.processes[p].at = At::Compare;
                push("removes: nothing is queued", Ok(t));
            }
            At::Compare => {
                let same = s.name == s.processes[p].object
                    || (self.missing(Miss::NoComparison) && s.name != NONE);
                t.processes[p].at = if same { At::Unlink } else { At::CloseRole };
                push("compares the object with the name's", Ok(t));
            }
            _ => {
                t.processes[p].at = At::CloseRole;
                let then = self.unlink(&mut t, p).map(|()| t);
                push("unlinks the name", then);
            }
        }
    }

    fn unlink(&self, t: &mut State, p: usize) -> Result<(), Fault> {
        if t.name == NONE {
            return Ok(());
        }
        let object = &t.objects[usize::from(t.name)];
        if object.contents == Contents::Foreign {
            return Err(Fault::Touched);
        }
        let part = self.cast[p];
        let someone = |role: usize| ![NONE, number(p)].contains(&object.roles[role]);
        // A receiver is told that its sender closed; nobody else loses an object under its feet.
        if someone(0) || (someone(1) && part != Part::Sender) {
            return Err(Fault::Orphaned);
        }
        if object.queued > 0 {
            return Err(Fault::Lost);
        }
        if part == Part::Receiver && (object.to_keep || object.died[0]) {
            return Err(Fault::Premature);
        }
        t.name = NONE;
        t.forget();
        Ok(())
    }
}
