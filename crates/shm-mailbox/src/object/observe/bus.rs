//! A bus at one moment.

use shm_core::{Object, SystemError};

use super::{Side, is_committed, note, side, word};
use crate::memory::geometry::BusGeometry;
use crate::memory::id::MailboxId;
use crate::memory::label::Label;
use crate::memory::layout::{INIT, PENDING, VERSION, offset};
use crate::memory::role::{Role, Seat};
use crate::protocol::Peer;

/// A bus at one moment. While messages flow, the moment is some microseconds wide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bus {
    /// The identity of the bus.
    pub id: MailboxId,
    /// The layout's version.
    pub version: u32,
    /// The number of messages that each lane has room for.
    pub slots: u32,
    /// The number of hot slots of each lane; see [`Options::hot_slots`](crate::Options::hot_slots).
    pub hot_slots: u32,
    /// How many senders the bus has room for.
    pub senders: u32,
    /// How many receivers the bus has room for.
    pub receivers: u32,
    /// The lanes that were ever taken, in order.
    pub lanes: Vec<Lane>,
    /// The places that count, or were ever taken, in order.
    pub places: Vec<Place>,
    /// Whether a process is attaching, closing or removing at this moment.
    ///
    /// If it stays true for long, that process is stopped.
    pub changing: bool,
}

/// A lane of a bus: the ring of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lane {
    /// Its number, from 0.
    pub lane: u32,
    /// The label that the lane is reserved for.
    pub label: Option<Label>,
    /// Messages committed since the bus was created.
    pub sent: u64,
    /// Messages that every receiver that counts has acknowledged.
    pub received: u64,
    /// Messages committed, and not acknowledged by every receiver that counts: 0 to `slots`.
    pub queued: u64,
    /// The sender's note, if there is one; see [`Sender::note`](crate::Sender::note).
    pub note: Option<[u64; 3]>,
    /// Whether the receiver that made this list found a wrong value in the lane, and has skipped it
    /// since.
    pub corrupt: bool,
    /// Its sender.
    pub sender: Side,
}

/// A place of a bus: one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// Its number, from 0.
    pub place: u32,
    /// The label by which a receiver finds it again.
    pub label: Option<Label>,
    /// Whether it counts: no sender overwrites what it has not acknowledged.
    pub counts: bool,
    /// Messages of each lane that its receiver has acknowledged, or passed over when it joined;
    /// `None` while it joins.
    pub received: Vec<Option<u64>>,
    /// Messages that its receiver has not acknowledged, in the lane with the most of them.
    pub behind: u64,
    /// Whether a lane is full of messages that its receiver has not acknowledged.
    pub holds_back: bool,
    /// Its receiver.
    pub receiver: Side,
}

impl Place {
    /// Tells whether the bus keeps messages for its label while no receiver has the place.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.counts && self.label.is_some() && self.receiver.state != Peer::Attached
    }
}

impl Bus {
    /// Tells whether no process is attached, attaching, closing or removing.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let senders = self.lanes.iter().map(|lane| &lane.sender);
        let receivers = self.places.iter().map(|place| &place.receiver);
        let mut sides = senders.chain(receivers);
        sides.all(|side| side.state != Peer::Attached) && !self.changing
    }

    /// Returns how many messages are queued in all lanes.
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.queued).sum()
    }

    /// Returns the places that are [kept](Place::is_kept) for a label.
    pub fn kept(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| place.is_kept())
    }
}

impl Bus {
    /// The lanes, with what the receiver at `place` has received of each.
    pub(crate) fn lanes_of(&self, place: u32) -> impl Iterator<Item = Lane> {
        let own = self.places.iter().find(|seen| seen.place == place);
        self.lanes.iter().map(move |lane| {
            let received = own.and_then(|own| own.received[lane.lane as usize]);
            let received = received.unwrap_or(lane.received);
            Lane {
                received,
                queued: lane.sent.saturating_sub(received).min(self.slots.into()),
                ..*lane
            }
        })
    }

    /// The places that count, as the sender of `lane` sees them.
    pub(crate) fn places_of(self, lane: u32) -> impl Iterator<Item = Place> {
        let sent = self
            .lanes
            .iter()
            .find(|seen| seen.lane == lane)
            .map(|own| own.sent);
        let slots = u64::from(self.slots);
        self.places
            .into_iter()
            .filter(|place| place.counts)
            .map(move |mut place| {
                // Another process may have overwritten the header with that of another bus.
                let count = place.received.get(lane as usize).copied().flatten();
                let behind = sent
                    .zip(count)
                    .map(|(sent, count)| sent.saturating_sub(count));
                place.behind = behind.unwrap_or(0).min(slots);
                place.holds_back = place.behind == slots;
                place
            })
    }
}

/// Reads a bus of this geometry.
pub(super) fn look(object: &Object, form: BusGeometry, id: MailboxId) -> Result<Bus, SystemError> {
    let geometry = form.lane();
    let header = word(object, offset::MEMBERS)?;
    let counts = |place: u32| header >> place & 1 == 1;
    let mut places = Vec::new();
    for place in 0..form.receivers() {
        let base = form.place_offset(place);
        let receiver = side(object, Seat::new(Role::Receiver, place), base)?;
        let counts = counts(place);
        if !counts && receiver.epoch == 0 && receiver.state == Peer::NeverSeen {
            continue;
        }
        let received = (0..form.senders()).map(|lane| {
            let count = word(object, form.count_offset(lane, place))?;
            Ok((count != PENDING).then_some(count))
        });
        places.push(Place {
            place,
            label: label(object, base)?.filter(|_| counts),
            counts,
            received: received.collect::<Result<_, SystemError>>()?,
            behind: 0,
            holds_back: false,
            receiver,
        });
    }
    let mut lanes = Vec::new();
    for lane in 0..form.senders() {
        let base = form.lane_offset(lane) + offset::PRESENCE;
        let sender = side(object, Seat::new(Role::Sender, lane), base)?;
        if sender.epoch == 0 && sender.state == Peer::NeverSeen {
            continue;
        }
        let mut sent = word(object, form.lane_offset(lane))?;
        if is_committed(object, geometry, |slot| form.slot_offset(lane, slot), sent)? {
            sent += 1;
        }
        let count = |place: &Place| place.received[lane as usize];
        let counting = places.iter().filter(|place| place.counts);
        let received = match counting.clone().filter_map(count).min() {
            Some(least) => least,
            None => word(object, base + offset::FLOOR)?,
        };
        let slots = u64::from(geometry.slots());
        for place in places.iter_mut().filter(|place| place.counts) {
            let behind = count(place).map_or(0, |count| sent.saturating_sub(count).min(slots));
            place.behind = place.behind.max(behind);
            place.holds_back |= behind == slots;
        }
        lanes.push(Lane {
            lane,
            label: label(object, base)?,
            sent,
            received,
            queued: sent.saturating_sub(received).min(slots),
            note: note(object, base)?,
            corrupt: false,
            sender,
        });
    }
    Ok(Bus {
        id,
        version: VERSION,
        slots: geometry.slots(),
        hot_slots: geometry.hot_slots(),
        senders: form.senders(),
        receivers: form.receivers(),
        lanes,
        places,
        changing: object.is_locked_elsewhere(INIT)?,
    })
}

fn label(object: &Object, base: u64) -> Result<Option<Label>, SystemError> {
    let mut bytes = [0; 32];
    object.read_at(&mut bytes, base + offset::LABEL)?;
    Ok(Label::from_bytes(bytes))
}
