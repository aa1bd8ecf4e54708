//! `cargo xtask conform`: a program that speaks the protocol, run against this library.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Context as _;

use crate::Verdict;
use crate::run;

/// Run a program that speaks the mailbox's protocol against this library
///
/// docs/protocol.md, section "Conformance", has the command line that the program must obey. The
/// command prints a verdict for each row, and fails if a row does. With SHM_TORTURE=1 the rows take
/// more values.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only the rows whose names contain this
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// The program, and arguments that come before those of the kit; after `--` if one is an option
    #[arg(required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs the command; true if no row failed.
pub(crate) fn run(options: &Options) -> Verdict {
    run::build("cargo build --quiet --package conformance --bin conform")?;
    let kit = run::target().join("debug/conform");
    let status = Command::new(&kit)
        .args(["--only", &options.only, "--"])
        .args(&options.command)
        .status()
        .with_context(|| format!("{} does not start", kit.display()))?;
    Ok(status.success())
}
