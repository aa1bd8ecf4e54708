//! The developer's commands, run as `cargo xtask COMMAND`; this file only dispatches.

mod conform;
mod demo;
mod docs;
mod install;
mod mutants;
mod page;
mod parts;
mod prose;
mod replay;
mod room;
mod run;
mod scripts;
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
    Conform(conform::Options),
    Demo(demo::Options),
    Documents(docs::Options),
    /// Write the completions and manual pages of shm and of the C library
    ///
    /// Writes crates/shm-cli/man and crates/shm-cli/completions as the built shm prints them, and
    /// crates/shm-c/man from the header. Tests of both crates compare them.
    Manual,
    Mutants(mutants::Options),
    Bench(scripts::Bench),
    #[command(hide = true)]
    Book(scripts::Book),
    Install(install::Options),
    Instructions(scripts::Instructions),
    /// Test the packages of the crates outside the workspace
    ///
    /// Packages each crate, unpacks it in target/packages, and runs the tests that are in it there,
    /// with the other crates as unpacked. A second run has --cfg loom, which somebody else's build
    /// may set. Then looks at what a program that depends on shm-mailbox gets into its lock file:
    /// neither loom nor a crate for Windows.
    Package,
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
        Command::Conform(options) => conform::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Documents(options) => docs::run(&options),
        Command::Manual => scripts::manual(),
        Command::Mutants(options) => mutants::run(&options),
        Command::Bench(options) => options.run(),
        Command::Book(options) => options.run(),
        Command::Install(options) => install::run(&options),
        Command::Instructions(options) => options.run(),
        Command::Package => torture::package(),
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
