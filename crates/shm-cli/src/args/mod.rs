//! The command line: everything that can be typed, with its limits, defaults and help.
//!
//! Here live the structures that the arguments are read into, and what is said of a wrong one. What
//! a command does with its arguments does not belong here: nothing in this room opens an object.

mod bench;
mod bus;
mod channel;
mod operators;
pub(crate) mod pages;
mod pass;
mod value;
mod wanted;
mod watching;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::console;
use crate::terminal::escape;

pub(crate) use bench::{BenchArgs, Layout, PeerArgs};
pub(crate) use channel::{ChannelArgs, Framing, WaitArg};
pub(crate) use operators::{
    ColumnName, DoctorArgs, ForgetArgs, LsArgs, PeekArgs, RmArgs, StatArgs,
};
pub(crate) use pages::{BridgeArgs, CompletionsArgs, ManArgs};
pub(crate) use pass::{Oversize, ReaderArgs, WriterArgs};
pub(crate) use value::OBJECT;
pub(crate) use wanted::Wanted;
pub(crate) use watching::{Begin, TapArgs, TopArgs};

/// What stands below the options: texts of the folder `help`, with an empty line between them.
macro_rules! below {
    ($first:literal $(, $next:literal)*) => {
        concat!(
            include_str!(concat!("help/", $first, ".txt")),
            $("\n", include_str!(concat!("help/", $next, ".txt"))),*
        )
    };
}

/// Pass messages of up to 1 KiB between processes through POSIX shared memory.
#[derive(Debug, Parser)]
#[command(name = "shm", version, after_long_help = below!("shm", "exit", "environment"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send standard input as messages, one per line
    #[command(after_long_help = below!("writer", "exit"))]
    Writer(WriterArgs),
    /// Write messages to standard output as they arrive
    #[command(after_long_help = below!("reader", "exit"))]
    Reader(ReaderArgs),
    /// List what is in /dev/shm, mailboxes first
    #[command(after_long_help = below!("ls"))]
    Ls(LsArgs),
    /// Show objects in detail
    #[command(after_long_help = below!("stat"))]
    Stat(StatArgs),
    /// Show what is queued in a mailbox, without taking it
    #[command(after_long_help = below!("peek"))]
    Peek(PeekArgs),
    /// Show what passes through a mailbox, without taking it
    #[command(after_long_help = below!("tap", "exit"))]
    Tap(TapArgs),
    /// Show the traffic of all mailboxes, live
    #[command(after_long_help = below!("top"))]
    Top(TopArgs),
    /// Remove objects that no process uses
    #[command(after_long_help = below!("rm"))]
    Rm(RmArgs),
    /// Give up a label of a bus, and the messages kept for it
    #[command(after_long_help = below!("forget"))]
    Forget(ForgetArgs),
    /// Check whether mailboxes can work on this system
    #[command(after_long_help = below!("doctor"))]
    Doctor(DoctorArgs),
    /// Carry a mailbox to another machine, by the program shm-bridge
    ///
    /// The program is built separately, because it contains a network engine. It must be beside shm
    /// or on PATH.
    #[command(after_long_help = below!("bridge"))]
    Bridge(BridgeArgs),
    /// Measure latency against CPU time, for each way of waiting
    #[command(after_long_help = below!("bench"))]
    Bench(BenchArgs),
    /// Print completions for a shell
    #[command(after_long_help = below!("completions"))]
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or write all pages
    #[command(after_long_help = below!("man"))]
    Man(ManArgs),
    /// The other process of a benchmark
    #[command(hide = true)]
    BenchPeer(PeerArgs),
}

impl Cli {
    /// Reads the command line; a usage error, or a question for help, is answered and ends the
    /// process.
    pub(crate) fn from_command_line() -> Self {
        let mut cli = Self::try_parse().unwrap_or_else(|outcome| {
            if outcome.use_stderr() {
                refuse(&outcome);
            }
            // Help, or the version, that could not be written is a failure as any other page.
            let status = match console::write_with(|| outcome.print()) {
                Ok(()) => 0,
                Err(failure) => failure.report() as i32,
            };
            std::process::exit(status)
        });
        let (name, checked) = match &mut cli.command {
            Command::Writer(writer) => ("writer", writer.complete()),
            Command::Reader(reader) => ("reader", reader.channel.complete()),
            Command::Stat(stat) => ("stat", stat.complete()),
            Command::Peek(peek) => ("peek", peek.complete()),
            Command::Tap(tap) => ("tap", tap.complete()),
            Command::Rm(rm) => ("rm", rm.check()),
            Command::Bench(bench) => ("bench", bench.check()),
            _ => return cli,
        };
        if let Err(wrong) = checked {
            let mut command = Self::command();
            command.build();
            let command = command.find_subcommand_mut(name).expect("it was parsed");
            refuse(&command.error(ErrorKind::ValueValidation, wrong));
        }
        cli
    }
}

/// Tells what is wrong with the command line, and ends the process with status 2.
fn refuse(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    if text.chars().all(escape::is_harmless) {
        error.exit();
    }
    // An argument that controls terminals is shown escaped, and then without colours: these are
    // control characters, too.
    eprint!("{}", escape::text(&text));
    std::process::exit(error.exit_code())
}

#[cfg(test)]
mod tests;
