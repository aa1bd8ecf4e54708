//! What is done under INIT: dropping places, joining, leaving, one access a step.

use super::process::{At, Task};
use super::rules::{Fault, Miss};
use super::state::{PENDING, State, places};
use super::world::{Join, Next, Part, World};

impl World {
    /// Drops these places, under INIT. If there are none, continues with the next step.
    pub(super) fn begin_to_drop(&self, t: &mut State, p: usize, set: u8) {
        let members = t.members;
        let process = &mut t.processes[p];
        process.set = set;
        process.mask = members;
        process.lane = 0;
        let is_last = set != 0 && set == members && !self.missing(Miss::NoFloor);
        match set {
            0 => self.has_dropped(t, p),
            _ if is_last && !self.missing(Miss::FloorAfterMask) => process.at = At::Floor,
            _ => process.at = At::Drop,
        }
    }

    /// What comes after the places are dropped.
    fn has_dropped(&self, t: &mut State, p: usize) {
        let own = 1 << t.processes[p].place;
        let process = &mut t.processes[p];
        if process.task == Task::Leave && t.members & own != 0 {
            // The dead first, because their counts must not become the floor.
            self.begin_to_drop(t, p, own);
            return;
        }
        process.set = 0;
        process.lane = 0;
        process.next = 0;
        process.at = match process.task {
            Task::Join => At::Label,
            Task::Leave if self.closes => At::Unlink,
            Task::Leave => At::Unlock,
            Task::Attach => At::Members,
            Task::Close => At::Unlink,
            Task::None | Task::Room | Task::Forget => At::Free,
        };
    }

    pub(super) fn membership(
        &self,
        s: &State,
        p: usize,
        push: &mut impl FnMut(&'static str, Next),
    ) {
        let mut t = *s;
        let process = &mut t.processes[p];
        let l = usize::from(process.lane);
        let r = usize::from(process.place);
        let is_last_lane = process.lane + 1 == self.lanes;
        match process.at {
            At::Floor => {
                let lane = &mut t.lanes[l];
                let count = |r| lane.received[usize::from(r)];
                let takes_pending = self.missing(Miss::FloorTakesPending);
                let counts = |&n: &u8| n != PENDING || takes_pending;
                let mut given = places(process.set).map(count).filter(counts);
                let first = given.next();
                let floor = match self.miss {
                    Some(Miss::FloorOfTheFirst) => first,
                    _ => first.into_iter().chain(given).min(),
                };
                if !self.missing(Miss::FloorOfOwnLane) || process.task != Task::Room || l == p {
                    lane.floor = floor.unwrap_or(lane.floor);
                }
                process.lane += 1;
                if is_last_lane && self.missing(Miss::FloorAfterMask) {
                    self.has_dropped(&mut t, p);
                } else if is_last_lane {
                    process.at = At::Drop;
                }
                push("stores the floor", Ok(t));
            }
            At::Drop => {
                let then = self.drop_places(&mut t, p).map(|()| t);
                push("drops places", then);
            }
            At::Label => {
                process.at = match self.miss {
                    Some(Miss::NoPending | Miss::PendingAfterBit) => At::Bit,
                    Some(Miss::PositionBeforeBit) => At::Least,
                    _ => At::Pending,
                };
                let place = process.place;
                t.store_label(place, self.part(p) == Some(Part::Labelled));
                push("joins: stores its label, or none", Ok(t));
            }
            At::Pending => {
                t.lanes[l].received[r] = PENDING;
                process.lane += 1;
                if is_last_lane {
                    process.lane = 0;
                    process.at = match self.missing(Miss::PendingAfterBit) {
                        true => At::Least,
                        false => At::Bit,
                    };
                }
                push("joins: stores PENDING", Ok(t));
            }
            At::Bit => {
                let mask = process.mask | 1 << r;
                process.at = match self.miss {
                    Some(Miss::PositionBeforeBit) => At::Position,
                    Some(Miss::PendingAfterBit) => At::Pending,
                    _ => At::Least,
                };
                t.store_members(mask);
                push("joins: stores the bit", Ok(t));
            }
            At::Least => {
                let others = process.mask & !(1 << r);
                let is_alone = match self.miss {
                    Some(Miss::OldestAtFloor) => true,
                    _ => others == 0,
                };
                let other = places(others).find(|&q| q >= process.next);
                let what = match other {
                    Some(q) if !is_alone => {
                        process.least = process.least.min(t.lanes[l].received[usize::from(q)]);
                        process.next = q + 1;
                        "joins: loads another's count"
                    }
                    _ => {
                        process.least = t.lanes[l].floor;
                        "joins: loads the floor"
                    }
                };
                let has_more = places(others).any(|q| q >= process.next) && !is_alone;
                let is_next = !is_alone || self.missing(Miss::NextAloneAtSent);
                match self.join {
                    _ if has_more => {}
                    Join::Next if is_next => process.at = At::Sent,
                    _ => self.has_position(&mut t, p, 0),
                }
                push(what, Ok(t));
            }
            At::Sent => {
                let sent = t.lanes[l].sent;
                if self.missing(Miss::NextBySent) {
                    process.least = 0;
                }
                self.has_position(&mut t, p, sent);
                push("joins: loads `sent`", Ok(t));
            }
            At::Position => {
                let position = process.n[l];
                process.lane += 1;
                if is_last_lane {
                    process.at = At::Free;
                }
                let fault = self.misplaced(s, l, r, position);
                t.lanes[l].received[r] = position;
                push("joins: stores its position", fault.map_or(Ok(t), Err));
            }
            At::Unlink => {
                let then = self.unlink(&mut t, p).map(|()| t);
                push("looks whether it is the last", then);
            }
            At::Unlock => {
                process.lock = false;
                process.at = At::Free;
                push("frees its place", Ok(t));
            }
            At::Free => {
                let freed = match process.task {
                    Task::Join if process.lock => process.at_rest(),
                    Task::Attach => process.at_rest(),
                    Task::Room => process.at_rest().full(),
                    _ => process.ended(),
                };
                // Before that it stores its `life`.
                t.open |= u8::from(process.task == Task::Attach) << p;
                t.processes[p] = freed;
                push("frees INIT", Ok(t));
            }
            _ => unreachable!("the others are its own"),
        }
    }

    fn drop_places(&self, t: &mut State, p: usize) -> Result<(), Fault> {
        let pending = t.pending();
        let process = &mut t.processes[p];
        let asked = match process.task {
            Task::Forget => process.set,
            Task::Leave => 1 << process.place,
            _ => 0,
        };
        let kept = process.set & t.members & t.labels & !pending & !asked;
        let was_last = process.set == process.mask;
        process.mask &= !process.set;
        let mask = process.mask;
        t.store_members(mask);
        if was_last && self.missing(Miss::FloorAfterMask) {
            let process = &mut t.processes[p];
            process.lane = 0;
            process.at = At::Floor;
        } else {
            self.has_dropped(t, p);
        }
        if kept == 0 {
            Ok(())
        } else {
            Err(Fault::Forgotten)
        }
    }

    /// The joiner knows its position in a lane.
    fn has_position(&self, t: &mut State, p: usize, sent: u8) {
        let process = &mut t.processes[p];
        process.n[usize::from(process.lane)] = process.least.max(sent);
        process.least = PENDING;
        process.next = 0;
        process.lane += 1;
        process.at = At::Least;
        if process.lane == self.lanes {
            process.lane = 0;
            process.at = match self.miss {
                Some(Miss::PositionBeforeBit) => At::Pending,
                _ => At::Position,
            };
        }
    }
}
