//! What a bus should hold.

use std::collections::BTreeMap;

/// The messages of a bus, and the receivers that they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// Messages that were sent on each lane.
    pub(crate) committed: Vec<u64>,
    /// What each place that counts has given back of each lane.
    pub(crate) places: BTreeMap<u32, Vec<u64>>,
    /// What former members have given back of each lane, if there are no members.
    pub(crate) floor: Vec<u64>,
}

impl State {
    /// With more messages on a lane.
    pub(crate) fn with_sent(mut self, lane: u32, count: u64) -> Self {
        self.committed[lane as usize] += count;
        self
    }

    /// With one more place that counts, which begins there.
    pub(crate) fn with_place(mut self, place: u32, begins: Vec<u64>) -> Self {
        self.places.insert(place, begins);
        self.floor.clear();
        self
    }

    /// Without a place.
    pub(crate) fn without(mut self, place: u32) -> Self {
        let counts = self.places.remove(&place).expect("it has counted");
        if self.places.is_empty() {
            self.floor = counts;
        }
        self
    }

    /// With a place that has given back `count` more messages of a lane.
    pub(crate) fn with_received(mut self, place: u32, lane: u32, count: u64) -> Self {
        self.places.get_mut(&place).expect("it counts")[lane as usize] += count;
        self
    }

    /// The first message of each lane that is still held.
    pub(crate) fn oldest(&self) -> Vec<u64> {
        let least = |lane| self.places.values().map(|counts| counts[lane]).min();
        let lanes = 0..self.committed.len();
        lanes
            .map(|lane| least(lane).unwrap_or_else(|| self.floor[lane]))
            .collect()
    }
}
