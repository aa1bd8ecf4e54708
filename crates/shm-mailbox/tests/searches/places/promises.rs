//! The promises that a state breaks, or the position at which a receiver begins.

use super::process::{At, Process};
use super::rules::Fault;
use super::state::{PENDING, State, places};
use super::world::{Join, Part, World};

impl World {
    /// The promise that a state breaks by itself.
    pub(super) fn broken_promise(&self, s: &State) -> Option<Fault> {
        let is_attached = |process: &&Process| {
            process.lock && matches!(process.at, At::Rest | At::Cold | At::Copy | At::Ack)
        };
        let mut attached = s.processes.iter().filter(is_attached);
        if attached.any(|process| s.members >> process.place & 1 == 0) {
            return Some(Fault::Outcast);
        }
        if (s.members & s.labels & !s.pending()).count_ones() > 1 {
            return Some(Fault::Twice);
        }
        if self.is_left(s) {
            return Some(Fault::Left);
        }
        let mut senders = 0..usize::from(self.lanes);
        let is_stuck = |p| self.is_owed_room(s, p) && !self.has_room_soon(s, p);
        senders.any(is_stuck).then_some(Fault::NoRoom)
    }

    /// The promise that a receiver breaks which begins at this position.
    pub(super) fn misplaced(&self, s: &State, l: usize, r: usize, position: u8) -> Option<Fault> {
        let lane = &s.lanes[l];
        let others = places(s.members).filter(|&q| usize::from(q) != r);
        let counts = others.map(|q| lane.received[usize::from(q)]);
        let least = counts.filter(|&n| n != PENDING).min();
        let highest = match (self.join, least) {
            (_, None) => lane.held,
            (Join::Oldest, Some(least)) => least,
            (Join::Next, Some(_)) => self.committed(lane),
        };
        let writer = &s.processes[l];
        let is_whole = |m| {
            let slot = self.slot_of(lane, m);
            slot.is_some_and(|slot| writer.at != At::Stamp || writer.slot != slot)
        };
        if position > highest {
            Some(Fault::PassedOver)
        } else if least.is_none() && position < lane.held {
            Some(Fault::GoesBack)
        } else if (position..self.committed(lane)).all(is_whole) {
            None
        } else {
            Some(Fault::Overwritten)
        }
    }

    /// Whether a sender finds room if no other process runs.
    fn has_room_soon(&self, s: &State, p: usize) -> bool {
        let mut s = *s;
        for _ in 0..64 {
            let mut next = None;
            self.sender(&s, p, &mut |_, then| next = next.or(then.ok()));
            s = next.unwrap_or(s);
            if s.processes[p].at == At::Rest {
                return true;
            }
        }
        false
    }

    /// Whether a sender without room is owed some: all that would hold it back is dead.
    fn is_owed_room(&self, s: &State, p: usize) -> bool {
        let sender = &s.processes[p];
        if sender.at != At::Full || !s.init_is_free() {
            return false;
        }
        let pending = s.pending();
        let is_out = |r: u8| s.lanes[p].received[usize::from(r)] == sender.n[0];
        let mut living = places(s.members).filter(|&r| s.is_locked(r)).peekable();
        let mut dead = places(s.members & !pending & s.labels).filter(|&r| !s.is_locked(r));
        living.peek().is_some() && living.all(is_out) && dead.next().is_none()
    }

    /// Whether all processes have attached and closed, and left a name without use.
    fn is_left(&self, s: &State) -> bool {
        let processes = &s.processes[..usize::from(self.lanes) + self.cast.len()];
        let has_closed = self.closes && !self.cast.contains(&Part::Forgetter);
        let no_kill = s.kills == self.kills && processes.iter().all(|q| q.at == At::Idle);
        let came = processes.iter().any(|q| q.starts < self.starts);
        let is_wanted = s.unlinked || s.is_kept() || s.open != 0 || self.is_any_queued(s);
        has_closed && no_kill && came && !is_wanted
    }
}
