//! Messages of any length from 0, one way or there and back, through a mailbox whose slots were all used before.

use benches::paired::{Contender, Follow, Lead};
use benches::payload::{self, STOP};
use benches::peer::unique_name;
use shm_mailbox::{Mailbox, Message, Options, Receiver, Sender, Wait};

fn options(name: &str, slots: u32) -> Options {
    Mailbox::options(name)
        .wait(Wait::Spin)
        .slots(slots)
        .exact(true)
}

/// The sender of a new mailbox, which it has filled to the last slot.
pub(crate) fn filling_sender(name: &str, slots: u32) -> Sender {
    let mut sender = options(name, slots).sender().expect("attach as the sender");
    for _ in 0..slots {
        sender.try_send([0; 1024]).expect("there is room");
    }
    sender
}

/// The receiver of a full mailbox, which it has emptied: both have touched all of the memory.
pub(crate) fn emptying_receiver(name: &str, slots: u32) -> Receiver {
    let options = options(name, slots).create(false);
    let mut receiver = options.receiver().expect("attach as the receiver");
    let mut message = Message::new();
    for _ in 0..slots {
        receiver.recv(&mut message).expect("it is full");
    }
    receiver
}

/// What is sent: `L` bytes with a word in every cache line, and at the end, if no word goes into them, a longer
/// message.
struct Outgoing<const L: usize> {
    sender: Sender,
    count: u64,
    buffer: [u8; L],
}

impl<const L: usize> Outgoing<L> {
    fn new(sender: Sender) -> Self {
        Self {
            sender,
            count: 0,
            buffer: [0; L],
        }
    }

    /// Sends the next word; the sum of what was written.
    #[inline(always)]
    fn send_next(&mut self, flag: u64) -> u64 {
        self.count += 1;
        self.send(self.count | flag)
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
pub(crate) struct Incoming<const L: usize> {
    receiver: Receiver,
    message: Message,
}

impl<const L: usize> Incoming<L> {
    pub(crate) fn new(receiver: Receiver) -> Self {
        Self {
            receiver,
            message: Message::new(),
        }
    }

    /// The next message: its word, and the sum of what was read.
    #[inline(always)]
    pub(crate) fn receive(&mut self) -> (u64, u64) {
        self.receiver.recv(&mut self.message).expect("receive");
        let bytes = self.message.as_bytes();
        if L > 0 {
            payload::read::<L>(bytes.try_into().expect("all have this length"))
        } else if bytes.is_empty() {
            (0, 1)
        } else {
            (STOP, STOP)
        }
    }
}

/// Messages of `L` bytes one way; the sender leads.
pub(crate) fn stream<const L: usize>(slots: u32) -> Contender {
    let name = unique_name();
    let (attached, objects) = (name.clone(), vec![name.clone()]);
    let lead =
        move || -> Box<dyn Lead> { Box::new(Sending::<L>::new(filling_sender(&name, slots))) };
    let follow = move || -> Box<dyn Follow> {
        Box::new(Receiving::<L>(Incoming::new(emptying_receiver(
            &attached, slots,
        ))))
    };
    Contender::new(format!("stream {slots} slots {L} bytes"), lead, follow).on(objects)
}

/// The leading half of a stream.
pub(crate) struct Sending<const L: usize> {
    outgoing: Outgoing<L>,
    sum: u64,
}

impl<const L: usize> Sending<L> {
    pub(crate) fn new(sender: Sender) -> Self {
        Self {
            outgoing: Outgoing::new(sender),
            sum: 0,
        }
    }
}

impl<const L: usize> Lead for Sending<L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            let sum = self.outgoing.send_next(0);
            self.sum = self.sum.wrapping_add(sum);
        }
    }

    fn stop(&mut self) -> u64 {
        let sum = self.outgoing.send_next(STOP);
        self.outgoing.sender.drain(None).expect("drain");
        std::mem::take(&mut self.sum).wrapping_add(sum)
    }
}

struct Receiving<const L: usize>(Incoming<L>);

impl<const L: usize> Follow for Receiving<L> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            let (word, sum) = self.0.receive();
            total = total.wrapping_add(sum);
            if word & STOP != 0 {
                return total;
            }
        }
    }
}

/// Messages of `L` bytes there and back, through two mailboxes.
pub(crate) fn round_trip<const L: usize>(slots: u32) -> Contender {
    let (there, back) = (unique_name(), unique_name());
    let objects = vec![there.clone(), back.clone()];
    let (asked, answered) = (there.clone(), back.clone());
    let lead = move || -> Box<dyn Lead> {
        let outgoing = Outgoing::new(filling_sender(&there, slots));
        // The other process fills this one, after this end was attached.
        let receiver = options(&back, slots).receiver();
        Box::new(Asking::<L> {
            outgoing,
            incoming: Incoming::new(receiver.expect("attach as the receiver")),
            stale: slots,
            sum: 0,
        })
    };
    let follow = move || -> Box<dyn Follow> {
        let incoming = Incoming::new(emptying_receiver(&asked, slots));
        Box::new(Answering::<L> {
            incoming,
            outgoing: Outgoing::new(filling_sender(&answered, slots)),
        })
    };
    Contender::new(format!("round trip {slots} slots {L} bytes"), lead, follow).on(objects)
}

struct Asking<const L: usize> {
    outgoing: Outgoing<L>,
    incoming: Incoming<L>,
    /// Messages that only filled the mailbox and are still in it.
    stale: u32,
    sum: u64,
}

impl<const L: usize> Asking<L> {
    #[inline(always)]
    fn ask(&mut self, flag: u64) {
        self.outgoing.send_next(flag);
        let (_, sum) = self.incoming.receive();
        self.sum = self.sum.wrapping_add(sum);
    }
}

impl<const L: usize> Lead for Asking<L> {
    fn exchange(&mut self, count: u64) {
        let mut message = Message::new();
        for _ in 0..std::mem::take(&mut self.stale) {
            let receiver = &mut self.incoming.receiver;
            receiver.recv(&mut message).expect("it is full");
        }
        for _ in 0..count {
            self.ask(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.ask(STOP);
        std::mem::take(&mut self.sum)
    }
}

struct Answering<const L: usize> {
    incoming: Incoming<L>,
    outgoing: Outgoing<L>,
}

impl<const L: usize> Follow for Answering<L> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            let (word, sum) = self.incoming.receive();
            total = total.wrapping_add(sum);
            self.outgoing.send(word);
            if word & STOP != 0 {
                return total;
            }
        }
    }
}
