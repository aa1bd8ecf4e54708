//! A bus as `shm ls` and `shm stat` show it: its lanes and places. The fields are those of the
//! JSON.

use serde::Serialize;
use shm_mailbox::{Role, observe};

use super::entry::digits;
use super::holder::{Holder, State};

#[derive(Debug, Serialize)]
pub(super) struct Bus {
    pub(super) id: String,
    pub(super) version: u32,
    /// Of each lane.
    pub(super) slots: u32,
    pub(super) hot_slots: u32,
    /// How many writers and readers the bus has room for.
    pub(super) senders: u32,
    pub(super) receivers: u32,
    pub(super) stale: bool,
    pub(super) changing: bool,
    /// Those that were ever taken.
    pub(super) lanes: Vec<Lane>,
    pub(super) places: Vec<Place>,
}

/// One writer's.
#[derive(Debug, Serialize)]
pub(super) struct Lane {
    pub(super) lane: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    pub(super) queued: u64,
    pub(super) sent: u64,
    /// By every reader that counts.
    pub(super) received: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<[String; 3]>,
    pub(super) writer: Holder,
}

/// One reader's.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    pub(super) place: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// Whether the writers wait for it.
    pub(super) counts: bool,
    /// Whether its messages are kept while its reader is away.
    pub(super) kept: bool,
    /// In the lane in which it is furthest behind.
    pub(super) behind: u64,
    pub(super) holds_back: bool,
    pub(super) reader: Holder,
}

/// The numbers of a ring.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traffic {
    pub(super) slots: u32,
    pub(super) queued: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
}

impl Bus {
    /// Those of the lane that is furthest behind.
    pub(super) fn traffic(&self) -> Traffic {
        let lanes = self.lanes.iter();
        let furthest = lanes.max_by_key(|lane| (lane.queued, lane.sent));
        match furthest {
            Some(lane) => self.traffic_of(lane),
            None => Traffic {
                slots: self.slots,
                ..Traffic::default()
            },
        }
    }

    pub(super) fn traffic_of(&self, lane: &Lane) -> Traffic {
        Traffic {
            slots: self.slots,
            queued: lane.queued,
            sent: lane.sent,
            received: lane.received,
        }
    }

    /// The messages of all lanes that not every reader has taken.
    pub(super) fn queued(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.queued).sum()
    }

    /// Every lane and place that was ever taken.
    pub(super) fn holders(&self) -> impl Iterator<Item = (Role, &Holder)> {
        let writers = self.lanes.iter().map(|lane| (Role::Sender, &lane.writer));
        let places = self.places.iter();
        writers.chain(places.map(|place| (Role::Receiver, &place.reader)))
    }

    /// In a column: `2/16 alive`, and `3/8 alive, 1 kept`.
    pub(super) fn short_holders(&self) -> [String; 2] {
        let alive = |role| {
            let holders = self.holders();
            let living = holders.filter(|(of, holder)| *of == role && holder.state == State::Alive);
            living.count()
        };
        let writers = format!("{}/{} alive", alive(Role::Sender), self.senders);
        let mut readers = format!("{}/{} alive", alive(Role::Receiver), self.receivers);
        match self.kept().count() {
            0 => {}
            kept => readers += &format!(", {kept} kept"),
        }
        [writers, readers]
    }

    /// The places that are kept for a reader that is away.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.kept)
    }
}

impl From<observe::Bus> for Bus {
    fn from(seen: observe::Bus) -> Self {
        Self {
            id: seen.id.to_string(),
            version: seen.version,
            slots: seen.slots,
            hot_slots: seen.hot_slots,
            senders: seen.senders,
            receivers: seen.receivers,
            stale: seen.is_stale(),
            changing: seen.changing,
            lanes: seen.lanes.iter().map(Lane::from).collect(),
            places: seen.places.iter().map(Place::from).collect(),
        }
    }
}

impl From<&observe::Lane> for Lane {
    fn from(seen: &observe::Lane) -> Self {
        Self {
            lane: seen.lane,
            label: seen.label.map(|label| label.to_string()),
            queued: seen.queued,
            sent: seen.sent,
            received: seen.received,
            note: seen.note.map(digits),
            writer: Holder::of_mailbox(&seen.sender),
        }
    }
}

impl From<&observe::Place> for Place {
    fn from(seen: &observe::Place) -> Self {
        Self {
            place: seen.place,
            label: seen.label.map(|label| label.to_string()),
            counts: seen.counts,
            kept: seen.is_kept(),
            behind: seen.behind,
            holds_back: seen.holds_back,
            reader: Holder::of_mailbox(&seen.receiver),
        }
    }
}
