//! Commands that scripts carry out: `cargo xtask bench`, `instructions`, `manual` and `book`.
//!
//! `xtask/scripts` has the scripts; here is what can be typed.

use anyhow::Context;

use crate::Verdict;
use crate::run;

/// Measure this machine, and write docs/measurements.md and docs/labbook.md
///
/// Builds in release mode, and runs
///
/// - shm bench, in all ways of waiting, also in the classic layout, on two cores;
///
/// - shm bench, without polling, on one core and unpinned;
///
/// - cargo bench -p benches --bench ratios, which compares the mailbox with raw baselines;
///
/// - cargo bench -p benches --bench scaling, which shows how cost grows with slots and bytes;
///
/// writes the tables to docs/measurements.md and docs/labbook.md, between the marks, the pictures
/// to docs/measurements.svg, docs/slots.svg and docs/bytes.svg, and the figures to
/// measurements.json, ratios.json and scaling.json in the target directory. The table by host in
/// docs/measurements.md gets a column for this machine, or new figures in the one that it has, and
/// both pages show some of its rows again as a summary. Exits with status 1 if a measurement
/// reports of itself that it is wrong.
///
/// It takes about fifteen minutes, on a machine that should have nothing else to do.
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// Less exactly, in about three minutes
    #[arg(long)]
    quick: bool,
    /// Compare the mailbox with what people would use instead
    ///
    /// Instead of all that, build benches/peers, which takes some minutes the first time and a C++
    /// compiler, run it for three minutes (--quick: less than one), and write its tables to
    /// docs/labbook.md, and some of its rows to README.md.
    #[arg(long, conflicts_with = "scaling")]
    peers: bool,
    /// Instead of all that, only how cost grows with slots and bytes: less than a minute
    #[arg(long)]
    scaling: bool,
    /// Measure nothing: write README.md's table from what docs/labbook.md has
    #[arg(long, conflicts_with_all = ["quick", "peers", "scaling"])]
    front: bool,
}

/// Count the instructions of a send and a receive, against those recorded
///
/// Builds benches/instructions as it ships, runs it under callgrind, and compares the instructions
/// of one send and one receive with those recorded in docs/labbook.md. Callgrind counts the same
/// every time, so a difference is one of the code or of the compiler. More than 5% more is a
/// failure; so is more than 5% less, until it is recorded, unless another compiler has done it.
#[derive(clap::Args)]
pub(crate) struct Instructions {
    /// Write what was counted to docs/labbook.md instead
    #[arg(long)]
    record: bool,
}

/// Rewrite the links of the book's pages
///
/// Speaks as a preprocessor of mdbook: a book comes in as JSON, and goes out again.
#[derive(clap::Args)]
pub(crate) struct Book {
    /// With `supports`, whether these links suit a renderer: they suit all
    #[arg(num_args = 0..=2)]
    question: Vec<String>,
}

impl Bench {
    /// Runs the command; true if every measurement is right as far as it can tell.
    pub(crate) fn run(&self) -> Verdict {
        let flags = [
            (self.quick, "--quick"),
            (self.peers, "--peers"),
            (self.scaling, "--scaling"),
            (self.front, "--front"),
        ];
        let given = flags.iter().filter(|(is_given, _)| *is_given);
        script("bench.py", given.map(|(_, flag)| *flag))
    }
}

impl Instructions {
    /// Runs the command; true if all counts are as recorded, or are now.
    pub(crate) fn run(&self) -> Verdict {
        script("instructions.py", self.record.then_some("--record"))
    }
}

impl Book {
    /// Runs the command.
    pub(crate) fn run(&self) -> Verdict {
        script("book.py", self.question.iter().map(String::as_str))
    }
}

/// Runs the command `manual`.
pub(crate) fn manual() -> Verdict {
    script("manual.sh", [])
}

/// Runs a script; true if it ended with status 0.
fn script<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Verdict {
    let mut command = run::command(&format!("exec xtask/scripts/{name} \"$@\""));
    let status = command.arg(name).args(arguments).status();
    let status = status.with_context(|| format!("{name} does not start"))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_pass_their_own_tests() {
        let python = run::command("python3 --version").output();
        if python.is_ok_and(|output| output.status.success()) {
            let tests = run::command("python3 xtask/scripts/tests.py 2>&1").output();
            let output = tests.expect("it starts");
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{told}");
        } else {
            println!("skipped: needs python3");
        }
    }
}
