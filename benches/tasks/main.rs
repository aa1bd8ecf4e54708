//! One tokio program that waits for 100 mailboxes and 100 Unix sockets: what it costs while nothing
//! comes, how late it runs when something does, and when it hears of a death.
//!
//! ```text
//! cargo bench -p benches --bench tasks -- [--mailboxes N] [--messages N] [--deaths N] [--idle S]
//! ```
//!
//! Mailbox and socket take turns, in one thread and beside the same peers. The peers are other
//! processes: this program, started again.

mod measure;
mod peer;
mod times;

use std::error::Error;

use clap::Parser;
use shm_cli::measure::machine::Machine;

use crate::peer::Place;

/// Measures a tokio program with many mailboxes.
#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo bench -p benches --bench tasks --")]
struct Options {
    /// How many mailboxes and sockets the program waits for
    #[arg(long, value_name = "N", default_value_t = 100)]
    mailboxes: usize,
    /// How many messages each way of sending passes
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// How often each peer is killed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    deaths: u32,
    /// How many seconds the program waits for nothing
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    idle: f64,
    /// As little as can be, to see that everything works
    #[arg(long)]
    test: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be a peer: the folder, the first of its mailboxes, and how many there are.
    #[arg(long, hide = true, num_args = 3)]
    peer: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::parse();
    if let [folder, first, count] = &options.peer[..] {
        return peer::be_peer(folder, first.parse()?, count.parse()?);
    }
    if options.test {
        (options.mailboxes, options.messages) = (5, 50);
        (options.deaths, options.idle) = (1, 0.1);
    }
    let machine = Machine::here();
    let place = Place::new()?;
    let wakes = measure::wakes(&options, &place)?;
    let deaths = measure::deaths(&options, &place)?;
    if options.test {
        println!("Testing tasks: success");
        return Ok(());
    }
    println!("{machine}\n");
    if let Some(objection) = machine.objection() {
        println!("{objection}\n");
    }
    println!(
        "{} mailboxes and as many sockets, {wakes}",
        options.mailboxes
    );
    let title = "from a kill to the notice";
    println!(
        "{title}, mailbox: {}\n{title}, socket:  {}",
        deaths.mailbox, deaths.socket
    );
    Ok(())
}
