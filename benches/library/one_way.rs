//! Messages one way: one by one, in batches, or none for a while.

use std::thread;
use std::time::Duration;

use shm_cli::measure::peer::unique_name;
use shm_mailbox::{Message, Receiver, Sender, Wait};

use super::{Incoming, Kind, Outgoing, word_and_sum};
use crate::harness::payload::{self, STOP};
use crate::harness::{Answer, Ask, Contender, Follow, follow, lead};

/// Messages of `L` bytes one way; the sender leads.
pub fn stream<const L: usize>(kind: Kind) -> Contender {
    let receiving = move |receiver| follow(Incoming::<L>::emptied(receiver, kind.stale()));
    one_way(kind, Outgoing::<L>::new, receiving)
}

/// Messages of `L` bytes one way, `B` at once; the sender leads. One exchange is one batch.
pub fn batches<const L: usize, const B: usize>(kind: Kind) -> Contender {
    let sending = |sender| SendingBatches::<L, B> {
        sender,
        count: 0,
        buffers: [[0; L]; B],
    };
    let receiving = |receiver| {
        follow(ReceivingBatches::<L, B> {
            receiver,
            messages: [const { Message::new() }; B],
        })
    };
    one_way(kind, sending, receiving)
}

/// A receiver that waits while nothing comes. One exchange is `pause` without a message.
pub fn idle(wait: Wait, pause: Duration) -> Contender {
    let pausing = move |sender| Pausing { sender, pause };
    let receiving = |receiver| follow(Incoming::<8>::new(receiver));
    one_way(Kind::new(wait, 16), pausing, receiving)
}

/// From the sender that leads to the receiver that follows.
pub(super) fn one_way<A: Ask + 'static>(
    kind: Kind,
    sending: impl FnOnce(Sender) -> A + 'static,
    receiving: impl FnOnce(Receiver) -> Box<dyn Follow> + 'static,
) -> Contender {
    let name = unique_name();
    let (object, attached) = (name.clone(), name.clone());
    let leading = move || lead(sending(kind.sender(&name)));
    let following = move || receiving(kind.receiver(&attached));
    Contender::new(format!("mailbox {}", kind.wait), leading, following).on(vec![object])
}

impl<const L: usize> Ask for Outgoing<L> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        self.send(word)
    }

    fn stop(&mut self, word: u64) -> u64 {
        let sum = self.send(word | STOP);
        self.sender.drain(None).expect("drain");
        sum
    }
}

impl<const L: usize> Answer for Incoming<L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.receive()
    }
}

struct SendingBatches<const L: usize, const B: usize> {
    sender: Sender,
    /// Messages so far, which have words of their own.
    count: u64,
    buffers: [[u8; L]; B],
}

impl<const L: usize, const B: usize> SendingBatches<L, B> {
    /// The flag goes with the last message of the batch.
    #[inline(always)]
    fn send(&mut self, flag: u64) -> u64 {
        let mut sum = 0_u64;
        for (index, buffer) in self.buffers.iter_mut().enumerate() {
            self.count += 1;
            let word = self.count | if index + 1 == B { flag } else { 0 };
            sum = sum.wrapping_add(payload::write(buffer, word));
        }
        self.sender.send_batch(&self.buffers).expect("send");
        sum
    }
}

impl<const L: usize, const B: usize> Ask for SendingBatches<L, B> {
    #[inline(always)]
    fn ask(&mut self, _word: u64) -> u64 {
        self.send(0)
    }

    fn stop(&mut self, _word: u64) -> u64 {
        let sum = self.send(STOP);
        self.sender.drain(None).expect("drain");
        sum
    }
}

struct ReceivingBatches<const L: usize, const B: usize> {
    receiver: Receiver,
    messages: [Message; B],
}

impl<const L: usize, const B: usize> Answer for ReceivingBatches<L, B> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        let received = self.receiver.recv_batch(&mut self.messages);
        let (mut words, mut total) = (0, 0_u64);
        for message in &self.messages[..received.expect("receive")] {
            let (word, sum) = word_and_sum::<L>(message);
            total = total.wrapping_add(sum);
            words |= word;
        }
        (words, total)
    }
}

struct Pausing {
    sender: Sender,
    pause: Duration,
}

impl Ask for Pausing {
    fn ask(&mut self, _word: u64) -> u64 {
        thread::sleep(self.pause);
        0
    }

    fn stop(&mut self, _word: u64) -> u64 {
        self.sender.send(STOP.to_ne_bytes()).expect("send");
        self.sender.drain(None).expect("drain");
        STOP
    }
}
