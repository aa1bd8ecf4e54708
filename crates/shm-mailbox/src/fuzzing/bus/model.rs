//! What the lanes of a bus should hold, and for which receivers.

use crate::bus::Join;

/// Messages, and the receivers that have yet to give them back.
pub(super) struct Model {
    slots: u64,
    /// The number of the first message of each lane.
    first: u64,
    /// The lengths of the messages of each lane.
    lanes: Vec<Vec<usize>>,
    /// The members.
    places: Vec<Option<Place>>,
    /// What was given back of each lane when the last one left.
    floor: Vec<u64>,
}

/// The position of a receiver in each lane.
#[derive(Clone)]
struct Place {
    acknowledged: Vec<u64>,
    /// The next message to be shown.
    next: Vec<u64>,
}

impl Model {
    pub(super) fn new(slots: u64, lanes: usize, places: usize, first: u64) -> Self {
        Self {
            slots,
            first,
            lanes: vec![Vec::new(); lanes],
            places: vec![None; places],
            floor: vec![first; lanes],
        }
    }

    /// The number of a lane's next message.
    pub(super) fn next(&self, lane: usize) -> u64 {
        self.first + self.lanes[lane].len() as u64
    }

    /// How many messages of a lane all members have given back.
    pub(super) fn point(&self, lane: usize) -> u64 {
        let counts = self
            .places
            .iter()
            .flatten()
            .map(|place| place.acknowledged[lane]);
        counts.min().unwrap_or(self.floor[lane])
    }

    pub(super) fn queued(&self, lane: usize) -> u64 {
        self.next(lane) - self.point(lane)
    }

    pub(super) fn has_room(&self, lane: usize) -> bool {
        self.queued(lane) < self.slots
    }

    pub(super) fn send(&mut self, lane: usize, length: usize) {
        assert!(self.has_room(lane));
        self.lanes[lane].push(length);
    }

    pub(super) fn counts(&self, place: usize) -> bool {
        self.places[place].is_some()
    }

    /// The first place that does not count.
    pub(super) fn free_place(&self) -> Option<usize> {
        self.places.iter().position(Option::is_none)
    }

    /// Where a joiner would begin.
    pub(super) fn positions(&self, join: Join) -> Vec<u64> {
        let nobody_counts = self.places.iter().all(Option::is_none);
        let position = |lane| match join {
            Join::Next if !nobody_counts => self.next(lane),
            _ => self.point(lane),
        };
        (0..self.lanes.len()).map(position).collect()
    }

    pub(super) fn join(&mut self, place: usize, join: Join) {
        let acknowledged = self.positions(join);
        self.places[place] = Some(Place {
            next: acknowledged.clone(),
            acknowledged,
        });
    }

    /// Leaves a place, together with that of a joiner that had its position in some of the lanes.
    pub(super) fn leave(&mut self, place: usize, pending: &[Option<u64>]) {
        let left = self.places[place].take().expect("it counts");
        if self.places.iter().all(Option::is_none) {
            self.floor = left.acknowledged;
            for (floor, pending) in self.floor.iter_mut().zip(pending) {
                *floor = pending.map_or(*floor, |pending| pending.min(*floor));
            }
        }
    }

    /// Shows a message, which must be the next of its lane. Returns its length.
    pub(super) fn show(&mut self, place: usize, lane: usize, number: u64) -> usize {
        let seen = self.places[place].as_mut().expect("it counts");
        assert_eq!(number, seen.next[lane], "of lane {lane} at place {place}");
        seen.next[lane] += 1;
        let index = usize::try_from(number - self.first).expect("a small number");
        self.lanes[lane][index]
    }

    /// Shows no message, so none must be left to show.
    pub(super) fn show_nothing(&self, place: usize) {
        let seen = self.places[place].as_ref().expect("it counts");
        for lane in 0..self.lanes.len() {
            assert_eq!(seen.next[lane], self.next(lane), "of lane {lane}");
        }
    }

    /// The most messages of one lane that were shown and not acknowledged.
    pub(super) fn shown(&self, place: usize) -> u64 {
        let seen = self.places[place].as_ref().expect("it counts");
        let both = seen.next.iter().zip(&seen.acknowledged);
        both.map(|(next, acknowledged)| next - acknowledged)
            .max()
            .unwrap_or(0)
    }

    pub(super) fn acknowledged(&self, place: usize) -> u64 {
        let seen = self.places[place].as_ref().expect("it counts");
        seen.acknowledged.iter().sum()
    }

    pub(super) fn acknowledge(&mut self, place: usize) {
        let seen = self.places[place].as_mut().expect("it counts");
        seen.acknowledged.clone_from(&seen.next);
    }

    pub(super) fn rewind(&mut self, place: usize) {
        let seen = self.places[place].as_mut().expect("it counts");
        seen.next.clone_from(&seen.acknowledged);
    }
}
