//! The developer's commands, run as `cargo xtask COMMAND`; this file only dispatches.

mod bench;
mod book;
mod demo;
mod docs;
mod figures;
mod front;
mod hosts;
mod instructions;
mod manual;
mod mutants;
mod package;
mod page;
mod parts;
mod prose;
mod replay;
mod room;
mod run;
mod tally;
mod test;
mod torture;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Call {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Options),
    Demo(demo::Options),
    Documents(docs::Options),
    Manual(manual::Options),
    Mutants(mutants::Options),
    Bench(bench::Options),
    #[command(hide = true)]
    Book(book::Options),
    Instructions(instructions::Options),
    Package(package::Options),
    Torture(torture::Options),
    Soak(torture::SoakOptions),
    /// Run all that .github/workflows/safety.yml runs: torture, mutants and soak
    #[command(long_about = None)]
    Safety(torture::Options),
    #[command(hide = true)]
    Room(room::Options),
}

/// What a command came to: whether all went well, or why it could not be carried out.
type Verdict = anyhow::Result<bool>;

fn main() -> ExitCode {
    let verdict = match Call::parse().command {
        Command::Test(options) => test::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Documents(options) => docs::run(&options),
        Command::Manual(options) => manual::run(&options),
        Command::Mutants(options) => mutants::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Book(options) => book::run(&options),
        Command::Instructions(options) => instructions::run(&options),
        Command::Package(options) => package::run(&options),
        Command::Torture(options) => torture::run(&options),
        Command::Soak(options) => torture::soak(&options),
        Command::Safety(options) => torture::safety(&options),
        Command::Room(options) => room::run(&options),
    };
    match verdict {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) if is_broken_pipe(&reason) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether the reader of what is printed has seen enough.
fn is_broken_pipe(reason: &anyhow::Error) -> bool {
    let error = reason.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
