//! shmem-ipc: a ring in a memfd. Polled through its low-level interface, which makes no system
//! call; or with its eventfds.
//!
//! With the eventfds the sender makes a system call for each message into an empty ring, and a
//! receiver sleeps there.

use std::hint::spin_loop;
use std::ptr;

use shmem_ipc::sharedring::{Receiver, Sender};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};

pub(crate) struct ShmemIpc<const EVENTS: bool>;

impl<const EVENTS: bool> Peer for ShmemIpc<EVENTS> {
    const NAME: &'static str = if EVENTS {
        "shmem-ipc, eventfd"
    } else {
        "shmem-ipc"
    };
    const SLEEPS: bool = EVENTS;
    type Sender<const L: usize> = Sending<L, EVENTS>;
    type Receiver<const L: usize> = Receiving<L, EVENTS>;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let sender = Sender::<[u8; L]>::new(slots).expect("make a ring");
        let share = |file: &std::fs::File| file.try_clone().expect("duplicate a descriptor");
        let memory = share(sender.memfd().as_file());
        let [empty, full] = [sender.empty_signal(), sender.full_signal()].map(share);
        Channel::new(
            || Sending(sender),
            move || Receiving(Receiver::open(slots, memory, empty, full).expect("open the ring")),
        )
    }
}

pub(crate) struct Sending<const L: usize, const EVENTS: bool>(Sender<[u8; L]>);

pub(crate) struct Receiving<const L: usize, const EVENTS: bool>(Receiver<[u8; L]>);

impl<const L: usize, const EVENTS: bool> Outgoing<L> for Sending<L, EVENTS> {
    fn send(&mut self, message: &[u8; L]) {
        let mut sent = false;
        while !sent {
            let put = |target: *mut [u8; L], _room: usize| {
                // SAFETY: the ring vouches for at least one free place, which the receiver does not
                // read yet.
                unsafe { ptr::copy_nonoverlapping(message, target, 1) };
                sent = true;
                1
            };
            if EVENTS {
                self.0.block_until_writable().expect("wait for room");
                self.0.send_raw(put).expect("send");
            } else {
                self.0.sender_mut().send(put).expect("send");
            }
            if !EVENTS && !sent {
                spin_loop();
            }
        }
    }
}

impl<const L: usize, const EVENTS: bool> Incoming<L> for Receiving<L, EVENTS> {
    fn receive(&mut self, message: &mut [u8; L]) {
        let mut received = false;
        while !received {
            let take = |source: *const [u8; L], _count: usize| {
                // SAFETY: the ring vouches for at least one message, which the sender does not
                // overwrite yet.
                unsafe { ptr::copy_nonoverlapping(source, message, 1) };
                received = true;
                1
            };
            if EVENTS {
                self.0.block_until_readable().expect("wait for a message");
                self.0.receive_raw(take).expect("receive");
            } else {
                self.0.receiver_mut().recv(take).expect("receive");
            }
            if !EVENTS && !received {
                spin_loop();
            }
        }
    }
}
