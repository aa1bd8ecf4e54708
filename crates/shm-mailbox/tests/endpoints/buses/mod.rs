//! Several senders and receivers of one object. What the tests of a bus share belongs here.

mod leaving; //  endpoints that close or die: reports, dropped members, and what is left
mod passing; //  which receiver gets which messages, and in which order
mod seats; //    lanes, places and labels: which an endpoint gets, and refusals

use shm_mailbox::Message;
use shm_mailbox::bus::{self};
use shm_mailbox::observe::{self, Content};

use crate::support::{LIMIT, Name};

/// The lane, the number and the bytes of the next message.
#[track_caller]
pub(super) fn take(receiver: &mut bus::Receiver) -> (u32, u64, Vec<u8>) {
    let mut message = Message::new();
    let result = receiver.recv_timeout(&mut message, LIMIT);
    assert!(result.is_ok(), "{result:?}");
    (
        message.lane(),
        message.sequence(),
        message.as_bytes().to_vec(),
    )
}

/// The numbers of all queued messages.
pub(super) fn take_all(receiver: &mut bus::Receiver) -> Vec<u64> {
    let mut message = Message::new();
    let next = || receiver.try_recv(&mut message).map(|()| message.sequence());
    std::iter::repeat_with(next).map_while(Result::ok).collect()
}

#[track_caller]
pub(super) fn send_all(sender: &mut bus::Sender, count: u64) {
    for _ in 0..count {
        let number = sender.committed();
        sender.try_send(number.to_ne_bytes()).unwrap();
    }
}

pub(super) fn look(name: &Name) -> observe::Bus {
    let object = observe::open(&name.shm_name()).unwrap();
    match observe::look(&object).unwrap() {
        Content::Bus(bus) => bus,
        other => panic!("{other:?}"),
    }
}
