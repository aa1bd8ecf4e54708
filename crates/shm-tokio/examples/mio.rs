//! Five mailboxes in an event loop of one's own, with mio.
//!
//! `cargo run -p shm-tokio --example mio -- tables`, and `shm writer tables-3` elsewhere. It ends
//! when each sender has closed.

use std::error::Error;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use shm_mailbox::{Armed, Mailbox, Message, Receiver, RecvError};

/// Takes all messages that are there, and arms the receiver. Returns when to do that again although
/// the bell has not rung.
fn serve(receiver: &mut Receiver, table: usize) -> Result<Option<Duration>, RecvError> {
    let mut message = Message::new();
    loop {
        // mio asks for edges, so nothing may be left: `arm` reads the bell until it is quiet, and
        // what rings after that is a new edge.
        match receiver.arm()? {
            Armed::Wait { at_most } => return Ok(at_most),
            Armed::Now => {}
        }
        while receiver.try_recv(&mut message).is_ok() {
            println!("table {table}: {}", message.escape_ascii());
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or("tables".to_owned());
    let mut poll = Poll::new()?;
    let mut tables = Vec::new();
    for table in 0..5 {
        let mut receiver = Mailbox::options(format!("{name}-{table}")).receiver()?;
        let bell = receiver.bell()?;
        let mut source = SourceFd(&bell.as_raw_fd());
        let registry = poll.registry();
        registry.register(&mut source, Token(table), Interest::READABLE)?;
        tables.push((table, receiver, bell));
    }
    println!("waiting");
    let mut events = Events::with_capacity(64);
    loop {
        let mut at_most: Option<Duration> = None;
        let mut ended = Vec::new();
        // All of them, which costs a microsecond each. With hundreds, serve those whose tokens are
        // in `events`, and remember the time of each.
        for (place, (table, receiver, _)) in tables.iter_mut().enumerate() {
            match serve(receiver, *table) {
                Ok(pause) => at_most = [at_most, pause].into_iter().flatten().min(),
                Err(end) => {
                    println!("table {table}: {end}");
                    ended.push(place);
                }
            }
        }
        for place in ended.into_iter().rev() {
            // Not open for longer than the loop knows it: its number may soon be another's.
            let (_, _, bell) = &tables[place];
            poll.registry()
                .deregister(&mut SourceFd(&bell.as_raw_fd()))?;
            tables.remove(place);
        }
        if tables.is_empty() {
            return Ok(());
        }
        poll.poll(&mut events, at_most)?;
    }
}
