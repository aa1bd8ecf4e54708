//! `cargo xtask test`: runs all parts of `xtask/test.parts`, or some.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};

use crate::Verdict;
use crate::parts::{self, Part, Run};

/// Run everything a change has to pass
///
/// A part that fails does not keep the others from running; its output follows its line. The last
/// line says how many tests passed, failed and were skipped, and the exit status is 0 only if none
/// failed. A command that leaves a process or an object in /dev/shm fails. What each part printed
/// is kept in target/xtask/PART.log. As root, each command has a /dev/shm of its own.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The parts to run; all but aarch64 and bridge if none is named
    #[arg(value_name = "PART", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(all().iter().map(|part| part.name)))]
    parts: Vec<String>,
    /// Only tests with NAME in their names (loom's if `loom` is named as a part)
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    only: Option<String>,
    /// List the parts
    #[arg(long)]
    list: bool,
    /// Other parts than those of xtask/test.parts
    #[arg(long, hide = true)]
    from: Option<PathBuf>,
}

/// The parts that run only when named: they need rare equipment, or a build of minutes.
const ON_REQUEST: [&str; 2] = ["aarch64", "bridge"];

/// What needs a build of its own, in which other tests do not run.
const LOOM: &str = "loom";

fn all() -> Vec<Part> {
    parts::parse(include_str!("../test.parts"))
}

/// Runs the command; true if no test failed.
pub(crate) fn run(options: &Options) -> Verdict {
    let mut parts = match &options.from {
        Some(file) => parts::parse(fs::read_to_string(file)?.leak()),
        None => all(),
    };
    if options.list {
        io::stdout().write_all(parts::list(&parts).as_bytes())?;
        return Ok(true);
    }
    parts.retain(|part| options.wants(part));
    let only = options.only.as_deref();
    let limit = Duration::from_secs(600);
    parts::run(
        &parts,
        &Run {
            limit,
            only,
            beside: LOOM,
            ..Run::default()
        },
    )
}

impl Options {
    fn wants(&self, part: &Part) -> bool {
        if self.parts.iter().any(|name| name == part.name) {
            return self.only.is_none() || part.has_tests();
        }
        let by_default = match self.only {
            None => !ON_REQUEST.contains(&part.name),
            Some(_) => part.name != LOOM && part.has_tests(),
        };
        self.parts.is_empty() && by_default
    }
}
