//! The two layouts, mailbox and classic, as endpoints that send and receive.

use std::time::Duration;

use shm_core::ShmName;
use shm_mailbox::classic::{self, AttachError, Classic, Reader, Writer};
use shm_mailbox::{MAX_MESSAGE, Mailbox, Message, Receiver, Sender, Wait};

/// A layout of shared memory that carries messages one way.
pub trait Layout {
    /// Before the name of each benchmark.
    const PREFIX: &'static str;
    /// The longest message.
    const LONGEST: usize;
    /// How many messages can lie in it.
    const CAPACITY: u64;
    /// The sending end.
    type Sender;
    /// The receiving end.
    type Receiver;

    /// Whether its ends can wait like this.
    fn has(_wait: Wait) -> bool {
        true
    }
    /// Attaches, and creates the object if need be.
    fn sender(name: &ShmName, wait: Wait) -> Self::Sender;
    /// Attaches; `None` if the object is not there and a receiver cannot create it.
    fn receiver(name: &ShmName, wait: Wait) -> Option<Self::Receiver>;
    /// Sends; `None` if there is nobody to send to any more.
    fn send(sender: &mut Self::Sender, message: &[u8]) -> Option<()>;
    /// Receives; `None` if there is nobody to receive from any more.
    fn receive(receiver: &mut Self::Receiver, message: &mut Message) -> Option<()>;
}

/// The strategies of a layout by name, `STRATEGY` or `STRATEGY/INTERVAL`.
pub fn strategies<L: Layout>() -> impl Iterator<Item = (&'static str, Wait)> {
    let all = [
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
    all.into_iter().filter(|(_, wait)| L::has(*wait))
}

const SLOTS: u32 = 16;

/// The mailbox.
#[derive(Debug)]
pub enum InMailbox {}

impl Layout for InMailbox {
    const PREFIX: &'static str = "";
    const LONGEST: usize = MAX_MESSAGE;
    const CAPACITY: u64 = SLOTS as u64;
    type Sender = Sender;
    type Receiver = Receiver;

    fn sender(name: &ShmName, wait: Wait) -> Sender {
        let options = Mailbox::options(name.as_str()).slots(SLOTS).wait(wait);
        options.sender().expect("attach as the sender")
    }

    fn receiver(name: &ShmName, wait: Wait) -> Option<Receiver> {
        let options = Mailbox::options(name.as_str()).slots(SLOTS).wait(wait);
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

/// The classic layout, which has room for one message.
#[derive(Debug)]
pub enum InClassic {}

impl Layout for InClassic {
    const PREFIX: &'static str = "classic_";
    const LONGEST: usize = classic::MAX_MESSAGE;
    const CAPACITY: u64 = 1;
    type Sender = Writer;
    type Receiver = Reader;

    fn has(wait: Wait) -> bool {
        !matches!(wait, Wait::Backoff | Wait::Adaptive)
    }

    fn sender(name: &ShmName, wait: Wait) -> Writer {
        let options = Classic::options(name.as_str()).wait(wait);
        options.writer().expect("attach as the writer")
    }

    fn receiver(name: &ShmName, wait: Wait) -> Option<Reader> {
        match Classic::options(name.as_str()).wait(wait).reader() {
            Ok(reader) => Some(reader),
            Err(AttachError::NotFound { .. }) => None,
            Err(error) => panic!("attach as the reader: {error}"),
        }
    }

    fn send(writer: &mut Writer, message: &[u8]) -> Option<()> {
        writer.send(message).ok()
    }

    fn receive(reader: &mut Reader, message: &mut Message) -> Option<()> {
        reader.recv(message).ok()
    }
}
