//! rtrb between two threads: what a ring with one producer and one consumer does where nobody can be killed
//! alone. Spun.

use std::hint::spin_loop;

use rtrb::{Consumer, Producer, RingBuffer};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};

pub(crate) struct Rtrb;

impl Peer for Rtrb {
    const NAME: &'static str = "rtrb";
    const IN_ONE_PROCESS: bool = true;
    type Sender<const L: usize> = Producer<[u8; L]>;
    type Receiver<const L: usize> = Consumer<[u8; L]>;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let (producer, consumer) = RingBuffer::new(slots);
        Channel::new(|| producer, || consumer)
    }
}

impl<const L: usize> Outgoing<L> for Producer<[u8; L]> {
    fn send(&mut self, message: &[u8; L]) {
        // Asked first: a ring that is full would hand the message back.
        while self.is_full() {
            spin_loop();
        }
        self.push(*message).expect("there is room");
    }
}

impl<const L: usize> Incoming<L> for Consumer<[u8; L]> {
    fn receive(&mut self, message: &mut [u8; L]) {
        loop {
            if let Ok(received) = self.pop() {
                *message = received;
                return;
            }
            spin_loop();
        }
    }
}
