//! crossbeam-channel between two threads, bounded, and spun: a thread that sleeps would have to be
//! woken.

use std::hint::spin_loop;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};

pub(crate) struct Crossbeam;

impl Peer for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    const IN_ONE_PROCESS: bool = true;
    type Sender<const L: usize> = Sender<[u8; L]>;
    type Receiver<const L: usize> = Receiver<[u8; L]>;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let (sender, receiver) = bounded(slots);
        Channel::new(|| sender, || receiver)
    }
}

impl<const L: usize> Outgoing<L> for Sender<[u8; L]> {
    fn send(&mut self, message: &[u8; L]) {
        // Asked first: a channel that is full would hand the message back.
        while self.is_full() {
            spin_loop();
        }
        self.try_send(*message).expect("there is room");
    }
}

impl<const L: usize> Incoming<L> for Receiver<[u8; L]> {
    fn receive(&mut self, message: &mut [u8; L]) {
        loop {
            if let Ok(received) = self.try_recv() {
                *message = received;
                return;
            }
            spin_loop();
        }
    }
}
