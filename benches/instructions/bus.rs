//! As `instructions`, on a bus of one lane and one place. A separate program, so that the compiler
//! treats the mailbox's calls as without a bus.
//!
//! ```text
//! instructions-bus LENGTH     bytes in a message
//! ```
//!
//! `cargo xtask instructions` runs it under `valgrind --tool=callgrind --toggle-collect=*bus_send*`
//! or `*bus_receive*`, so that nothing counts but those two functions and what they call.

use std::env;
use std::hint::black_box;
use std::process::{self, ExitCode};

use shm_mailbox::bus::{Bus, Receiver, Sender};
use shm_mailbox::{MAX_MESSAGE, Message};

/// Calls of each function. A multiple of the slots, so that what is done once in a round counts as
/// often as it happens.
const CALLS: usize = 4096;

#[inline(never)]
fn bus_send(sender: &mut Sender, message: &[u8]) -> bool {
    sender.send(message).is_ok()
}

#[inline(never)]
fn bus_receive(receiver: &mut Receiver, message: &mut Message) -> bool {
    receiver.recv(message).is_ok()
}

fn main() -> ExitCode {
    let length = env::args().nth(1).and_then(|word| word.parse().ok());
    let Some(length) = length.filter(|length| *length <= MAX_MESSAGE) else {
        eprintln!("usage: instructions-bus LENGTH, from 0 to {MAX_MESSAGE}");
        return ExitCode::from(2);
    };
    let name = format!("shm-instructions-bus-{}", process::id());
    let mut receiver = Bus::options(&name)
        .receiver()
        .expect("attach as the receiver");
    let mut sender = Bus::options(&name).sender().expect("attach as the sender");
    let bytes = [b'x'; MAX_MESSAGE];
    let mut message = Message::new();
    for _ in 0..CALLS {
        // The compiler must not know the length, which depends on the caller.
        let sent = bus_send(&mut sender, black_box(&bytes[..length]));
        let received = bus_receive(&mut receiver, black_box(&mut message));
        assert!(sent && received && message.as_bytes().len() == length);
    }
    // Everything was received, so closing removes the object.
    receiver.close().expect("close the receiver");
    sender.close().expect("close the sender");
    // The divisor of callgrind's sum.
    println!("{CALLS} calls");
    ExitCode::SUCCESS
}
