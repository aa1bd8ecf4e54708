//! Receivers and senders for the tests, in this process and in children.

use std::sync::atomic::Ordering;

use shm_mailbox::bus::{Bus, Receiver, Sender};
use shm_mailbox::{Message, Options, Peer, RecvError, SendError};

use crate::support::bus::{assert_whole, content_of};
use crate::support::process::{Child, sleep_for_ever, wait_until_it_pauses};
use crate::support::{Shared, fork};

/// A process that attaches as a receiver, peeks at this many messages, and then does nothing.
pub(super) fn sitting(options: Options<Bus>, messages: usize) -> Child {
    let child = fork(|| {
        let mut receiver = options.receiver().unwrap();
        for _ in 0..messages {
            receiver.peek(&mut Message::new()).unwrap();
        }
        sleep_for_ever();
    });
    wait_until_it_pauses(&child);
    child
}

/// A process that receives until it is killed or stopped, and notes under its number how much it
/// has received of one lane, from the start.
pub(super) fn receiving(options: Options<Bus>, notes: &Shared, number: usize) -> Child {
    fork(|| {
        let mut receiver = options.await_peer(true).receiver().unwrap();
        let mut message = Message::new();
        for expected in 0.. {
            receiver.recv(&mut message).unwrap();
            assert_eq!(message.sequence(), expected);
            assert_whole(&message);
            notes.number(number).store(expected + 1, Ordering::SeqCst);
        }
    })
}

/// Sends until there is no room. Returns how many messages were sent.
pub(super) fn fill(sender: &mut Sender) -> u64 {
    let (lane, before) = (sender.lane(), sender.committed());
    loop {
        let mut buffer = [0; 1024];
        match sender.try_send(content_of(lane, sender.committed(), &mut buffer)) {
            Ok(()) => {}
            Err(SendError::Full | SendError::HeldBack { .. }) => {
                return sender.committed() - before;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Receives all queued messages, whole and in order of each lane. Returns how many there were.
pub(super) fn take_all(receiver: &mut Receiver) -> u64 {
    let mut message = Message::new();
    for count in 0.. {
        match receiver.try_recv(&mut message) {
            Ok(()) => assert_whole(&message),
            Err(RecvError::Empty) => return count,
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("there is an end")
}

/// The receivers that hold the sender back now: place, and whether it is attached.
pub(super) fn holding(sender: &Sender) -> Vec<(u32, Peer)> {
    let places = sender.places().unwrap().into_iter();
    places
        .filter(|place| place.holds_back)
        .map(|place| (place.place, place.receiver.state))
        .collect()
}
