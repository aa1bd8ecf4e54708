//! The mailbox beside raw baselines, in ratios that hold on a machine that is never the same for a second.
//!
//! ```text
//! cargo bench -p benches --bench ratios -- [ROW…] [--rounds N] [--slice MS] [--quick] [--json FILE] [--list]
//! ```
//!
//! A row is selected by any part of its name. `--test` runs each once, as briefly as possible.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use benches::paired::{Effort, Report, rows, table};
use clap::Parser;

/// Measures the mailbox beside raw baselines, in paired slices.
#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo bench -p benches --bench ratios --")]
struct Options {
    /// Rows to measure: any part of their names [default: all]
    rows: Vec<String>,
    /// How often each contender has its turn
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long a turn is, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    slice: u16,
    /// Seven rounds of 5 ms
    #[arg(long, conflicts_with_all = ["rounds", "slice"])]
    quick: bool,
    /// One round as short as can be, to see that everything works
    #[arg(long, conflicts_with_all = ["rounds", "slice"])]
    test: bool,
    /// Also writes everything to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only names the rows
    #[arg(long)]
    list: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn effort(&self) -> Effort {
        let (rounds, slice, full) = match self {
            Self { test: true, .. } => (1, 1, false),
            Self { quick: true, .. } => (7, 5, true),
            Self { rounds, slice, .. } => (*rounds, *slice, true),
        };
        Effort {
            rounds: rounds.into(),
            slice: Duration::from_millis(slice.into()),
            full,
        }
    }

    fn selects(&self, name: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| name.contains(part.as_str()))
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let effort = options.effort();
    let mut report = Report::new(effort);
    let mut selected = 0;
    for row in rows() {
        let name = row.full_name();
        if !options.selects(&name) {
            continue;
        }
        selected += 1;
        if options.list {
            println!("{name}");
            continue;
        }
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K{name} ");
        }
        match row.measure(effort) {
            Some(result) => report.add(result),
            None => println!("{name}: skipped: needs two cores"),
        }
    }
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    if selected == 0 {
        eprintln!(
            "error: no row has {:?} in its name; --list names them",
            options.rows
        );
        return ExitCode::from(2);
    }
    if options.test {
        println!("Testing ratios: {} rows, success", report.rows.len());
    } else if !options.list {
        println!("{}\n\n{}", report.machine, table(&report));
        if let Some(objection) = report.machine.objection() {
            println!("warning: {objection}");
        }
    }
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).expect("strings and finite numbers");
        if let Err(error) = fs::write(path, json + "\n") {
            eprintln!("error: cannot write {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
