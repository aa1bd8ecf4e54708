//! Messages there and back.

use shm_mailbox::{Message, Receiver, Sender, Wait};

use super::{bytes, options, receiver, sender};
use crate::paired::{Contender, Follow, Lead};
use crate::payload::{self, STOP};
use crate::peer::unique_name;

/// Messages of `L` bytes there and back, through two mailboxes.
pub fn ping_pong<const L: usize>(wait: Wait, slots: u32) -> Contender {
    let (there, back) = (unique_name(), unique_name());
    let objects = vec![there.clone(), back.clone()];
    let (asked, answered) = (there.clone(), back.clone());
    let lead = move || -> Box<dyn Lead> {
        Box::new(Asking::<L>(End {
            sender: sender(options(&there, wait, slots)),
            receiver: receiver(options(&back, wait, slots)),
            count: 0,
            sum: 0,
            buffer: [0; L],
            message: Message::new(),
        }))
    };
    let follow = move || -> Box<dyn Follow> {
        Box::new(Answering::<L>(End {
            receiver: receiver(options(&asked, wait, slots).create(false)),
            sender: sender(options(&answered, wait, slots).create(false)),
            count: 0,
            sum: 0,
            buffer: [0; L],
            message: Message::new(),
        }))
    };
    Contender::new(format!("mailbox {wait}"), lead, follow).on(objects)
}

struct End<const L: usize> {
    sender: Sender,
    receiver: Receiver,
    count: u64,
    sum: u64,
    buffer: [u8; L],
    message: Message,
}

struct Asking<const L: usize>(End<L>);

impl<const L: usize> Asking<L> {
    #[inline(always)]
    fn ask(&mut self, flag: u64) {
        let end = &mut self.0;
        end.count += 1;
        payload::write(&mut end.buffer, end.count | flag);
        end.sender.send(&end.buffer[..]).expect("send");
        end.receiver.recv(&mut end.message).expect("receive");
        let (_, sum) = payload::read::<L>(bytes(&end.message));
        end.sum = end.sum.wrapping_add(sum);
    }
}

impl<const L: usize> Lead for Asking<L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.ask(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.ask(STOP);
        std::mem::take(&mut self.0.sum)
    }
}

struct Answering<const L: usize>(End<L>);

impl<const L: usize> Follow for Answering<L> {
    fn follow(&mut self) -> u64 {
        let end = &mut self.0;
        let mut total = 0_u64;
        loop {
            end.receiver.recv(&mut end.message).expect("receive");
            let (word, sum) = payload::read::<L>(bytes(&end.message));
            total = total.wrapping_add(sum);
            payload::write(&mut end.buffer, word);
            end.sender.send(&end.buffer[..]).expect("send");
            if word & STOP != 0 {
                return total;
            }
        }
    }
}
