//! Five mailboxes, a TCP socket and Ctrl-C in one thread: prints what comes until you stop it.
//!
//! `cargo run -p shm-tokio --example event_loop -- tables`, and in other terminals
//! `echo tea | shm writer tables-3` and `echo hello | nc 127.0.0.1 PORT`.

use std::error::Error;

use futures_lite::StreamExt;
use shm_mailbox::{Mailbox, RecvError};
use shm_tokio::AsyncReceiver;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::signal;
use tokio::task::JoinSet;

/// Prints the orders of one table. An order is acknowledged when the next is asked for.
async fn serve(table: usize, orders: AsyncReceiver) -> Result<(), RecvError> {
    let mut orders = orders.into_messages();
    while let Some(order) = orders.next().await {
        println!("table {table}: {}", order?.escape_ascii());
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or("tables".to_owned());
    let mut tables = JoinSet::new();
    for table in 0..5 {
        // A table goes on when its sender has closed, or died, and another comes.
        let options = Mailbox::options(format!("{name}-{table}")).await_peer(true);
        tables.spawn(serve(table, AsyncReceiver::attach(options).await?));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        tokio::select! {
            client = listener.accept() => {
                let mut lines = BufReader::new(client?.0).lines();
                while let Some(line) = lines.next_line().await? {
                    println!("client: {line}");
                }
            }
            Some(end) = tables.join_next() => end??,
            _ = signal::ctrl_c() => break,
        }
    }
    println!("closing"); // dropping the tasks closes their mailboxes
    Ok(())
}
