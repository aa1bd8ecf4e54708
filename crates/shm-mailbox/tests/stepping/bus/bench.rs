//! A bus with ends in the test, until one goes to the child.

use std::time::Duration;

use shm_mailbox::bus::{Bus, Join, Receiver, Sender};
use shm_mailbox::{Message, Options, RecvError, SendError, Wait};

use crate::stepping::bus::state::State;
use crate::support::bus::{Form, content_of, positions};
use crate::support::{LIMIT, Name, Raw};

pub(crate) const SLOTS: u32 = 4;

pub(crate) const FORM: Form = Form {
    senders: 3,
    receivers: 4,
    slots: SLOTS as usize,
    hot: SLOTS as usize / 2,
};

/// The label of the place that is kept.
pub(crate) const KEPT: &str = "kept";
pub(crate) const KEPT_AT: u32 = 1;

/// What all ends attach with. They check their peers every half a millisecond.
pub(crate) fn options(name: &Name) -> Options<Bus> {
    let count = |ends: usize| u32::try_from(ends).expect("a few");
    let options = name.bus().slots(SLOTS).hot_slots(SLOTS / 2);
    let options = options
        .senders(count(FORM.senders))
        .receivers(count(FORM.receivers));
    options.await_peer(true).wait(Wait::Yield)
}

