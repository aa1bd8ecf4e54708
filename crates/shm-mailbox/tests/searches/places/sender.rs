//! The sender's steps: one shared access each.

use super::process::{At, Process, Task};
use super::rules::{Fault, Miss};
use super::state::{PENDING, State, bits, places};
use super::world::{Next, World};

impl Process {
    /// A sender that knows of no room.
    pub(super) fn full(self) -> Self {
        Self {
            at: At::Full,
            ..self
        }
    }
}

impl World {
    pub(super) fn sender(&self, s: &State, p: usize, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let process = &mut t.processes[p];
        let slot = usize::from(process.slot);
        let stamp = process.n[0] + 1;
        match process.at {
            At::Idle if process.starts > 0 && s.init_is_free() => {
                process.starts -= 1;
                process.init = true;
                process.task = Task::Attach;
                process.at = At::Find;
                push("starts, locks INIT", Ok(t));
            }
            At::Idle => {}
            At::Find => {
                let lane = &s.lanes[p];
                process.n[0] = self.committed(lane);
                process.at = At::Repair;
                if process.n[0] == lane.sent {
                    self.attach(&mut t, p);
                }
                push("attaches: loads `sent` and its own stamps", Ok(t));
            }
            At::Repair => {
                t.lanes[p].sent = process.n[0];
                self.attach(&mut t, p);
                push("attaches: repairs `sent`", Ok(t));
            }
            At::Rest => {
                if process.n[0] == self.messages[p] {
                    self.close(s, p, push);
                    return;
                }
                let queued = process.n[0] - process.point;
                if queued < self.slots {
                    process.slot = match self.cold_slot(process.n[0]) {
                        Some(cold) if queued >= self.hot => cold,
                        _ => self.hot_slot(process.n[0]),
                    };
                    process.at = At::Payload;
                    push("begins a message", Ok(t));
                }
                let looks = self.eager && queued > 0 || queued >= self.hot;
                if looks {
                    t = *s;
                    t.processes[p].at = At::Members;
                    push("has to look for room", Ok(t));
                }
            }
            At::Members => {
                process.mask = match process.held_by {
                    0 => s.members,
                    alone => 1 << (alone - 1) & s.members,
                };
                process.changed = false;
                process.least = PENDING;
                process.next = 0;
                process.init &= !self.missing(Miss::FirstPointWithoutInit);
                process.at = match process.mask {
                    0 => At::CountFloor,
                    _ => At::Count,
                };
                push("loads `members`", Ok(t));
            }
            At::CountFloor => {
                process.least = s.lanes[p].floor;
                let then = self.has_counted(&mut t, p).map(|()| t);
                push("loads the floor", then);
            }
            At::Count => {
                let next = process.next;
                let r = places(process.mask).find(|&r| r >= next);
                let r = r.expect("there is another");
                let count = s.lanes[p].received[usize::from(r)];
                process.next = r + 1;
                if self.missing(Miss::LeastAlone) && count < process.least {
                    process.held_by = r + 1;
                }
                process.least = process.least.min(count);
                let is_last = process.mask >> process.next == 0;
                let is_ignored = self.missing(Miss::PendingIgnored);
                let mut then = Ok(());
                let is_nothing = is_last && process.least == PENDING;
                if count == PENDING && !is_ignored || is_nothing {
                    self.has_looked(&mut t, p);
                } else if is_last {
                    then = self.has_counted(&mut t, p);
                }
                push("loads a count", then.map(|()| t));
            }
            At::MembersAgain => {
                let is_other = match self.miss {
                    Some(Miss::MaskWithoutGeneration) => s.members != process.mask,
                    _ => process.changed,
                };
                let mut then = Ok(());
                if is_other {
                    self.has_looked(&mut t, p);
                } else {
                    then = self.learns(&mut t, p);
                }
                push("loads `members` again", then.map(|()| t));
            }
            At::Full => {
                let out = self.out(s, p);
                if out != 0 {
                    if self.missing(Miss::NoTestUnderInit) {
                        process.set = out;
                    }
                    process.at = At::Init;
                    push("finds a place to drop", Ok(t));
                }
                t = *s;
                t.processes[p].at = At::Members;
                push("looks again", Ok(t));
            }
            At::Init => {
                process.init = !self.missing(Miss::DropWithoutInit);
                process.task = Task::Room;
                process.at = At::Choose;
                if process.init && !s.init_is_free() {
                    t = *s;
                    t.processes[p] = t.processes[p].at_rest().full();
                }
                push("tries to lock INIT", Ok(t));
            }
            At::Choose => {
                let set = match self.miss {
                    Some(Miss::NoTestUnderInit) => process.set & s.members,
                    Some(Miss::LivingDropped) => self.out(s, p),
                    Some(Miss::LabelDropped) => s.pending() | self.out(s, p),
                    _ => s.swept(),
                };
                self.begin_to_drop(&mut t, p, set);
                push("looks who is dead", Ok(t));
            }
            At::Payload => {
                let stale = s.lanes[p].stamp[slot];
                t.lanes[p].word[slot] = stamp;
                process.at = At::Stamp;
                let then = match s.given(p) < stale {
                    true => Err(Fault::Overwritten),
                    false => Ok(t),
                };
                push("stores the payload", then);
            }
            At::Stamp => {
                t.lanes[p].stamp[slot] = stamp;
                process.at = At::Counted;
                push("stores the stamp", Ok(t));
            }
            At::Counted => {
                t.lanes[p].sent = stamp;
                process.n[0] = stamp;
                *process = process.at_rest();
                push("stores `sent`", Ok(t));
            }
            _ => self.membership(s, p, push),
        }
    }

