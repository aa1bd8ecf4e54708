//! Sends and receives that never wait, one process as sender and receiver of a real mailbox, for
//! callgrind to count.
//!
//! ```text
//! instructions LENGTH     bytes in a message
//! ```
//!
//! `cargo xtask instructions` runs it under `valgrind --tool=callgrind --toggle-collect=*one_send*`
//! or `*one_receive*`, so that nothing counts but those two functions and what they call.

use std::env;
use std::hint::black_box;
use std::process::{self, ExitCode};

use shm_mailbox::{MAX_MESSAGE, Mailbox, Message, Receiver, Sender};

/// Calls of each function. A multiple of the slots, so that what is done once in a round counts as
/// often as it happens.
const CALLS: usize = 4096;

#[inline(never)]
fn one_send(sender: &mut Sender, message: &[u8]) -> bool {
    sender.send(message).is_ok()
}

#[inline(never)]
fn one_receive(receiver: &mut Receiver, message: &mut Message) -> bool {
    receiver.recv(message).is_ok()
}

fn main() -> ExitCode {
    let length = env::args().nth(1).and_then(|word| word.parse().ok());
    let Some(length) = length.filter(|length| *length <= MAX_MESSAGE) else {
        eprintln!("usage: instructions LENGTH, from 0 to {MAX_MESSAGE}");
        return ExitCode::from(2);
    };
    let name = format!("shm-instructions-{}", process::id());
    let mut receiver = Mailbox::options(&name)
        .receiver()
        .expect("attach as the receiver");
    let mut sender = Mailbox::options(&name)
        .sender()
        .expect("attach as the sender");
    let bytes = [b'x'; MAX_MESSAGE];
    let mut message = Message::new();
    for _ in 0..CALLS {
        // The compiler must not know the length: it is the callers' matter.
        let sent = one_send(&mut sender, black_box(&bytes[..length]));
        let received = one_receive(&mut receiver, black_box(&mut message));
        assert!(sent && received && message.as_bytes().len() == length);
    }
    // Everything was received, so the object goes with its ends.
    receiver.close().expect("close the receiver");
    sender.close().expect("close the sender");
    // What callgrind's sum is to be divided by.
    println!("{CALLS} calls");
    ExitCode::SUCCESS
}
