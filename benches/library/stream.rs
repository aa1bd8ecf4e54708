//! Messages one way: one by one, in batches, or none for a while.

use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, Receiver, Sender, Wait};

use super::{bytes, options, receiver, sender};
use crate::paired::{Contender, Follow, Lead};
use crate::payload::{self, STOP};
use crate::peer::unique_name;

/// Messages of `L` bytes one way; the sender leads.
pub fn stream<const L: usize>(wait: Wait, slots: u32) -> Contender {
    one_way(
        wait,
        slots,
        |sender| -> Box<dyn Lead> {
            Box::new(Sending::<L> {
                sender,
                count: 0,
                sum: 0,
                buffer: [0; L],
            })
        },
        |receiver| -> Box<dyn Follow> {
            Box::new(Receiving::<L> {
                receiver,
                message: Message::new(),
            })
        },
    )
}

/// Messages of `L` bytes one way, `B` at once; the sender leads. One exchange is one batch.
pub fn batches<const L: usize, const B: usize>(wait: Wait, slots: u32) -> Contender {
    one_way(
        wait,
        slots,
        |sender| -> Box<dyn Lead> {
            Box::new(SendingBatches::<L, B> {
                sender,
                count: 0,
                sum: 0,
                buffers: [[0; L]; B],
            })
        },
        |receiver| -> Box<dyn Follow> {
            Box::new(ReceivingBatches::<L, B> {
                receiver,
                messages: [const { Message::new() }; B],
            })
        },
    )
}

/// A receiver that waits while nothing comes. One exchange is `pause` without a message.
pub fn idle(wait: Wait, pause: Duration) -> Contender {
    one_way(
        wait,
        16,
        move |sender| -> Box<dyn Lead> { Box::new(Pausing { sender, pause }) },
        |receiver| -> Box<dyn Follow> {
            Box::new(Receiving::<8> {
                receiver,
                message: Message::new(),
            })
        },
    )
}

fn one_way(
    wait: Wait,
    slots: u32,
    lead: impl FnOnce(Sender) -> Box<dyn Lead> + 'static,
    follow: impl FnOnce(Receiver) -> Box<dyn Follow> + 'static,
) -> Contender {
    let name = unique_name();
    let object = name.clone();
    let attached = name.clone();
    let lead = move || lead(sender(options(&name, wait, slots)));
    let follow = move || follow(receiver(options(&attached, wait, slots).create(false)));
    Contender::new(format!("mailbox {wait}"), lead, follow).on(vec![object])
}

struct Sending<const L: usize> {
    sender: Sender,
    count: u64,
    sum: u64,
    buffer: [u8; L],
}

impl<const L: usize> Sending<L> {
    #[inline(always)]
    fn send(&mut self, flag: u64) {
        self.count += 1;
        let written = payload::write(&mut self.buffer, self.count | flag);
        self.sum = self.sum.wrapping_add(written);
        self.sender.send(&self.buffer[..]).expect("send");
    }
}

impl<const L: usize> Lead for Sending<L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.send(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.send(STOP);
        self.sender.drain(None).expect("drain");
        std::mem::take(&mut self.sum)
    }
}

struct Receiving<const L: usize> {
    receiver: Receiver,
    message: Message,
}

impl<const L: usize> Follow for Receiving<L> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            self.receiver.recv(&mut self.message).expect("receive");
            let (word, sum) = payload::read::<L>(bytes(&self.message));
            total = total.wrapping_add(sum);
            if word & STOP != 0 {
                return total;
            }
        }
    }
}

struct SendingBatches<const L: usize, const B: usize> {
    sender: Sender,
    count: u64,
    sum: u64,
    buffers: [[u8; L]; B],
}

impl<const L: usize, const B: usize> SendingBatches<L, B> {
    /// The flag goes with the last message of the batch.
    #[inline(always)]
    fn send(&mut self, flag: u64) {
        for (index, buffer) in self.buffers.iter_mut().enumerate() {
            self.count += 1;
            let word = self.count | if index + 1 == B { flag } else { 0 };
            self.sum = self.sum.wrapping_add(payload::write(buffer, word));
        }
        self.sender.send_batch(&self.buffers).expect("send");
    }
}

impl<const L: usize, const B: usize> Lead for SendingBatches<L, B> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.send(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.send(STOP);
        self.sender.drain(None).expect("drain");
        std::mem::take(&mut self.sum)
    }
}

struct ReceivingBatches<const L: usize, const B: usize> {
    receiver: Receiver,
    messages: [Message; B],
}

impl<const L: usize, const B: usize> Follow for ReceivingBatches<L, B> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            let received = self.receiver.recv_batch(&mut self.messages);
            let mut stop = false;
            for message in &self.messages[..received.expect("receive")] {
                let (word, sum) = payload::read::<L>(bytes(message));
                total = total.wrapping_add(sum);
                stop |= word & STOP != 0;
            }
            if stop {
                return total;
            }
        }
    }
}

struct Pausing {
    sender: Sender,
    pause: Duration,
}

impl Lead for Pausing {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            thread::sleep(self.pause);
        }
    }

    fn stop(&mut self) -> u64 {
        self.sender.send(STOP.to_ne_bytes()).expect("send");
        self.sender.drain(None).expect("drain");
        STOP
    }
}
