//! This library's endpoint, the peer of the program, with time-outs, so that a mistake fails a row.

use std::ops::Range;
use std::thread;
use std::time::Duration;

use shm_mailbox::{Mailbox, Message, Options, Receiver, Role, Sender, Wait};
use test_support::{Child, Name};

use crate::object::{assert_content, content};
use crate::program::{End, LIMIT};

/// The options of our endpoints, with any number of slots.
pub(super) fn options(name: &Name) -> Options {
    Mailbox::options(name.as_str()).wait(Wait::Block)
}

#[track_caller]
pub(super) fn sender(name: &Name) -> Sender {
    options(name).sender().expect("our sender attaches")
}

#[track_caller]
pub(super) fn receiver(name: &Name) -> Receiver {
    options(name).receiver().expect("our receiver attaches")
}

/// Sends the next message.
#[track_caller]
pub(super) fn give(sender: &mut Sender) {
    let number = sender.committed();
    let sent = sender.send_timeout(content(number), LIMIT);
    sent.expect("our sender sends");
}

/// Receives message `number`.
#[track_caller]
pub(super) fn take(receiver: &mut Receiver, number: u64) {
    let mut message = Message::new();
    let received = receiver.recv_timeout(&mut message, LIMIT);
    received.unwrap_or_else(|error| panic!("our receiver waits for message {number}: {error}"));
    assert_content(&message, number);
}

/// Receives these messages, which must be queued.
#[track_caller]
pub(super) fn take_all(receiver: &mut Receiver, numbers: Range<u64>) {
    let mut message = Message::new();
    for number in numbers {
        let received = receiver.try_recv(&mut message);
        received.unwrap_or_else(|error| panic!("message {number} was lost: {error}"));
        assert_content(&message, number);
    }
}

/// Lets the program show message `number`.
#[track_caller]
pub(super) fn expect_shown(end: &mut End, number: u64) {
    end.tell("show");
    was_shown(end, number);
}

/// The program's next answer is message `number`.
#[track_caller]
pub(super) fn was_shown(end: &mut End, number: u64) {
    let (found, message) = end.shown();
    assert_eq!(found, number, "the number of the message that it shows");
    assert!(
        message == content(number),
        "it shows message {number} with other bytes"
    );
}

/// One of our endpoints, of either role.
pub(super) enum Ours {
    Sender(Sender),
    Receiver(Receiver),
}

impl Ours {
    /// The peer of the program.
    #[track_caller]
    pub(super) fn opposite(role: Role, name: &Name) -> Self {
        match role {
            Role::Sender => Self::Receiver(receiver(name)),
            Role::Receiver => Self::Sender(sender(name)),
        }
    }

    /// Does what the program waits for: sends a message, or takes one, which makes room.
    #[track_caller]
    pub(super) fn provide(&mut self) {
        match self {
            Self::Sender(sender) => give(sender),
            Self::Receiver(receiver) => {
                let number = receiver.acknowledged();
                take(receiver, number);
            }
        }
    }

    #[track_caller]
    pub(super) fn close(self) {
        match self {
            Self::Sender(sender) => sender.close(),
            Self::Receiver(receiver) => receiver.close(),
        }
        .expect("our end closes");
    }
}

/// A peer of the program in another process, which does nothing once it is attached.
#[track_caller]
pub(super) fn fork_opposite(role: Role, name: &Name, work: impl FnOnce(&mut Ours)) -> Child {
    let child = Child::fork(|| {
        let mut ours = Ours::opposite(role, name);
        work(&mut ours);
        loop {
            thread::park();
        }
    });
    match role {
        Role::Sender => name.wait_for_receiver(),
        Role::Receiver => name.wait_for_sender(),
    }
    child
}

/// Brings the program into a wait: for a first message, or for room after it has filled `slots`.
#[track_caller]
pub(super) fn let_it_wait(end: &mut End, role: Role, slots: u64) {
    if role == Role::Sender {
        for number in 0..slots {
            assert_eq!(
                end.send(&content(number)),
                number,
                "the number of a message"
            );
        }
    }
    end.work(&content(slots));
}

/// The program's answer to the command of [`let_it_wait`].
#[track_caller]
pub(super) fn expect_done(end: &mut End, role: Role, slots: u64) {
    match role {
        Role::Sender => assert_eq!(end.sent(), slots, "the number of a message"),
        Role::Receiver => was_shown(end, 0),
    }
}

/// Two and a half check intervals, in which a waiting endpoint has checked.
pub(super) const SOME_CHECKS: Duration = Duration::from_millis(250);
