//! The steps of a process that attaches, and what each of its states leads to.

use crate::world::{At, Contents, Fault, Miss, NONE, Part, State, World, number};

pub(crate) type Next = Result<State, Fault>;

impl World {
    pub(crate) fn process(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        match s.processes[p].at {
            At::Idle | At::Open | At::Create | At::Init | At::Linked | At::Inspect => {
                self.open(s, p, push);
            }
            At::Reserve | At::Header | At::Magic => self.initialise(s, p, push),
            At::Role | At::Epoch | At::Done => self.attach(s, p, push),
            At::Attached => self.work(s, p, push),
            At::VerdictLife | At::VerdictLock | At::VerdictAgain | At::VerdictLook => {
                self.judge(s, p, push);
            }
            At::CloseInit | At::CloseLife | At::CloseDue | At::CloseRole | At::CloseEnd => {
                self.close(s, p, push);
            }
            At::Compare | At::Unlink | At::RemoveRoles | At::RemoveQueued => {
                self.remove(s, p, push);
            }
        }
        if s.kills > 0 && s.processes[p].at != At::Idle {
            let mut t = State {
                kills: s.kills - 1,
                peaceful: false,
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

    /// From nothing to an object that is locked, has the name, and was looked at.
    fn open(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let unlocked = self.missing(Miss::AttachWithoutInit);
        let opened = if unlocked { At::Linked } else { At::Init };
        match s.processes[p].at {
            At::Idle if s.processes[p].starts > 0 => {
                t.processes[p].starts -= 1;
                t.processes[p].at = At::Open;
                push("starts", Ok(t));
            }
            At::Open if s.name != NONE => {
                t.processes[p].object = s.name;
                t.processes[p].at = opened;
                push("opens the object", Ok(t));
            }
            At::Open if self.cast[p] == Part::Remover => {
                t.release(p);
                push("opens the object: not there", Ok(t));
            }
            At::Open => {
                t.processes[p].at = At::Create;
                push("opens the object: not there", Ok(t));
            }
            At::Create if s.name != NONE => {
                t.processes[p].at = At::Open;
                push("creates the object: exists", Ok(t));
            }
            At::Create => {
                t.create(p);
                t.processes[p].made =
                    self.missing(Miss::OnlyTheCreatorUnlinks) || self.missing(Miss::RefusalUnlinks);
                t.processes[p].at = opened;
                push("creates the object", Ok(t));
            }
            At::Init if t.object(p).init == NONE => {
                t.object(p).init = number(p);
                let unchecked = self.missing(Miss::NoLinkCheck);
                t.processes[p].at = if unchecked { At::Inspect } else { At::Linked };
                push("locks INIT", Ok(t));
            }
            At::Init => {
                t.release(p);
                push("gives up on INIT", Ok(t));
            }
            At::Linked if s.name == s.processes[p].object => {
                t.processes[p].at = At::Inspect;
                push("finds the object linked", Ok(t));
            }
            At::Linked => {
                t.release(p);
                t.processes[p].at = At::Open;
                push("finds the object unlinked, starts over", Ok(t));
            }
            At::Inspect => {
                let repair = !self.missing(Miss::NoRepair);
                let next = match (t.object(p).contents, self.cast[p]) {
                    (Contents::Mailbox, Part::Remover) => At::RemoveRoles,
                    (_, Part::Remover) => At::Idle,
                    (Contents::Mailbox, _) => self.validated(),
                    (Contents::Foreign, _) if self.missing(Miss::MagicAlone) => At::Reserve,
                    (Contents::Foreign, _) => At::Idle,
                    (Contents::Empty, _) => At::Reserve,
                    (Contents::Reserved | Contents::Headed, _) if repair => At::Reserve,
                    _ => return push("finds an object in ruins", Err(Fault::Bricked)),
                };
                if self.trouble && matches!(next, At::Role | At::Epoch) {
                    // It insists on another number of slots.
                    let mut t = t;
                    if s.processes[p].made && self.missing(Miss::RefusalUnlinks) {
                        t.processes[p].at = At::Compare;
                    } else {
                        t.release(p);
                    }
                    push("insists on another form", Ok(t));
                }
                if next == At::Idle {
                    t.release(p);
                    push("refuses the object", Ok(t));
                } else {
                    t.processes[p].at = next;
                    push("looks at the contents", Ok(t));
                }
            }
            _ => {}
        }
    }

    fn validated(&self) -> At {
        if self.missing(Miss::EpochBeforeRole) {
            At::Epoch
        } else {
            At::Role
        }
    }

    /// Makes a mailbox of an object that is half-made; the magic comes last.
    fn initialise(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let magic_first = self.missing(Miss::MagicFirst);
        let at = s.processes[p].at;
        let contents = t.object(p).contents;
        let (what, next, written) = match at {
            At::Reserve => {
                let next = if magic_first { At::Magic } else { At::Header };
                let grown = if contents == Contents::Empty {
                    Contents::Reserved
                } else {
                    contents
                };
                ("reserves the memory", next, grown)
            }
            At::Header if magic_first => ("writes the header", self.validated(), Contents::Mailbox),
            At::Header => ("writes the header", At::Magic, Contents::Headed),
            _ if magic_first => ("writes the magic", At::Header, Contents::OnlyMagic),
            _ => ("writes the magic", self.validated(), Contents::Mailbox),
        };
        if at != At::Reserve && matches!(contents, Contents::Mailbox | Contents::Foreign) {
            return push(what, Err(Fault::Overwritten));
        }
        if self.trouble && at == At::Reserve {
            let mut t = t;
            t.processes[p].at = At::Compare;
            push("finds no memory, leaves nothing behind", Ok(t));
            t.release(p);
            push("finds no memory, leaves the object", Ok(t));
        }
        t.object(p).contents = written;
        t.processes[p].at = next;
        if written == Contents::Mailbox && !self.missing(Miss::OnlyTheCreatorUnlinks) {
            t.processes[p].made = true;
        }
        push(what, Ok(t));
    }

    /// Takes the role of a mailbox whose INIT is held. Waking the peer has no part in this model.
    fn attach(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let role = self.cast[p].role();
        let early = self.missing(Miss::EpochBeforeRole);
        match s.processes[p].at {
            At::Role => {
                let holder = t.object(p).roles[role];
                if holder == NONE || self.missing(Miss::TakeOverByTime) {
                    t.object(p).roles[role] = number(p);
                    t.processes[p].at = if early { At::Done } else { At::Epoch };
                    push("takes the role", Ok(t));
                } else if !self.missing(Miss::WaitForRoleUnderInit) {
                    t.release(p);
                    push("finds the role taken", Ok(t));
                }
            }
            At::Epoch => {
                let object = t.object(p);
                object.life[role] = (object.life[role] | 1) + 1;
                object.died[role] = false;
                object.kept &= role != 0;
                t.processes[p].at = if early { At::Role } else { At::Done };
                push("raises the epoch", Ok(t));
            }
            _ => {
                let named = s.name == s.processes[p].object || t.object(p).robbed;
                if t.object(p).init == number(p) {
                    t.object(p).init = NONE;
                }
                t.processes[p].at = At::Attached;
                push(
                    "is attached, frees INIT",
                    if named { Ok(t) } else { Err(Fault::SplitBrain) },
                );
            }
        }
    }
}
