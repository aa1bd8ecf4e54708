//! The `shm` command: messages of up to 1 KiB between two processes, from shell to shell.

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("shm supports Linux on x86-64 and aarch64 only");

mod args;
mod bench;
mod bridge;
mod console;
mod failure;
mod operators;
mod pages;
mod pass;
mod system;
mod terminal;

use std::process::ExitCode;

use shm_core::guard;

use crate::args::{Cli, Command};
use crate::failure::{Ending, Failure, errors};
use crate::operators::{doctor, forget, ls, peek, rm, stat, tap, top};
use crate::pages::{completions, manual};
use crate::pass::{reader, writer};
use crate::terminal::signals;

fn main() -> ExitCode {
    let command = Cli::from_command_line().command;
    // A truncated object is an error to report, and no reason to die by a signal.
    if let Err(error) = guard::install() {
        return errors::system(&error).report().into();
    }
    let ready = match command {
        // The doctor reports more than that, and a page needs no objects.
        // The bridge looks for itself.
        Command::Doctor(_) | Command::Bridge(_) | Command::Completions(_) | Command::Man(_) => {
            Ok(())
        }
        _ => errors::check_place(),
    };
    match ready.and_then(|()| run(command)) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Signal(signal)) => signals::die_of(signal),
        Ok(Ending::Failed(status)) => status.into(),
        Err(failure) => failure.report().into(),
    }
}

fn run(command: Command) -> Result<Ending, Failure> {
    match command {
        Command::Writer(args) => writer::run(&args),
        Command::Reader(args) => reader::run(&args),
        Command::Ls(args) => ls::run(&args),
        Command::Stat(args) => stat::run(&args),
        Command::Peek(args) => peek::run(&args),
        Command::Tap(args) => tap::run(&args),
        Command::Top(args) => top::run(&args),
        Command::Rm(args) => rm::run(&args),
        Command::Forget(args) => forget::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Bridge(args) => bridge::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => manual::pages(&args),
        Command::BenchPeer(args) => bench::run_peer(&args),
    }
}
