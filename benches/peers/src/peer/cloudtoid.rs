//! cloudtoid/interprocess: a queue of bytes in a file that is mapped, polled without its
//! semaphore's wait.
//!
//! The sender posts its semaphore for a receiver that it takes to sleep. The file is in `/dev/shm`,
//! as fast a place as its users can choose.

use std::hint::spin_loop;

use cloudtoid_interprocess::{Options, Publisher, Subscriber};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};
use crate::scratch;

/// Of each message, beside its bytes.
const HEADER: usize = 8;

pub(crate) struct Cloudtoid;

impl Peer for Cloudtoid {
    const NAME: &'static str = "cloudtoid";
    type Sender<const L: usize> = Publisher;
    type Receiver<const L: usize> = Subscriber;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let capacity = (HEADER + L.next_multiple_of(8)) * slots;
        let path = scratch::directory().join("cloudtoid");
        let options = Options::new(scratch::unique_name(), capacity).with_path(path);
        let same = options.clone();
        Channel::new(
            move || Publisher::open(&options).expect("open the queue"),
            move || Subscriber::open(&same).expect("open the queue"),
        )
    }
}

impl<const L: usize> Outgoing<L> for Publisher {
    fn send(&mut self, message: &[u8; L]) {
        while let Err(error) = self.try_send(message) {
            assert!(error.is_full(), "send: {error}");
            spin_loop();
        }
    }
}

impl<const L: usize> Incoming<L> for Subscriber {
    fn receive(&mut self, message: &mut [u8; L]) {
        while self.try_recv_into(message).expect("receive").is_none() {
            spin_loop();
        }
    }
}
