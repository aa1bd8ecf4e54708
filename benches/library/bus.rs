//! A bus one way: what the sender pays for receivers that count, and the receiver for lanes.

use std::sync::atomic::{AtomicU64, Ordering};

use shm_cli::measure::peer::unique_name;
use shm_core::{Mapping, ObjectOptions, ShmName};
use shm_mailbox::bus::{Bus, Receiver, Sender};
use shm_mailbox::{Message, Options, Wait};

use super::{Kind, word_and_sum};
use crate::harness::payload::{self, STOP};
use crate::harness::{Answer, Ask, Contender, follow, lead};

/// How many senders and receivers take part.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// Of these, one sends; the others are attached.
    pub senders: u32,
    /// Of these, one receives. The others have no core, so their counts move with its count, as
    /// those of receivers that keep up.
    pub receivers: u32,
}

/// Messages of `L` bytes one way, through a lane of `slots` slots; the sender leads.
pub fn stream<const L: usize>(form: Form, slots: u32) -> Contender {
    let name = unique_name();
    let (object, attached) = (name.clone(), name.clone());
    let called = format!("bus {} × {}", form.senders, form.receivers);
    let leading = move || {
        let attach = || options(&name, form, slots).sender().expect("a lane");
        let sender = attach();
        let idle = (1..form.senders).map(|_| attach()).collect();
        lead(Outgoing::<L> {
            sender,
            _idle: idle,
            buffer: [0; L],
        })
    };
    let following = move || follow(Incoming::<L>::new(&attached, form, slots));
    Contender::new(called, leading, following).on(vec![object])
}

/// Messages of `L` bytes one way, to `R` receivers in the other process, of which each copies every
/// message out; the sender leads.
pub fn fan_out<const L: usize, const R: usize>(kind: Kind) -> Contender {
    let name = unique_name();
    let (object, attached) = (name.clone(), name.clone());
    let form = Form {
        senders: 1,
        receivers: u32::try_from(R).expect("a few"),
    };
    let leading = move || {
        lead(Outgoing::<L> {
            sender: options(&name, form, kind.slots).sender().expect("a lane"),
            _idle: Vec::new(),
            buffer: [0; L],
        })
    };
    let following = move || {
        let attach = |_| options(&attached, form, kind.slots).receiver();
        follow(All::<L, R> {
            receivers: std::array::from_fn(|place| attach(place).expect("a place")),
            message: Message::new(),
        })
    };
    Contender::new(format!("bus 1 × {R}"), leading, following).on(vec![object])
}

fn options(name: &ShmName, form: Form, slots: u32) -> Options<Bus> {
    let options = Bus::options(name.as_str()).wait(Wait::Spin);
    let options = options.senders(form.senders).receivers(form.receivers);
    options.slots(slots).exact(true)
}

struct Outgoing<const L: usize> {
    sender: Sender,
    /// Attached, so that the receiver looks at their lanes.
    _idle: Vec<Sender>,
    buffer: [u8; L],
}

impl<const L: usize> Ask for Outgoing<L> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        let sum = payload::write(&mut self.buffer, word);
        self.sender.send(&self.buffer[..]).expect("send");
        sum
    }

    fn stop(&mut self, word: u64) -> u64 {
        let sum = self.ask(word | STOP);
        self.sender.drain(None).expect("drain");
        sum
    }
}

struct Incoming<const L: usize> {
    receiver: Receiver,
    /// Members without a receiving thread.
    _others: Vec<Receiver>,
    /// Their counts of lane 0, in memory that stays mapped.
    counts: Vec<&'static AtomicU64>,
    message: Message,
}

impl<const L: usize> Incoming<L> {
    fn new(name: &ShmName, form: Form, slots: u32) -> Self {
        let attach = || options(name, form, slots).receiver().expect("a place");
        let object = ObjectOptions::new().open(name).expect("it is there");
        // docs/protocol.md: the counts of lane 0 come after the lanes, one on every 128 bytes.
        let first = 128 + 256 * form.senders;
        let mapping: &'static Mapping =
            Box::leak(Box::new(Mapping::shared(&object).expect("map it")));
        let counts = (1..form.receivers).map(|place| {
            let count = mapping.view((first + 128 * place) as usize);
            count.expect("it is in the object")
        });
        Self {
            receiver: attach(),
            _others: (1..form.receivers).map(|_| attach()).collect(),
            counts: counts.collect(),
            message: Message::new(),
        }
    }
}

impl<const L: usize> Answer for Incoming<L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.receiver.recv(&mut self.message).expect("receive");
        let received = self.message.sequence() + 1;
        for count in &self.counts {
            count.store(received, Ordering::Release);
        }
        word_and_sum::<L>(&self.message)
    }
}

struct All<const L: usize, const R: usize> {
    receivers: [Receiver; R],
    message: Message,
}

impl<const L: usize, const R: usize> Answer for All<L, R> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        let mut read = (0, 0);
        for receiver in &mut self.receivers {
            receiver.recv(&mut self.message).expect("receive");
            read = word_and_sum::<L>(&self.message);
        }
        read
    }
}
