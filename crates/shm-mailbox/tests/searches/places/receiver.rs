//! The steps of receivers, and of processes that forget a label: one shared access each.

use super::process::{At, Task};
use super::rules::{Fault, Miss};
use super::state::{PENDING, State, places};
use super::world::{Next, Part, World};

impl World {
    pub(super) fn receiver(
        &self,
        s: &State,
        p: usize,
        part: Part,
        push: &mut impl FnMut(&'static str, Next),
    ) {
        let mut t = *s;
        let process = &mut t.processes[p];
        let l = usize::from(process.lane);
        match process.at {
            At::Idle if process.starts > 0 => {
                let is_join = part != Part::Forgetter;
                let locks = match self.miss {
                    Some(Miss::JoinWithoutInit) => !is_join,
                    Some(Miss::ResumeWithoutInit) => {
                        part != Part::Labelled || s.members & s.labels == 0
                    }
                    _ => true,
                };
                process.starts -= 1;
                process.init = locks;
                process.task = if is_join { Task::Join } else { Task::Forget };
                process.at = At::Choose;
                if s.init_is_free() || !locks {
                    push("starts, locks INIT", Ok(t));
                }
            }
            At::Idle => {}
            At::Choose if process.task == Task::Join => self.choose_place(s, p, part, push),
            At::Choose => {
                let labelled = s.members & s.labels;
                let set = match places(labelled).find(|&r| !s.is_locked(r)) {
                    _ if self.missing(Miss::ForgetLiving) => labelled,
                    Some(r) => 1 << r,
                    None => 0,
                };
                self.begin_to_drop(&mut t, p, set | s.swept());
                push("looks for the label", Ok(t));
            }
            At::Rest => {
                for lane in 0..self.lanes {
                    self.look(s, p, lane, push);
                }
                self.leave(s, p, part, push);
            }
            At::Cold => {
                let n = process.n[l];
                let slot = self.cold_slot(n).expect("there are cold slots");
                let then = self.found(&mut t, p, slot).map(|()| t);
                push("loads the cold stamp", then);
            }
            At::Copy => {
                let n = process.n[l];
                let is_its_own = s.lanes[l].word[usize::from(process.slot)] == n + 1;
                process.at = At::Ack;
                if self.missing(Miss::AckBeforeCopy) {
                    process.n[l] += 1;
                    *process = process.at_rest();
                }
                let then = if is_its_own { Ok(t) } else { Err(Fault::Torn) };
                push("copies the payload", then);
            }
            At::Ack => {
                let count = process.n[l] + 1;
                let place = usize::from(process.place);
                process.at = At::Copy;
                if !self.missing(Miss::AckBeforeCopy) {
                    process.n[l] = count;
                    *process = process.at_rest();
                }
                t.lanes[l].received[place] = count;
                push("stores `received`", Ok(t));
            }
            _ => self.membership(s, p, push),
        }
    }

    /// With INIT locked: takes the place that has the label, or a free place, or none.
    fn choose_place(
        &self,
        s: &State,
        p: usize,
        part: Part,
        push: &mut impl FnMut(&'static str, Next),
    ) {
        let mut t = *s;
        let process = &mut t.processes[p];
        let mut set = s.swept();
        let mut own = s.members & s.labels;
        if !self.missing(Miss::ResumePending) {
            own &= !s.pending();
        }
        if part == Part::Labelled && own != 0 {
            if places(own).any(|r| s.is_locked(r)) {
                process.at = At::Free;
                push("finds its label taken", Ok(t));
                return;
            }
            let r = places(own).min().expect("there is one");
            process.place = r;
            process.lock = true;
            process.at = At::Free;
            process.n = s.lanes.map(|lane| lane.received[usize::from(r)]);
            let then = match process.n.contains(&PENDING) {
                true => Err(Fault::FalseCorrupt),
                false => Ok(t),
            };
            push("resumes: locks its place, loads its counts", then);
            return;
        }
        let is_free = |r: &u8| (s.members & !set) >> r & 1 == 0 && !s.is_locked(*r);
        let Some(r) = (0..self.places).find(is_free) else {
            process.at = At::Free;
            push("finds no place", Ok(t));
            return;
        };
        process.place = r;
        process.lock = true;
        match self.miss {
            Some(Miss::TakenOver) => set &= !(1 << r),
            Some(Miss::JoinerSweepsNot) => set &= 1 << r,
            _ => {}
        }
        self.begin_to_drop(&mut t, p, set);
        if self.missing(Miss::LabelBeforeDrop) {
            t.store_label(r, part == Part::Labelled);
        }
        push("joins: locks a place", Ok(t));
    }

    /// A receiver at rest looks for a message in one of the lanes.
    fn look(&self, s: &State, p: usize, lane: u8, push: &mut impl FnMut(&'static str, Next)) {
        let mut t = *s;
        let process = &mut t.processes[p];
        process.lane = lane;
        let n = process.n[usize::from(lane)];
        if n == self.messages[usize::from(lane)] {
            return;
        }
        let hot = self.hot_slot(n);
        let then = self.found(&mut t, p, hot).map(|()| t);
        if t.processes[p].at == At::Rest && self.cold_slot(n).is_some() {
            t.processes[p].lane = lane;
            t.processes[p].at = At::Cold;
            push("loads the hot stamp: not this", then.map(|_| t));
        } else if then != Ok(*s) {
            push("loads the stamp", then);
        }
    }

    /// What a stamp says about the next message.
    fn found(&self, t: &mut State, p: usize, slot: u8) -> Result<(), Fault> {
        let process = &mut t.processes[p];
        let l = usize::from(process.lane);
        let stamp = t.lanes[l].stamp[usize::from(slot)];
        if stamp > process.n[l] + 1 {
            return Err(Fault::FalseCorrupt);
        }
        if stamp == process.n[l] + 1 {
            process.slot = slot;
            process.at = match self.missing(Miss::AckBeforeCopy) {
                true => At::Ack,
                false => At::Copy,
            };
        } else {
            *process = process.at_rest();
        }
        Ok(())
    }

    /// A receiver at rest leaves, and gives up its place, or leaves it to its label.
    fn leave(&self, s: &State, p: usize, part: Part, push: &mut impl FnMut(&'static str, Next)) {
        if part == Part::Labelled {
            let mut t = *s;
            t.processes[p] = t.processes[p].ended();
            push("closes, keeps its place", Ok(t));
        }
        if s.init_is_free() {
            let mut t = *s;
            let process = &mut t.processes[p];
            process.init = true;
            process.task = Task::Leave;
            let others = match self.missing(Miss::PendingNotSwept) {
                true => 0,
                false => s.swept(),
            };
            self.begin_to_drop(&mut t, p, others);
            push("leaves: locks INIT", Ok(t));
        }
    }
}
