//! `cargo xtask torture`, `safety` and `soak`: the parts of `xtask/safety.parts`, or some; and
//! `cargo xtask package`.

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::Verdict;
use crate::parts::{self, Part, Run};

/// Run the long forms of the tests, the fuzzers and the sanitizers: hours on a small machine
///
/// A part that fails does not keep the others from running.
#[derive(clap::Args)]
#[command(after_help = format!("Parts:\n{}", parts::list(&all())))]
pub(crate) struct Options {
    /// The parts to run; if none is named, all (of torture: but mutants and soak)
    #[arg(value_name = "PART", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(all().iter().map(|part| part.name)))]
    parts: Vec<String>,
    /// How long each fuzz target runs at most, in seconds
    #[arg(long, value_name = "N", default_value_t = 1800)]
    fuzz_seconds: u64,
    /// How long the soak takes, in minutes
    #[arg(long, value_name = "M", default_value_t = 10)]
    soak_minutes: u64,
}

/// Pass verified messages for minutes or days, and kill one end every 10 ms
///
/// Passes messages between two processes, kills one of them, and starts it again. Wait strategies,
/// numbers of slots and the end that is killed take turns; every other round passes messages in
/// batches, and every fifth begins just below the last message number. Memory, descriptors and
/// names in /dev/shm must stay as they are after the first rounds. Prints how many messages passed:
/// some 300 million in a minute on two cores with nothing else to do.
#[derive(clap::Args)]
pub(crate) struct SoakOptions {
    /// How long
    #[arg(long, value_name = "M", default_value_t = 10)]
    minutes: u64,
}

/// The parts that have a command of their own.
const COMMANDS: [&str; 2] = ["mutants", "soak"];

fn all() -> Vec<Part> {
    parts::parse(include_str!("../safety.parts"))
}

/// Runs `cargo xtask torture`; true if everything that can run here held.
pub(crate) fn run(options: &Options) -> Verdict {
    options.run(|name| !COMMANDS.contains(&name))
}

/// Runs `cargo xtask safety`; true if everything that can run here held.
pub(crate) fn safety(options: &Options) -> Verdict {
    options.run(|_| true)
}

/// Runs `cargo xtask soak`; true if nothing was lost and nothing grew.
pub(crate) fn soak(options: &SoakOptions) -> Verdict {
    let soak_minutes = options.minutes;
    let parts = vec!["soak".to_owned()];
    Options {
        parts,
        fuzz_seconds: 0,
        soak_minutes,
    }
    .run(|_| false)
}

/// Runs `cargo xtask package`; true if every part held.
pub(crate) fn package() -> Verdict {
    let parts = parts::parse(include_str!("../package.parts"));
    // All is built for the first time.
    let limit = Duration::from_secs(1800);
    let how = Run {
        limit,
        ..Run::default()
    };
    parts::run(&parts, &how)
}

impl Options {
    fn run(&self, by_default: impl Fn(&str) -> bool) -> Verdict {
        let mut parts = all();
        parts.retain(|part| match &self.parts[..] {
            [] => by_default(part.name),
            named => named.iter().any(|name| name == part.name),
        });
        let soak_seconds = 60 * self.soak_minutes;
        let variables = [
            ("FUZZ_SECONDS", self.fuzz_seconds),
            ("SHM_SOAK_SECONDS", soak_seconds),
        ];
        // The four fuzz targets are one command; the rest is for building, and for slow machines.
        let limit = Duration::from_secs(4 * 3600 + 4 * self.fuzz_seconds + soak_seconds);
        let how = Run {
            limit,
            variables: &variables,
            figures: true,
            ..Run::default()
        };
        parts::run(&parts, &how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_runs_every_part() {
        let names: Vec<_> = all().iter().map(|part| part.name).collect();
        let workflow = include_str!("../../.github/workflows/safety.yml");
        let matrix = format!("[{}]", names.join(", "));
        assert!(workflow.contains(&matrix), "{matrix}");
    }
}
