//! What each way of waiting costs in a mailbox of 16 slots.

use std::time::Duration;

use benches::waiting::{self, Layout};
use shm_mailbox::{MAX_MESSAGE, Mailbox, Message, Receiver, Sender, Wait};

const SLOTS: u32 = 16;

enum InMailbox {}

impl Layout for InMailbox {
    const PREFIX: &'static str = "";
    const LONGEST: usize = MAX_MESSAGE;
    const CAPACITY: u64 = SLOTS as u64;
    const STRATEGIES: &'static [(&'static str, Wait)] = &[
        ("spin", Wait::Spin),
        ("yield", Wait::Yield),
        ("backoff", Wait::Backoff),
        ("adaptive", Wait::Adaptive),
        ("block", Wait::Block),
        ("poll/1us", Wait::Poll(Duration::from_micros(1))),
        ("poll/10us", Wait::Poll(Duration::from_micros(10))),
        ("poll/100us", Wait::Poll(Duration::from_micros(100))),
        ("poll/1ms", Wait::Poll(Duration::from_millis(1))),
        ("poll/10ms", Wait::Poll(Duration::from_millis(10))),
        ("poll/100ms", Wait::Poll(Duration::from_millis(100))),
    ];
    type Sender = Sender;
    type Receiver = Receiver;

    fn sender(name: &str, wait: Wait) -> Sender {
        let options = Mailbox::options(name).slots(SLOTS).wait(wait);
        options.sender().expect("attach as the sender")
    }

    fn receiver(name: &str, wait: Wait) -> Option<Receiver> {
        let options = Mailbox::options(name).slots(SLOTS).wait(wait);
        Some(options.receiver().expect("attach as the receiver"))
    }

    #[inline]
    fn send(sender: &mut Sender, message: &[u8]) -> Option<()> {
        sender.send(message).ok()
    }

    #[inline]
    fn receive(receiver: &mut Receiver, message: &mut Message) -> Option<()> {
        receiver.recv(message).ok()
    }
}

fn main() {
    waiting::main::<InMailbox>();
}
