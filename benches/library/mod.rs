//! The mailbox as it is measured beside the baselines.

mod ping_pong;
mod stream;

pub use ping_pong::ping_pong;
pub use stream::{batches, idle, stream};

use shm_mailbox::{Mailbox, Message, Options, Receiver, Sender, Wait};

fn options(name: &str, wait: Wait, slots: u32) -> Options {
    Mailbox::options(name).wait(wait).slots(slots).exact(true)
}

fn sender(options: Options) -> Sender {
    options.sender().expect("attach as the sender")
}

fn receiver(options: Options) -> Receiver {
    options.receiver().expect("attach as the receiver")
}

#[inline(always)]
fn bytes<const L: usize>(message: &Message) -> &[u8; L] {
    message.as_bytes().try_into().expect("all have this length")
}
