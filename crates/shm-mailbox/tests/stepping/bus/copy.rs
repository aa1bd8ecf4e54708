//! Judges the state of a bus: all its endpoints start again on a copy of the bytes, and report what
//! they find.

use shm_mailbox::bus::{Join, Receiver, Sender};
use shm_mailbox::{Message, RecvError};

use crate::stepping::bus::bench::{FORM, SLOTS, fill, options, take_all};
use crate::stepping::bus::state::State;
use crate::support::Name;
use crate::support::bus::{MEMBERS, PENDING, content_of, positions};

/// A separate object, into which the states are copied.
pub(crate) struct Copy(Name);

/// All endpoints of a bus.
struct Ends {
    senders: Vec<Sender>,
    receivers: Vec<Receiver>,
}

impl Copy {
    pub(crate) fn new() -> Self {
        Self(Name::new())
    }

    /// What the bytes hold, whichever endpoint returns first. Then every lane takes and delivers
    /// twice as many messages as it has room for.
    pub(crate) fn judge(&self, bytes: &[u8]) -> Result<State, String> {
        let first = self.restart(bytes, true)?;
        let second = self.restart(bytes, false)?;
        if first == second {
            Ok(first)
        } else {
            Err(format!(
                "{first:?} if the senders come first, else {second:?}"
            ))
        }
    }

    fn restart(&self, bytes: &[u8], senders_first: bool) -> Result<State, String> {
        let mut bytes = bytes.to_vec();
        let labels = label_members(&mut bytes);
        self.0.fill(&bytes);
        let mut ends = self.attach(&labels, senders_first)?;
        let mut state = State::default();
        let mut senders: Vec<_> = ends.senders.iter().collect();
        senders.sort_by_key(|sender| sender.lane());
        state.committed = senders.iter().map(|sender| sender.committed()).collect();
        for (index, receiver) in ends.receivers.iter_mut().enumerate() {
            let begins = positions(receiver, FORM.senders);
            see_all(receiver, &begins, &state.committed)?;
            match labels.get(index) {
                Some((place, _)) if receiver.place() != *place => {
                    return Err(format!("place {place} is {} now", receiver.place()));
                }
                Some((place, _)) => drop(state.places.insert(*place, begins)),
                None => state.floor = begins,
            }
        }
        let counting = senders[0].places().map_err(|error| error.to_string())?;
        if counting.len() != ends.receivers.len() {
            return Err(format!("{} places count", counting.len()));
        }
        let oldest = state.oldest();
        for round in 0..2 {
            for sender in &mut ends.senders {
                let lane = sender.lane() as usize;
                let room = match round {
                    0 => u64::from(SLOTS) - (state.committed[lane] - oldest[lane]),
                    _ => SLOTS.into(),
                };
                let sent = fill(sender)?;
                if sent != room {
                    return Err(format!("lane {lane} takes {sent} messages, not {room}"));
                }
            }
            for receiver in &mut ends.receivers {
                take_all(receiver)?;
            }
        }
        for receiver in ends.receivers {
            receiver.forget().map_err(|error| error.to_string())?;
        }
        Ok(state)
    }

    /// All senders, and the receivers of these labels. If there are no labels, a receiver that
    /// takes what was left.
    fn attach(&self, labels: &[(u32, String)], senders_first: bool) -> Result<Ends, String> {
        let told = |error: shm_mailbox::AttachError| format!("an end is refused: {error}");
        let senders = || {
            let lanes = 0..FORM.senders;
            let senders = lanes.map(|_| options(&self.0).sender().map_err(told));
            senders.collect::<Result<Vec<_>, _>>()
        };
        let receivers = || {
            let back = labels.iter().map(|(_, label)| {
                let options = options(&self.0).label(label);
                options.receiver().map_err(told)
            });
            let back = back.collect::<Result<Vec<_>, _>>()?;
            if !back.is_empty() {
                return Ok(back);
            }
            let next = options(&self.0).join(Join::Oldest).receiver();
            Ok::<_, String>(vec![next.map_err(told)?])
        };
        let (senders, receivers) = match senders_first {
            true => {
                let senders = senders()?;
                (senders, receivers()?)
            }
            false => {
                let receivers = receivers()?;
                (senders()?, receivers)
            }
        };
        Ok(Ends { senders, receivers })
    }
}

/// Gives each member that is not PENDING a label, unless it has one, so that a receiver can attach
/// there and report what it finds. Returns the places and labels.
fn label_members(bytes: &mut [u8]) -> Vec<(u32, String)> {
    let word = |bytes: &[u8], offset: usize| {
        u64::from_ne_bytes(bytes[offset..offset + 8].try_into().expect("eight bytes"))
    };
    let mask = word(bytes, MEMBERS);
    let mut labels = Vec::new();
    for place in (0..FORM.receivers).filter(|place| mask >> place & 1 == 1) {
        let is_pending = |lane| word(bytes, FORM.received(lane, place)) == PENDING;
        if (0..FORM.senders).any(is_pending) {
            continue;
        }
        let cell = &mut bytes[FORM.label(place)..][..32];
        if cell[0] == 0 {
            let label = format!("place {place}");
            cell.fill(0);
            cell[..label.len()].copy_from_slice(label.as_bytes());
        }
        let end = cell.iter().position(|byte| *byte == 0).expect("a zero");
        let label = std::str::from_utf8(&cell[..end])
            .expect("a text")
            .to_owned();
        labels.push((u32::try_from(place).expect("a few"), label));
    }
    labels
}

/// Peeks at all messages for the receiver: in each lane from its first to the last, whole. Then it
/// rewinds.
fn see_all(receiver: &mut Receiver, begins: &[u64], committed: &[u64]) -> Result<(), String> {
    let mut next = begins.to_vec();
    let mut message = Message::new();
    loop {
        match receiver.try_peek(&mut message) {
            Ok(()) => {}
            Err(RecvError::Empty) => break,
            Err(RecvError::Unacknowledged { .. }) => {
                // One lane is full, so the others cannot be shown now.
                receiver.rewind();
                return Ok(());
            }
            Err(error) => return Err(format!("after {next:?}: {error}")),
        }
        let (lane, number) = (message.lane(), message.sequence());
        let mut buffer = [0; 1024];
        let is_whole = message.as_bytes() == content_of(lane, number, &mut buffer);
        if number != next[lane as usize] || !is_whole {
            return Err(format!(
                "number {number} of lane {lane} at {next:?}, whole: {is_whole}"
            ));
        }
        next[lane as usize] += 1;
    }
    receiver.rewind();
    if next == committed {
        Ok(())
    } else {
        Err(format!(
            "the messages end at {next:?}, not at {committed:?}"
        ))
    }
}
