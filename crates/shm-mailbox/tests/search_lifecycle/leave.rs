//! The steps of those who close or remove, and when the name goes with them.

use crate::process::Next;
use crate::world::{At, Fault, Miss, NONE, Part, State, World, number};

impl World {
    /// Ends an endpoint; its unlink, if one is due, is a removal's.
    pub(crate) fn close(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let role = self.cast[p].role();
        let role_first = self.missing(Miss::RoleFreedBeforeLife);
        match s.processes[p].at {
            At::CloseInit if t.object(p).init == NONE => {
                t.object(p).init = number(p);
                t.processes[p].at = if role_first {
                    At::CloseRole
                } else {
                    At::CloseLife
                };
                push("closes: locks INIT", Ok(t));
            }
            At::CloseInit if self.trouble => {
                t.processes[p].at = At::CloseLife;
                push("closes: gives up on INIT", Ok(t));
            }
            At::CloseLife => {
                t.object(p).life[role] |= 1;
                t.processes[p].at = At::CloseDue;
                push("closes: marks its life", Ok(t));
            }
            At::CloseDue => {
                let made = s.processes[p].made;
                let sender = self.cast[p] == Part::Sender;
                let object = t.object(p);
                let locked = object.init == number(p) || self.missing(Miss::CloseWithoutInit);
                let due = if sender {
                    object.queued == 0 || self.missing(Miss::SenderAlwaysUnlinks)
                } else {
                    made && (object.life[0] == 0 || self.missing(Miss::ReceiverUnlinksItsOwn))
                };
                let due = due && locked;
                object.kept |= !due && (sender || !locked);
                t.processes[p].at = if due { At::Compare } else { At::CloseRole };
                push(
                    if due {
                        "closes: an unlink is due"
                    } else {
                        "closes: no unlink"
                    },
                    Ok(t),
                );
            }
            At::CloseRole => {
                let odd = !t.object(p).life[role].is_multiple_of(2);
                if t.object(p).roles[role] == number(p) {
                    t.object(p).roles[role] = NONE;
                }
                t.processes[p].at = if role_first && !odd {
                    At::CloseLife
                } else {
                    At::CloseEnd
                };
                push("closes: frees the role", Ok(t));
            }
            At::CloseEnd => {
                t.release(p);
                push("closes: frees INIT", Ok(t));
            }
            _ => {}
        }
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
        let someone = |role: usize| ![NONE, number(p)].contains(&object.roles[role]);
        // A receiver is told that its sender closed; nobody else loses an object under its feet.
        if someone(0) || (someone(1) && self.cast[p] != Part::Sender) {
            return Err(Fault::Orphaned);
        }
        if object.queued > 0 {
            return Err(Fault::Lost);
        }
        t.name = NONE;
        t.forget();
        Ok(())
    }
}
