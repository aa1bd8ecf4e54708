//! The steps of a process that attaches, and what each of its states leads to.

use super::rules::{Fault, Miss};
use super::world::{At, Contents, Disposal, NONE, Part, State, World, number};

pub(crate) type Next = Result<State, Fault>;

impl World {
    pub(crate) fn process(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        match s.processes[p].at {
            At::Idle | At::Open | At::Link => self.come(s, p, push),
            At::Init | At::Named | At::Inspect => self.open(s, p, push),
            At::Role | At::Peer | At::Life | At::Unkeep | At::Done => self.attach(s, p, push),
            At::Attached => self.work(s, p, push),
            At::VerdictLife | At::VerdictLock | At::VerdictAgain | At::VerdictLook => {
                self.judge(s, p, push);
            }
            At::CloseInit | At::CloseKeep | At::CloseLife => self.close(s, p, push),
            At::CloseDue | At::CloseRole | At::CloseEnd => self.leave(s, p, push),
            At::Compare | At::Unlink | At::RemoveRoles | At::RemoveQueued => {
                self.remove(s, p, push);
            }
        }
        if s.kills > 0 && s.processes[p].at != At::Idle {
            let mut t = State {
                kills: s.kills - 1,
                orderly: false,
                ..*s
            };
            if s.processes[p].object != NONE {
                let object = t.object(p);
                for role in 0..2 {
                    let alive = object.life[role] > 0 && object.life[role].is_multiple_of(2);
                    object.died[role] |= alive && object.roles[role] == number(p);
                }
            }
            t.release(p);
            push("is killed", Ok(t));
        }
    }

    /// Opens what has the name, or makes a mailbox and then gives it the name.
    fn come(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        match s.processes[p].at {
            At::Idle if s.processes[p].starts > 0 => {
                t.processes[p].starts -= 1;
                t.processes[p].at = At::Open;
                push("starts", Ok(t));
            }
            At::Open if s.name != NONE => {
                t.processes[p].object = s.name;
                let unlocked = self.missing(Miss::AttachWithoutInit);
                t.processes[p].at = if unlocked { At::Named } else { At::Init };
                push("opens the object", Ok(t));
            }
            At::Open if self.cast[p] == Part::Remover => {
                t.release(p);
                push("opens the object: not there", Ok(t));
            }
            // Until it has a name, the mailbox is its maker's own, and no step of the model.
            At::Open => {
                t.processes[p].at = At::Link;
                push("opens the object: not there, makes one", Ok(t));
                if self.trouble {
                    t.release(p);
                    push("opens the object: not there, finds no memory", Ok(t));
                }
            }
            At::Link if s.processes[p].object != NONE => {
                self.fill(&mut t, p);
                push("makes a mailbox of it", Ok(t));
            }
            At::Link if s.name == NONE => {
                t.name = t.fresh();
                t.processes[p].object = t.name;
                if self.missing(Miss::NameFirst) {
                    push("creates an object with a name", Ok(t));
                } else {
                    self.fill(&mut t, p);
                    push("gives its mailbox the name", Ok(t));
                }
            }
            At::Link => {
                t.processes[p].at = At::Open;
                push("finds that the name exists, drops its own", Ok(t));
            }
            _ => {}
        }
    }

    /// Makes a mailbox of the object of `p`, with itself attached.
    fn fill(&self, t: &mut State, p: usize) {
        let role = self.cast[p].role();
        t.processes[p].at = At::Attached;
        let object = t.object(p);
        object.contents = Contents::Mailbox;
        object.roles[role] = number(p);
        object.life[role] = 2;
        if self.judges {
            t.processes[p].absent = 0;
        }
    }

