//! The developer's commands, run as `cargo xtask COMMAND`; this file only dispatches.

mod aarch64;
mod bench;
mod console;
mod demo;
mod documents;
mod figures;
mod hosts;
mod instructions;
mod leftovers;
mod links;
mod manual;
mod marks;
mod mutant;
mod mutants;
mod package;
mod page;
mod parts;
mod patience;
mod private;
mod process;
mod quotes;
mod replay;
mod soak;
mod tally;
mod test;
mod torture;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND [OPTION…]

  test          everything a change has to pass
  demo          random lines through a real writer and a real reader, compared at the end
  documents     replay the examples of README.md and docs/, follow their links, check their quotes
  manual        write the completions and manual pages of shm anew
  mutants       break a copy of the tree on purpose, and require a test to notice
  bench         measure this machine, and write docs/measurements.md and docs/labbook.md
  instructions  count the instructions of a send and a receive, against those recorded
  package       the packages of the crates, tested outside the workspace
  torture       the long forms of the tests of kills and attacks, the fuzzers, the sanitizers
  soak          verified traffic for minutes or days, one end killed every 10 ms

`cargo xtask COMMAND --help` says more.
";

/// What a command came to: whether all went well, or why it could not be carried out.
type Verdict = Result<bool, String>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    let verdict = match command.as_str() {
        "test" => test::run(&arguments),
        "demo" => demo::run(&arguments),
        "documents" => documents::run(&arguments),
        "manual" => manual::run(&arguments),
        "mutants" => mutants::run(&arguments),
        "bench" => bench::run(&arguments),
        "instructions" => instructions::run(&arguments),
        "package" => package::run(&arguments),
        "torture" => torture::run(&arguments),
        "soak" => soak::run(&arguments),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(true)
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match verdict {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}
