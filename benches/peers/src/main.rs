//! The mailbox beside what people would use instead, in ratios of paired slices.
//!
//! The method is that of `cargo bench -p benches --bench ratios`: in each row the mailbox and one
//! peer take turns of some milliseconds within one pair of processes, pinned to two cores, and a
//! raw cache line takes its turn beside them. Every message is written afresh, copied in, copied
//! out, and checked.

mod drive;
mod outcome;
mod peer;
mod plan;
mod scratch;
mod supervise;
mod threads;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::{self, ExitCode};

use benches::harness::{Timing, is_written_as_json};
use clap::Parser;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use shm_cli::measure::placement::Placement;

use crate::outcome::{Measured, Outcome, Report};
use crate::supervise::{Failure, Supervisor};

/// Compares the mailbox with what people would use instead: other libraries, and what the kernel
/// offers.
#[derive(Debug, Parser)]
#[command(about)]
struct Options {
    /// Rows to measure: any part of `QUANTITY/PEER`, in any case; may be given again [default: all]
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    #[command(flatten)]
    timing: Timing,
    /// Leave the processes to the scheduler, instead of pinning them to two cores
    #[arg(long)]
    unpinned: bool,
    /// Also write everything to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only name the rows
    #[arg(long)]
    list: bool,
    /// The one row that this process is for.
    #[arg(long, hide = true, requires = "scratch")]
    row: Option<String>,
    /// Where its files go.
    #[arg(long, hide = true)]
    scratch: Option<PathBuf>,
}

impl Options {
    fn placement(&self) -> Placement {
        if self.unpinned {
            Placement::None
        } else {
            Placement::Far
        }
    }

    fn selects(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut parts = self.only.iter().map(|part| part.to_lowercase());
        self.only.is_empty() || parts.any(|part| name.contains(&part))
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let (Some(row), Some(directory)) = (&options.row, &options.scratch) {
        scratch::set(directory.clone());
        return measure_here(row, &options);
    }
    let mut plans = plan::plans();
    plans.retain(|plan| options.selects(&plan.name()));
    if plans.is_empty() {
        eprintln!(
            "error: no row has {:?} in its name; --list names them",
            options.only
        );
        return ExitCode::from(2);
    }
    if options.list {
        for plan in plans {
            println!("{}", plan.name());
        }
        return ExitCode::SUCCESS;
    }
    let (effort, placement) = (options.timing.effort(), options.placement());
    let supervisor = match Supervisor::new(effort, placement) {
        Ok(supervisor) => supervisor,
        Err(error) => {
            eprintln!("error: signals cannot be caught: {error}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::new(effort, placement);
    for plan in plans {
        let name = plan.name();
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K{name} ");
        }
        let (measured, failure) = match supervisor.measure(&name) {
            Ok(measured) => (Some(measured), None),
            Err(Failure::Failed(reason)) => (None, Some(reason)),
            Err(Failure::Interrupted) => {
                eprintln!("interrupted");
                return ExitCode::from(130);
            }
        };
        report.add(Outcome {
            quantity: plan.quantity,
            peer: plan.peer,
            kind: plan.kind,
            measured,
            failure,
        });
    }
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    print!("{}", report.tables());
    let is_written = |path| is_written_as_json(path, &report);
    if !options.json.as_deref().is_none_or(is_written) {
        return ExitCode::from(2);
    }
    // A row without figures is said in the table; the others stand.
    let failed = report.rows.iter().any(|row| row.failure.is_some());
    ExitCode::from(u8::from(failed))
}

/// In the process of a row: measures it, and writes the figures to standard output.
fn measure_here(name: &str, options: &Options) -> ExitCode {
    // It ends when its parent does.
    let _ = set_pdeathsig(Signal::SIGKILL);
    let mut plans = plan::plans().into_iter();
    let Some(plan) = plans.find(|plan| plan.name() == name) else {
        eprintln!("no row is called {name}");
        return ExitCode::FAILURE;
    };
    let Some(row) = plan.row(options.placement()) else {
        eprintln!("built without it: it takes the feature zmq, and a C++ compiler");
        return ExitCode::FAILURE;
    };
    let Some(result) = row.measure(options.timing.effort()) else {
        eprintln!("needs two cores");
        return ExitCode::FAILURE;
    };
    let json = serde_json::to_string(&Measured::of(&result)).expect("strings and finite numbers");
    println!("{json}");
    // At once: threads of peers are not to be waited for.
    process::exit(0)
}
