//! rtrb between two threads: what a ring with one producer and one consumer does where nobody can
//! be killed alone. Spun.

use std::hint::spin_loop;
use std::slice;

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

// As slices of one, which are copied once; `push` and `pop` take and give an array that may be
// copied again.

impl<const L: usize> Outgoing<L> for Producer<[u8; L]> {
    fn send(&mut self, message: &[u8; L]) {
        while self.push_entire_slice(slice::from_ref(message)).is_err() {
            spin_loop();
        }
    }
}

impl<const L: usize> Incoming<L> for Consumer<[u8; L]> {
    fn receive(&mut self, message: &mut [u8; L]) {
        while self.pop_entire_slice(slice::from_mut(message)).is_err() {
            spin_loop();
        }
    }
}
