//! `conform`: a verdict for each row, and a closing line.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use conformance::{Outcome, Program};

/// Run a program that speaks the mailbox's protocol against this library
///
/// docs/protocol.md, section "Conformance", says which command line the program must obey. Each row
/// is one promise of that page. With SHM_TORTURE=1 the rows take more values, and minutes.
///
/// The exit status is 0 if no row failed, and 1 otherwise. A row that needs root, ptrace or x86-64
/// is skipped on a machine without it.
#[derive(Parser)]
#[command(name = "conform", max_term_width = 100)]
struct Options {
    /// Only the rows whose names contain this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The program, and arguments that come before those of the kit; after `--` if one is an option
    #[arg(required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut output = std::io::stdout();
    let program = Program::new(options.command);
    let report = conformance::run(program, &options.only, |name, outcome| {
        // Standard output may be closed early, for example by `head`.
        let _ = match outcome {
            Outcome::Ok => writeln!(output, "{name} ... ok"),
            Outcome::Skipped(needs) => writeln!(output, "{name} ... skipped: needs {needs}"),
            Outcome::Failed(why) => writeln!(output, "{name} ... FAILED: {why}"),
        };
    });
    let _ = writeln!(output, "{report}");
    match report.is_good() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
