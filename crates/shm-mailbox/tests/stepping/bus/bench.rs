//! A bus with endpoints in the test, until one goes to the child.

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

/// The options of all endpoints. They check their peers every half a millisecond.
pub(crate) fn options(name: &Name) -> Options<Bus> {
    let count = |ends: usize| u32::try_from(ends).expect("a few");
    let options = name.bus().slots(SLOTS).hot_slots(SLOTS / 2);
    let options = options
        .senders(count(FORM.senders))
        .receivers(count(FORM.receivers));
    options.await_peer(true).wait(Wait::Yield)
}

/// Sends until there is no room. Returns how many messages were sent.
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

/// Receives all queued messages, each of them whole and the next of its lane.
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
    /// Declared before the name, so that they are dropped while it exists.
    pub(crate) senders: Vec<Option<Sender>>,
    pub(crate) receivers: Vec<Receiver>,
    /// The receiver whose place is kept, if it is attached.
    kept: Option<Receiver>,
    /// A receiver that is about to die.
    dying: Option<Receiver>,
    pub(crate) view: Raw,
    pub(crate) name: Name,
}

impl Bench {
    /// A bus with `senders` senders, and two receivers at places 0 and 2. Place 1 is kept for an
    /// absent receiver.
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

    /// A bus without members, and with some messages left.
    pub(crate) fn left_behind() -> Self {
        let mut bench = Self::new(3);
        bench.pass(&[3, 4, 1], &[1, 2, 0]);
        bench.forget_kept();
        bench.receivers.clear();
        bench
    }

    /// Sends as many messages on each lane as `sent` says, and lets each receiver take as many as
    /// `taken` says.
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

    /// The place of the absent receiver is given up.
    pub(crate) fn forget_kept(&mut self) {
        let kept = options(&self.name).label(KEPT).receiver();
        kept.expect("its place").forget().expect("it closes");
    }

    /// The receiver whose place is kept returns.
    pub(crate) fn attach_kept(&mut self) {
        if self.kept.is_none() {
            let kept = options(&self.name).label(KEPT).receiver();
            self.kept = Some(kept.expect("its place"));
        }
    }

    /// The receiver whose place is kept leaves.
    pub(crate) fn detach_kept(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.close().expect("it closes");
        }
    }

    /// A receiver joins with the oldest message, and takes none.
    pub(crate) fn let_one_join(&mut self) {
        let dying = options(&self.name).join(Join::Oldest).receiver();
        self.dying = Some(dying.expect("a place"));
    }

    /// The receiver that joined dies.
    pub(crate) fn let_it_die(&mut self) {
        if let Some(dying) = self.dying.take() {
            crate::support::die(dying);
        }
    }

    /// All receivers take the queued messages, also the absent one.
    pub(crate) fn take_all(&mut self) -> Result<(), String> {
        self.take_all_here()?;
        if self.kept.is_some() {
            return Ok(());
        }
        let mut kept = options(&self.name).label(KEPT).receiver();
        let kept = kept.as_mut().map_err(|error| error.to_string())?;
        take_all(kept)
    }

    /// All attached receivers take the queued messages.
    fn take_all_here(&mut self) -> Result<(), String> {
        let mut receivers = self.receivers.iter_mut().chain(&mut self.kept);
        receivers.try_for_each(take_all)
    }

    /// Each attached sender sends more than it has room for. The senders must drop the dead that
    /// hold them back, because no process attaches or leaves.
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

    /// All others continue after any kill: each lane takes and delivers more than it has room for,
    /// past the dead.
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
