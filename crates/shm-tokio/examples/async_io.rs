//! A mailbox with async-io and its block_on, without tokio: the glue is one function.
//!
//! `cargo run -p shm-tokio --example async_io -- orders`, and `shm writer orders` elsewhere.

use std::error::Error;

use async_io::{Async, Timer, block_on};
use futures_lite::future;
use shm_mailbox::{Armed, Bell, Mailbox, Message, Receiver, RecvError};

/// Waits for the next message, takes it, and acknowledges it.
async fn recv(
    receiver: &mut Receiver,
    bell: &Async<Bell>,
    message: &mut Message,
) -> Result<(), Box<dyn Error>> {
    loop {
        match receiver.try_recv(message) {
            Err(RecvError::Empty) => {}
            received => return Ok(received?),
        }
        // After each wait `arm` comes first: it answers the bell, and checks the object.
        while let Armed::Wait { at_most } = receiver.arm()? {
            let time_is_up = async {
                match at_most {
                    Some(pause) => Timer::after(pause).await,
                    None => future::pending().await,
                };
                Ok(())
            };
            // async-io asks for levels, not edges: a bell that still rings is readable again.
            future::or(bell.readable(), time_is_up).await?;
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or("orders".to_owned());
    let mut receiver = Mailbox::options(&name).receiver()?;
    let bell = Async::new(receiver.bell()?)?;
    println!("waiting");
    block_on(async {
        let mut message = Message::new();
        loop {
            recv(&mut receiver, &bell, &mut message).await?;
            println!("{}", message.escape_ascii());
        }
    })
}