/// Sends until there is no room; how many messages were sent.
pub(crate) fn fill(sender: &mut Sender) -> Result<u64, String> {
    let (lane, before) = (sender.lane(), sender.committed());
    loop {
        let mut buffer = [0; 1024];
        match sender.try_send(content_of(lane, sender.committed(), &mut buffer)) {
            Ok(()) => {}
            Err(SendError::Full) => return Ok(sender.committed() - before),
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Receives all that is there, each message whole, and the next one of its lane.
pub(crate) fn take_all(receiver: &mut Receiver) -> Result<(), String> {
    let mut message = Message::new();
    let mut next = positions(receiver, FORM.senders);
    loop {
        match receiver.try_recv(&mut message) {
            Ok(()) => {}
            Err(RecvError::Empty) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
        let (lane, number) = (message.lane(), message.sequence());
        let mut buffer = [0; 1024];
        let is_whole = message.as_bytes() == content_of(lane, number, &mut buffer);
        if number != next[lane as usize] || !is_whole {
            return Err(format!("number {number} of lane {lane}, whole: {is_whole}"));
        }
        next[lane as usize] += 1;
    }
}

/// The bus.
pub(crate) struct Bench {
    /// Before the name, so that they go while it is there.
    pub(crate) senders: Vec<Option<Sender>>,
    pub(crate) receivers: Vec<Receiver>,
    /// The one whose place is kept, if it is here.
    kept: Option<Receiver>,
    /// One that is about to die.
    dying: Option<Receiver>,
    pub(crate) view: Raw,
    pub(crate) name: Name,
}

impl Bench {
    /// A bus with `senders` senders, and two receivers at places 0 and 2; place 1 is kept for an
    /// absent one.
    pub(crate) fn new(senders: usize) -> Self {
        let name = Name::new();
        let lanes = (0..FORM.senders).map(|lane| {
            let sender = || options(&name).sender().expect("a lane");
            (lane < senders).then(sender)
        });
        let senders = lanes.collect();
        let first = options(&name).receiver().expect("a place");
        let kept = options(&name).label(KEPT).receiver().expect("a place");
        let second = options(&name).receiver().expect("a place");
        kept.close().expect("it closes");
        Self {
            senders,
            receivers: vec![first, second],
            kept: None,
            dying: None,
            view: Raw::new(&name),
            name,
        }
    }

    /// A bus on which nobody counts any more, and some messages are left.
    pub(crate) fn left_behind() -> Self {
        let mut bench = Self::new(3);
        bench.pass(&[3, 4, 1], &[1, 2, 0]);
        bench.forget_kept();
        bench.receivers.clear();
        bench
    }

    /// All senders send so many, and each receiver takes so many, one more than the one before; the
    /// absent one takes none.
    pub(crate) fn pass(&mut self, sent: &[u64], taken: &[usize]) {
        for (sender, count) in self.senders.iter_mut().flatten().zip(sent) {
            for _ in 0..*count {
                send(sender).expect("there is room");
            }
        }
        let mut message = Message::new();
        for (receiver, count) in self.receivers.iter_mut().zip(taken) {
            for _ in 0..*count {
                receiver.try_recv(&mut message).expect("there is a message");
            }
        }
    }

    pub(crate) fn sender(&mut self, lane: usize) -> &mut Sender {
        self.senders[lane].as_mut().expect("it is attached")
    }

    /// A lane's sender leaves it.
    pub(crate) fn detach_sender(&mut self, lane: usize) {
        if let Some(sender) = self.senders[lane].take() {
            sender.keep().expect("it closes");
        }
    }

    /// The place of the absent one goes.
    pub(crate) fn forget_kept(&mut self) {
        let kept = options(&self.name).label(KEPT).receiver();
        kept.expect("its place").forget().expect("it closes");
    }

    /// The one whose place is kept comes back.
    pub(crate) fn attach_kept(&mut self) {
        if self.kept.is_none() {
            let kept = options(&self.name).label(KEPT).receiver();
            self.kept = Some(kept.expect("its place"));
        }
    }

    /// The one whose place is kept goes.
    pub(crate) fn detach_kept(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.close().expect("it closes");
        }
    }

    /// Somebody joins with the oldest message, and takes none.
    pub(crate) fn let_one_join(&mut self) {
        let dying = options(&self.name).join(Join::Oldest).receiver();
        self.dying = Some(dying.expect("a place"));
    }

    /// And dies.
    pub(crate) fn let_it_die(&mut self) {
        if let Some(dying) = self.dying.take() {
            crate::support::die(dying);
        }
    }

    /// Everybody takes what there is, also who was absent.
    pub(crate) fn take_all(&mut self) -> Result<(), String> {
        self.take_all_here()?;
        if self.kept.is_some() {
            return Ok(());
        }
        let mut kept = options(&self.name).label(KEPT).receiver();
        let kept = kept.as_mut().map_err(|error| error.to_string())?;
        take_all(kept)
    }

    /// Everybody who is here takes what there is.
    fn take_all_here(&mut self) -> Result<(), String> {
        let mut receivers = self.receivers.iter_mut().chain(&mut self.kept);
        receivers.try_for_each(take_all)
    }

    /// Each sender that is attached sends more than there is room for: whoever is dead is dropped
    /// by those whom it holds back, since nobody comes or goes.
    fn pass_the_dead(&mut self) -> Result<(), String> {
        for lane in 0..FORM.senders {
            for _ in 0..2 {
                if let Some(sender) = &mut self.senders[lane] {
                    fill(sender)?;
                }
                self.take_all_here()?;
            }
            let Some(sender) = &mut self.senders[lane] else {
                continue;
            };
            for _ in 0..SLOTS {
                let mut buffer = [0; 1024];
                let content = content_of(sender.lane(), sender.committed(), &mut buffer);
                let sent = sender.send_timeout(content, LIMIT);
                sent.map_err(|error| format!("lane {lane}: {error}"))?;
            }
            self.take_all_here()?;
        }
        Ok(())
    }

    /// What the bus holds, as the protocol has it.
    pub(crate) fn state(&self) -> State {
        let load = |offset| self.view.load(offset);
        let lanes = || 0..FORM.senders;
        let mask = load(crate::support::bus::MEMBERS);
        let places = (0..FORM.receivers).filter(|place| mask >> place & 1 == 1);
        let counts = |place| {
            lanes()
                .map(|lane| load(FORM.received(lane, place)))
                .collect()
        };
        let places = places.map(|place| (u32::try_from(place).expect("a few"), counts(place)));
        let mut state = State {
            committed: lanes().map(|lane| load(FORM.sent(lane))).collect(),
            places: places.collect(),
            floor: Vec::new(),
        };
        if state.places.is_empty() {
            state.floor = lanes().map(|lane| load(FORM.floor(lane))).collect();
        }
        state
    }

    /// Each lane has a sender again.
    pub(crate) fn attach_senders(&mut self) -> Result<(), String> {
        for lane in &mut self.senders {
            if lane.is_none() {
                let sender = options(&self.name).sender();
                *lane = Some(sender.map_err(|error| format!("no sender attaches: {error}"))?);
            }
        }
        self.senders
            .sort_by_key(|sender| sender.as_ref().map(Sender::lane));
        Ok(())
    }

    /// Whatever was killed, everybody goes on: each lane takes and delivers more than it has room
    /// for, past whoever is dead.
    pub(crate) fn go_on(&mut self) -> Result<(), String> {
        if self.kept.is_some() {
            self.pass_the_dead()?;
        }
        self.attach_senders()?;
        self.attach_kept();
        self.pass_the_dead()?;
        let places = self.sender(0).places().map_err(|error| error.to_string())?;
        let expected = self.receivers.len() + 1;
        if places.len() == expected {
            Ok(())
        } else {
            Err(format!("{} places count, not {expected}", places.len()))
        }
    }
}

/// Sends the next message of the sender's lane, and waits for room if it must.
pub(crate) fn send(sender: &mut Sender) -> Result<(), SendError> {
    let mut buffer = [0; 1024];
    let content = content_of(sender.lane(), sender.committed(), &mut buffer);
    sender.send_timeout(content, Duration::from_secs(60))
}
