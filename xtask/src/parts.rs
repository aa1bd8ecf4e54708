//! The parts of `cargo xtask test`, in the order in which they run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::aarch64;
use crate::workspace::{self, CRATES, own_command};

/// One line of the summary.
pub(crate) struct Part {
    /// What it is called on the command line and in the summary.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// How it is done.
    pub(crate) work: Work,
    /// Takes minutes on one processor, and little from whatever else runs: it begins at once, while the other
    /// parts have their turns.
    pub(crate) beside_others: bool,
    /// Runs only when it is named: what it needs is on few machines.
    pub(crate) on_request: bool,
    /// Finds what this machine lacks for it; it is skipped then.
    pub(crate) lack: fn() -> Option<String>,
}

/// What a part consists of.
pub(crate) enum Work {
    /// Commands that pass or fail as a whole; each counts as one test.
    Commands(Vec<Command>),
    /// Test programs that count their own tests, and of which a single test can be run.
    Tests(TestPrograms),
    /// Asks whether the run left anything in `/dev/shm`.
    Leftovers,
}

/// A call of `cargo test`, without the name of a test.
pub(crate) struct TestPrograms {
    command: Command,
    /// The tests that this part is about, by a piece of their names; empty for all.
    filter: &'static str,
}

impl TestPrograms {
    fn new(command: Command, filter: &'static str) -> Self {
        Self { command, filter }
    }

    /// The call that runs all its tests, or those with `only` in their names.
    pub(crate) fn command(self, only: Option<&str>) -> Command {
        let mut command = self.command;
        // What a test that passed has printed may say that it was skipped.
        command.args(["--no-fail-fast", "--", "--show-output"]);
        let filter = only.unwrap_or(self.filter);
        if !filter.is_empty() {
            command.arg(filter);
        }
        command
    }
}

/// The longest that one command may take on a machine that has nothing else to do. Slow machines differ by a factor,
/// hangs do not end.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// All parts.
pub(crate) fn all() -> Vec<Part> {
    let mut parts = vec![
        commands("format", "rustfmt would change nothing", vec![format()]),
        commands("lints", "clippy has nothing to say", vec![lints()]),
        commands("docs", "the pages build without a warning", vec![docs()]),
        commands("alone", "each crate builds by itself", alone()),
    ];
    for name in CRATES {
        // The command's other tests are those across processes.
        let targets = if name == "shm-cli" {
            "--bins"
        } else {
            "--tests"
        };
        let tests = cargo(&["test", "--package", name, targets]);
        parts.push(test(name, "the crate's own tests", tests, ""));
    }
    let own = cargo(&["test", "--package", "xtask"]);
    parts.push(test("xtask", "these commands' own tests", own, ""));
    let about = "the examples of shm-sys and shm-core run";
    parts.push(commands("examples", about, examples()));
    let doctests = cargo(&["test", "--workspace", "--doc"]);
    parts.push(test("doctests", "the pages' examples run", doctests, ""));
    let processes = cargo(&["test", "--package", "shm-cli", "--test", "*"]);
    parts.push(test(
        "processes",
        "the programs, as real processes",
        processes,
        "",
    ));
    let about = "every interleaving of the protocol, in a model";
    parts.push(Part {
        beside_others: true,
        ..test("loom", about, loom(), "loom")
    });
    // As tests, benchmarks run each function once, and share the build of all the other parts.
    let benches = cargo(&["test", "--package", "benches", "--benches", "--", "--test"]);
    parts.push(commands(
        "benches",
        "each benchmark runs once",
        vec![benches],
    ));
    parts.push(commands(
        "instructions",
        "a send and a receive take no more instructions than recorded",
        vec![own_command("instructions")],
    ));
    parts.push(commands(
        "documents",
        "the console examples of README.md and docs/ print what they say",
        vec![own_command("documents")],
    ));
    let about = "the lower crates on 64-bit Arm, emulated (only if named)";
    parts.push(Part {
        on_request: true,
        lack: aarch64::lack,
        ..commands("aarch64", about, aarch64::commands())
    });
    let about = "the run left no object in /dev/shm (always runs)";
    parts.push(part("leftovers", about, Work::Leftovers));
    parts
}

/// A part that runs in its turn, everywhere.
pub(crate) fn part(name: &'static str, about: &'static str, work: Work) -> Part {
    Part {
        name,
        about,
        work,
        beside_others: false,
        on_request: false,
        lack: || None,
    }
}

fn commands(name: &'static str, about: &'static str, commands: Vec<Command>) -> Part {
    part(name, about, Work::Commands(commands))
}

fn test(name: &'static str, about: &'static str, command: Command, filter: &'static str) -> Part {
    let programs = TestPrograms::new(command, filter);
    part(name, about, Work::Tests(programs))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command.args(arguments);
    command
}

fn format() -> Command {
    cargo(&["fmt", "--all", "--check", "--", "--color", "never"])
}

fn lints() -> Command {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ])
}

fn docs() -> Command {
    let mut command = cargo(&["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    command
}

fn alone() -> Vec<Command> {
    CRATES
        .map(|name| cargo(&["build", "--package", name]))
        .into()
}

/// The calls that run the examples of the lower two crates; those of the others need a peer.
fn examples() -> Vec<Command> {
    let mut calls = Vec::new();
    for package in ["shm-sys", "shm-core"] {
        let folder = workspace::root()
            .join("crates")
            .join(package)
            .join("examples");
        for file in workspace::files_with_extension(&folder, "rs") {
            if let Some(example) = file.file_stem().and_then(|stem| stem.to_str()) {
                calls.push(cargo(&[
                    "run",
                    "--quiet",
                    "--package",
                    package,
                    "--example",
                    example,
                ]));
            }
        }
    }
    calls
}

/// The models need other atomics, hence another build of everything, kept apart from the usual one.
fn loom() -> Command {
    let mut command = cargo(&["test", "--release", "--package", "shm-mailbox", "--lib"]);
    with_loom(&mut command, &workspace::target());
    command
}

/// Makes `command`, a call of cargo, build with loom's atomics, in a folder of its own below `target`.
pub(crate) fn with_loom(command: &mut Command, target: &Path) {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    command
        .env(
            "RUSTFLAGS",
            format!("{flags} --cfg shm_mailbox_loom").trim_start(),
        )
        .env("CARGO_TARGET_DIR", target.join("loom"))
        // What makes the product quick takes longer to build than it saves here.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::describe;

    #[test]
    fn no_two_parts_have_the_same_name() {
        let mut names: Vec<_> = all().iter().map(|part| part.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn one_test_is_asked_for_by_its_name() {
        let programs = TestPrograms::new(cargo(&["test", "--lib"]), "loom");
        let call = describe(&programs.command(Some("one_name")));
        assert!(
            call.ends_with("test --lib --no-fail-fast -- --show-output one_name"),
            "{call}"
        );
    }

    #[test]
    fn without_a_name_the_part_keeps_to_its_own_tests() {
        let programs = TestPrograms::new(cargo(&["test", "--lib"]), "loom");
        let call = describe(&programs.command(None));
        assert!(call.ends_with("--show-output loom"), "{call}");
    }
}
