//! Five mailboxes in an event loop of one's own, with mio.
//!
//! `cargo run -p shm-tokio --example mio -- tables`, and `shm writer tables-3` elsewhere. It ends
//! when each sender has closed.

use std::error::Error;
use std::os::fd::AsRawFd;
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
        let bell = receiver.bell()?.as_raw_fd();
        poll.registry()
            .register(&mut SourceFd(&bell), Token(table), Interest::READABLE)?;
        tables.push(Some(receiver));
    }
    println!("waiting");
    let mut events = Events::with_capacity(64);
    let mut turns: Vec<_> = (0..5).collect();
    while tables.iter().any(Option::is_some) {
        let mut at_most: Option<Duration> = None;
        for table in turns {
            let Some(receiver) = &mut tables[table] else {
                continue;
            };
            match serve(receiver, table) {
                Ok(None) => {}
                Ok(Some(pause)) => at_most = Some(at_most.map_or(pause, |least| least.min(pause))),
                Err(end) => {
                    println!("table {table}: {end}");
                    tables[table] = None; // closes the descriptor as well
                }
            }
        }
        poll.poll(&mut events, at_most)?;
        // When the time is up, whose it was costs more to remember than a look at each.
        turns = match events.is_empty() {
            true => (0..5).collect(),
            false => events.iter().map(|event| event.token().0).collect(),
        };
    }
    Ok(())
}
