//! What is shared: the lanes, `members`, the labels, and the processes with their locks.

use super::process::{At, Process};

/// The most lanes, places, slots of a lane and processes that a model has.
pub(super) const LANES: usize = 2;
pub(super) const PLACES: usize = 3;
pub(super) const SLOTS: usize = 3;
pub(super) const PROCESSES: usize = 5;

/// The count of a place that does not know its position yet.
pub(super) const PENDING: u8 = u8::MAX;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Lane {
    /// The number of the message in each slot, plus one; 0 is never written.
    pub(super) stamp: [u8; SLOTS],
    /// Its payload, one word: that number plus one, too.
    pub(super) word: [u8; SLOTS],
    pub(super) sent: u8,
    pub(super) received: [u8; PLACES],
    pub(super) floor: u8,
    /// An observer's note: what the last member had given back when it was dropped.
    pub(super) held: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct State {
    pub(super) lanes: [Lane; LANES],
    /// The mask. The processes remember its generation, as whether it has changed since their load.
    pub(super) members: u8,
    /// The places whose words have the label.
    pub(super) labels: u8,
    /// The senders, one a lane, and then the others.
    pub(super) processes: [Process; PROCESSES],
    /// How many more processes will be killed.
    pub(super) kills: u8,
    /// The lanes whose sender's `life` is even: it is attached, or has died.
    pub(super) open: u8,
    pub(super) unlinked: bool,
}

impl State {
    pub(super) fn init_is_free(&self) -> bool {
        !self.processes.iter().any(|process| process.init)
    }

    pub(super) fn is_locked(&self, place: u8) -> bool {
        let holds = |process: &Process| process.lock && process.place == place;
        self.processes.iter().any(holds)
    }

    /// The members whose receiver died before it knew its position in every lane. Under INIT no
    /// other receiver is joining.
    pub(super) fn pending(&self) -> u8 {
        let is_pending = |r: &u8| {
            let r = usize::from(*r);
            self.lanes.iter().any(|lane| lane.received[r] == PENDING)
        };
        bits(places(self.members).filter(is_pending))
    }

    /// Whether the label belongs to a member that has its positions.
    pub(super) fn is_kept(&self) -> bool {
        self.members & self.labels & !self.pending() != 0
    }

    /// The places that a process with INIT drops: PENDING ones, and those without a label whose
    /// receiver is dead.
    pub(super) fn swept(&self) -> u8 {
        let unlabelled = places(self.members & !self.labels);
        self.pending() | bits(unlabelled.filter(|&r| !self.is_locked(r)))
    }

    /// The counts of a lane that count.
    pub(super) fn counts(&self, lane: usize) -> impl Iterator<Item = u8> {
        let lane = self.lanes[lane];
        let count = move |r| lane.received[usize::from(r)];
        places(self.members).map(count).filter(|&n| n != PENDING)
    }

    /// The point of a lane: no receiver needs the messages below.
    pub(super) fn given(&self, lane: usize) -> u8 {
        self.counts(lane).min().unwrap_or(self.lanes[lane].held)
    }

    /// A joiner stores its label, or none. Processes read it only if the place's bit is set.
    pub(super) fn store_label(&mut self, place: u8, is_labelled: bool) {
        self.labels &= !(1 << place);
        self.labels |= u8::from(is_labelled) << place;
    }

    /// Stores `members`. All processes that have loaded it before will find another generation.
    pub(super) fn store_members(&mut self, mask: u8) {
        let given = [0, 1].map(|lane| self.given(lane));
        self.members = mask;
        for (index, given) in given.into_iter().enumerate() {
            if self.counts(index).next().is_none() {
                self.lanes[index].held = given;
            }
        }
        for process in &mut self.processes {
            process.changed |= matches!(process.at, At::Count | At::CountFloor | At::MembersAgain);
        }
    }
}

/// The places of a mask.
pub(super) fn places(mask: u8) -> impl Iterator<Item = u8> {
    (0..8).filter(move |r| mask >> r & 1 == 1)
}

/// The mask of some places.
pub(super) fn bits(places: impl Iterator<Item = u8>) -> u8 {
    places.fold(0, |mask, r| mask | 1 << r)
}
