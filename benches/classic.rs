//! What each way of waiting costs in the lesson's layout, which has room for one message.

use std::time::Duration;

use benches::waiting::{self, Layout};
use shm_mailbox::classic::{AttachError, Classic, MAX_MESSAGE, Reader, Writer};
use shm_mailbox::{Message, Wait};

enum InClassic {}

impl Layout for InClassic {
    const PREFIX: &'static str = "classic_";
    const LONGEST: usize = MAX_MESSAGE;
    const CAPACITY: u64 = 1;
    const STRATEGIES: &'static [(&'static str, Wait)] = &[
        ("spin", Wait::Spin),
        ("yield", Wait::Yield),
        ("block", Wait::Block),
        ("poll/1us", Wait::Poll(Duration::from_micros(1))),
        ("poll/10us", Wait::Poll(Duration::from_micros(10))),
        ("poll/100us", Wait::Poll(Duration::from_micros(100))),
        ("poll/1ms", Wait::Poll(Duration::from_millis(1))),
        ("poll/10ms", Wait::Poll(Duration::from_millis(10))),
        ("poll/100ms", Wait::Poll(Duration::from_millis(100))),
    ];
    type Sender = Writer;
    type Receiver = Reader;

    fn sender(name: &str, wait: Wait) -> Writer {
        let options = Classic::options(name).wait(wait);
        options.writer().expect("attach as the writer")
    }

    fn receiver(name: &str, wait: Wait) -> Option<Reader> {
        match Classic::options(name).wait(wait).reader() {
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

fn main() {
    waiting::main::<InClassic>();
}