    /// The sender knows its number, and drops dead members.
    fn attach(&self, t: &mut State, p: usize) {
        let set = t.swept();
        t.processes[p].init = true;
        self.begin_to_drop(t, p, set);
    }

    /// The members that a sender without room would drop: those that hold it back or are PENDING.
    fn out(&self, s: &State, p: usize) -> u8 {
        let received = s.lanes[p].received;
        let point = s.processes[p].point;
        let own = |r: &u8| received[usize::from(*r)];
        let holds = bits(places(s.members).filter(|r| own(r) == point));
        let free = bits(places(s.members).filter(|&r| !s.is_locked(r)));
        match self.miss {
            Some(Miss::LivingDropped) => holds,
            Some(Miss::PendingKept) => holds & !s.labels & free,
            Some(Miss::LabelDropped) => holds & free,
            Some(Miss::PendingOfOwnLane) => {
                let pending = bits(places(s.members).filter(|r| own(r) == PENDING));
                (pending | holds & !s.labels) & free
            }
            _ => (s.pending() | holds & !s.labels) & free,
        }
    }

    /// The least count is known, if nothing has changed.
    fn has_counted(&self, t: &mut State, p: usize) -> Result<(), Fault> {
        let is_first = t.processes[p].task == Task::Attach;
        // Under INIT nothing changes.
        if is_first || self.missing(Miss::NoSecondLook) {
            return self.learns(t, p);
        }
        t.processes[p].at = At::MembersAgain;
        Ok(())
    }

    fn learns(&self, t: &mut State, p: usize) -> Result<(), Fault> {
        let process = &mut t.processes[p];
        let (n, v) = (process.n[0], process.least);
        if v < process.point {
            return Err(Fault::GoesBack);
        }
        if v > n || n - v > self.slots {
            return Err(Fault::FalseCorrupt);
        }
        process.point = v;
        self.has_looked(t, p);
        Ok(())
    }

    /// The loads are over, whether the sender has learned anything or not.
    fn has_looked(&self, t: &mut State, p: usize) {
        let process = &mut t.processes[p];
        if process.init {
            process.at = At::Free;
            process.mask = 0;
            process.least = PENDING;
            process.next = 0;
            process.changed = false;
            return;
        }
        *process = process.at_rest();
        if process.n[0] < self.messages[p] && process.n[0] - process.point >= self.slots {
            *process = process.full();
        }
    }
}