    /// From an open object to one that is locked, has the name, and was looked at.
    fn open(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        match s.processes[p].at {
            At::Init if t.object(p).init == NONE => {
                t.object(p).init = number(p);
                let unchecked = self.missing(Miss::NoLinkCheck);
                t.processes[p].at = if unchecked { At::Inspect } else { At::Named };
                push("locks INIT", Ok(t));
            }
            At::Init => {
                t.release(p);
                push("gives up on INIT", Ok(t));
            }
            At::Named if s.name == s.processes[p].object => {
                t.processes[p].at = At::Inspect;
                push("finds that the name stands for the object", Ok(t));
            }
            At::Named => {
                t.release(p);
                t.processes[p].at = At::Open;
                push("finds that the name does not, starts over", Ok(t));
            }
            _ => match t.object(p).contents {
                Contents::Blank => push("finds an object in ruins", Err(Fault::Bricked)),
                Contents::Foreign if self.missing(Miss::AdoptForeign) => {
                    push("makes a mailbox of what is foreign", Err(Fault::Touched));
                }
                Contents::Foreign => {
                    let unlinks = self.missing(Miss::RefusalUnlinks);
                    if unlinks {
                        t.processes[p].at = At::Compare;
                    } else {
                        t.release(p);
                    }
                    push("refuses the object", Ok(t));
                }
                Contents::Mailbox if self.cast[p] == Part::Remover => {
                    t.processes[p].at = At::RemoveRoles;
                    push("finds a mailbox", Ok(t));
                }
                Contents::Mailbox => {
                    t.processes[p].at = self.after(p, At::Inspect);
                    push("finds a mailbox", Ok(t));
                    if self.trouble {
                        t.release(p);
                        push("insists on another form", Ok(t));
                    }
                }
            },
        }
    }

    /// The order of an attach. What a model has no use for is left out.
    fn after(&self, p: usize, at: At) -> At {
        let early = self.missing(Miss::EpochBeforeRole);
        let keeps = self.cast[p] == Part::Sender && self.ways.contains(&Disposal::Keep);
        let unkeep_early = keeps && self.missing(Miss::KeptClearedFirst);
        match at {
            At::Inspect if !early => At::Role,
            At::Inspect | At::Role if self.judges => At::Peer,
            At::Inspect | At::Role | At::Peer if unkeep_early => At::Unkeep,
            At::Inspect | At::Role | At::Peer => At::Life,
            At::Unkeep if unkeep_early => At::Life,
            At::Life if early => At::Done,
            At::Life if keeps && !unkeep_early => At::Unkeep,
            _ => At::Done,
        }
    }

    /// Takes the role of a mailbox whose INIT is held. Waking the peer has no part in this model.
    fn attach(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let role = self.cast[p].role();
        let at = s.processes[p].at;
        t.processes[p].at = self.after(p, at);
        let early = self.missing(Miss::EpochBeforeRole);
        match at {
            At::Role => {
                let holder = t.object(p).roles[role];
                if holder == NONE || self.missing(Miss::TakeOverByTime) {
                    t.object(p).roles[role] = number(p);
                    push("takes the role", Ok(t));
                } else if !self.missing(Miss::WaitForRoleUnderInit) {
                    t.release(p);
                    push("finds the role taken", Ok(t));
                }
            }
            // Two looks: while INIT is held, the life of a role that is free does not change.
            At::Peer => {
                let life = t.object(p).life[1 - role];
                let there = t.object(p).roles[1 - role] != NONE;
                if !there || self.missing(Miss::NoteTheLiving) {
                    t.processes[p].absent = life;
                }
                t.processes[p].met = there;
                push("notes whether it has a peer", Ok(t));
            }
            At::Life => {
                let object = t.object(p);
                object.life[role] = (object.life[role] | 1) + 1;
                object.died[role] = false;
                object.to_keep &= role != 0;
                let peer = usize::from(object.roles[1 - role]);
                if self.judges && peer < self.cast.len() {
                    t.processes[p].met = true;
                    t.processes[peer].met = true;
                }
                push("raises the epoch", Ok(t));
            }
            At::Unkeep => {
                t.object(p).kept = false;
                push("takes back that it is kept", Ok(t));
            }
            _ => {
                let object = t.object(p);
                if object.init == number(p) {
                    object.init = NONE;
                }
                // The near miss: only now.
                if early && object.roles[role] == NONE {
                    object.roles[role] = number(p);
                }
                t.processes[p].at = At::Attached;
                let named = s.name == s.processes[p].object;
                push(
                    "is attached, frees INIT",
                    if named { Ok(t) } else { Err(Fault::SplitBrain) },
                );
            }
        }
    }
}
