//! The mailbox as it is measured: beside baselines, with few slots and many, and when its receiver
//! stops.
//!
//! Here lives every endpoint that takes part in the `harness`. Which of them are compared with
//! what, and what is to be reached, is for the benchmarks to say.

pub mod bus;
pub mod hiccup;
pub mod layout;
mod one_way;
mod round_trip;

pub use one_way::{batches, idle, stream};
pub use round_trip::round_trip;

use shm_core::ShmName;
use shm_mailbox::{MAX_MESSAGE, Mailbox, Message, Options, Receiver, Sender, Wait};

use crate::harness::payload::{self, STOP};

/// How a mailbox is made.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// How sender and receiver wait.
    pub wait: Wait,
    /// Its slots.
    pub slots: u32,
    /// Its hot slots, if they are not to be as many as by default.
    pub hot_slots: Option<u32>,
    /// Whether every slot was used before: both have touched all of the memory.
    pub is_used: bool,
}

impl Kind {
    /// One whose slots nobody has used.
    pub fn new(wait: Wait, slots: u32) -> Self {
        Self {
            wait,
            slots,
            hot_slots: None,
            is_used: false,
        }
    }

    /// The same with this many hot slots.
    pub fn hot(self, hot_slots: u32) -> Self {
        Self {
            hot_slots: Some(hot_slots),
            ..self
        }
    }

    /// One that spins and whose slots were all used.
    pub fn used(slots: u32) -> Self {
        Self {
            is_used: true,
            ..Self::new(Wait::Spin, slots)
        }
    }

    fn options(self, name: &ShmName) -> Options {
        let options = Mailbox::options(name.as_str());
        let options = options.wait(self.wait).slots(self.slots).exact(true);
        match self.hot_slots {
            Some(hot_slots) => options.hot_slots(hot_slots),
            None => options,
        }
    }

    /// The sender, which has filled the mailbox to the last slot if that is to be used.
    fn sender(self, name: &ShmName) -> Sender {
        let options = self.options(name);
        let mut sender = options.sender().expect("attach as the sender");
        if self.is_used {
            for _ in 0..self.slots {
                let message = [0; MAX_MESSAGE];
                sender.try_send(message).expect("there is room");
            }
        }
        sender
    }

    /// The receiver, which has to empty the mailbox if that is to be used.
    fn receiver(self, name: &ShmName) -> Receiver {
        let options = self.options(name);
        options.receiver().expect("attach as the receiver")
    }

    fn stale(self) -> u32 {
        if self.is_used { self.slots } else { 0 }
    }
}

/// Receives what has only filled the mailbox.
fn empty(receiver: &mut Receiver, stale: u32) {
    let mut message = Message::new();
    for _ in 0..stale {
        receiver.recv(&mut message).expect("it is full");
    }
}

/// What is sent: `L` bytes with a word in every cache line, and at the end, if no word goes into
/// them, a longer message.
struct Outgoing<const L: usize> {
    sender: Sender,
    buffer: [u8; L],
}

impl<const L: usize> Outgoing<L> {
    fn new(sender: Sender) -> Self {
        Self {
            sender,
            buffer: [0; L],
        }
    }

    /// Sends this word; the sum of what was written.
    #[inline(always)]
    fn send(&mut self, word: u64) -> u64 {
        if L > 0 {
            let sum = payload::write(&mut self.buffer, word);
            self.sender.send(&self.buffer[..]).expect("send");
            sum
        } else if word & STOP == 0 {
            self.sender.send([]).expect("send");
            1
        } else {
            self.sender.send(STOP.to_ne_bytes()).expect("send");
            STOP
        }
    }
}

/// What arrives.
struct Incoming<const L: usize> {
    receiver: Receiver,
    message: Message,
}

impl<const L: usize> Incoming<L> {
    fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            message: Message::new(),
        }
    }

    /// As [`new`](Self::new), from a mailbox that is full of messages to be left out.
    fn emptied(mut receiver: Receiver, stale: u32) -> Self {
        empty(&mut receiver, stale);
        Self::new(receiver)
    }

    /// The next message: its word, and the sum of what was read.
    #[inline(always)]
    fn receive(&mut self) -> (u64, u64) {
        self.receiver.recv(&mut self.message).expect("receive");
        word_and_sum::<L>(&self.message)
    }
}

#[inline(always)]
fn word_and_sum<const L: usize>(message: &Message) -> (u64, u64) {
    let bytes = message.as_bytes();
    if L > 0 {
        payload::read::<L>(bytes.try_into().expect("all have this length"))
    } else if bytes.is_empty() {
        (0, 1)
    } else {
        (STOP, STOP)
    }
}
