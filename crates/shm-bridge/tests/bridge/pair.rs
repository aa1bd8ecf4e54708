//! Two mailboxes and the bridges between them.

use std::process::Command;

use shm_mailbox::{Mailbox, Message, Receiver, Sender};
use test_support::{LIMIT, Name, Process, until};

/// A near and a far mailbox, whose other endpoints are in the test.
pub(crate) struct Pair {
    pub(crate) near: Name,
    pub(crate) far: Name,
}

/// A running `shm bridge in`, and the port on which it listens.
pub(crate) struct In {
    pub(crate) process: Process,
    pub(crate) port: u16,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self {
            near: Name::new(),
            far: Name::new(),
        }
    }

    /// The sender of the near mailbox.
    pub(crate) fn sender(&self) -> Sender {
        let options = Mailbox::options(self.near.as_str()).slots(256);
        options.await_peer(true).sender().expect("the role is free")
    }

    /// The receiver of the far mailbox.
    pub(crate) fn receiver(&self) -> Receiver {
        self.receiver_of(256)
    }

    /// The receiver of the far mailbox, which it makes with `slots` slots.
    pub(crate) fn receiver_of(&self, slots: u32) -> Receiver {
        let options = Mailbox::options(self.far.as_str())
            .slots(slots)
            .exact(false);
        options
            .await_peer(true)
            .receiver()
            .expect("the role is free")
    }

    /// Starts `shm bridge in` on this port, and waits until it listens.
    pub(crate) fn start_in(&self, port: u16, args: &[&str]) -> In {
        let listen = format!("tcp/127.0.0.1:{port}");
        let mut command = bridge("in", &self.far);
        command.args(["--key", self.far.as_str(), "--listen", &listen]);
        let process = Process::spawn(command.args(args));
        process.wait_for_error("takes messages at");
        let errors = process.errors();
        let (_, after) = errors.split_once("tcp/127.0.0.1:").expect("it says where");
        let digits = after.split(|it: char| !it.is_ascii_digit()).next();
        let port = digits.and_then(|digits| digits.parse().ok());
        let port = port.expect("it says which port");
        In { process, port }
    }

    /// Starts `shm bridge out` to this port.
    pub(crate) fn start_out(&self, port: u16, args: &[&str]) -> Process {
        let connect = format!("tcp/127.0.0.1:{port}");
        let mut command = bridge("out", &self.near);
        command.args(["--key", self.far.as_str(), "--connect", &connect]);
        Process::spawn(command.args(args))
    }
}

/// `shm-bridge SIDE NAME`.
pub(crate) fn bridge(side: &str, name: &Name) -> Command {
    // Under `nohup` the tests are started with a signal ignored, which a child would inherit.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT,TERM");
    command.args([env!("CARGO_BIN_EXE_shm-bridge"), side, name.as_str()]);
    command
}

/// Message `number`: recognised by its first bytes, and as long as the number says.
pub(crate) fn content(number: u64) -> Vec<u8> {
    let mut message = number.to_le_bytes().to_vec();
    message.resize(8 + usize::try_from(number % 97).expect("small"), b'x');
    message
}

/// Takes messages `first` to `end` of the stream, and fails if another comes.
#[track_caller]
pub(crate) fn take(receiver: &mut Receiver, first: u64, end: u64) {
    let mut message = Message::new();
    for number in first..end {
        receiver
            .recv_timeout(&mut message, LIMIT)
            .unwrap_or_else(|error| panic!("message {number}: {error}"));
        let found = message.as_bytes();
        assert!(found == content(number), "message {number} is {found:?}");
    }
}

/// Fails if there is another message, once all of the near mailbox were acknowledged.
#[track_caller]
pub(crate) fn expect_no_more(pair: &Pair, sender: &Sender, receiver: &mut Receiver) {
    let count = sender.committed();
    until("all is acknowledged", || pair.near.received() == count);
    let mut message = Message::new();
    let more = receiver.try_recv(&mut message);
    assert!(more.is_err(), "one more came: {:?}", message.as_bytes());
}
