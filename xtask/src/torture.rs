//! `cargo xtask torture`: the long forms of the tests of kills and attacks, the fuzzers, the sanitizers.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::Verdict;
use crate::mutants::Broken;
use crate::parts;
use crate::private::{self, Who};
use crate::process::{self, Finished};
use crate::tally;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask torture [PART…] [--fuzz-seconds N]

Runs the long forms: hours on a small machine. A part that fails does not keep the others from running.

  stepping    a snapshot, a kill and an attack at every machine instruction, none left out
  chaos       100,000 kills; every stop and every freeze for two seconds; a minute of nonsense between
              two living ends; 6,000 deaths that a waiting peer has to notice in time
  searches    every state of the protocol, and of attaching and closing; loom with three preemptions
  faults      memory cut off in every place, before every call and during every wait, and two minutes of
              an object truncated all the time; each system call of the command failing in turn
  fuzz        the fuzz targets under AddressSanitizer: ten million inputs for each of the two that try
              the protocol alone, and as many as there is time for through real objects; needs
              cargo-fuzz and a nightly compiler
  threads     the unit tests and those of both ends in one process under ThreadSanitizer, after it
              has reported a planted race, and a stamp stored relaxed; needs a nightly compiler
  addresses   likewise under AddressSanitizer, after a planted overrun was reported

  --fuzz-seconds N   how long each fuzz target runs at most (1800)
  --help             this text
";

/// The longest that a part may take, apart from the time the fuzzers are given.
const LIMIT: Duration = Duration::from_secs(4 * 3600);

/// What sanitizers are built for; they need it to be named.
const MACHINE: &str = "x86_64-unknown-linux-gnu";

/// Modules of that program in which ThreadSanitizer sees races that are none: in how the standard
/// library ends scoped threads, in an observer's copies, which it judges afterwards, and in the
/// lesson's layout, whose programs know no orderings.
const LEFT_OUT: [&str; 6] = [
    "endpoints::classic",
    "endpoints::leftovers",
    "endpoints::limits",
    "endpoints::peeking",
    "endpoints::removing",
    "endpoints::waiting",
];

/// How many inputs each fuzz target tries that needs no object.
const INPUTS: &str = "10000000";

/// One thing to run, and what must come of it.
struct Step {
    command: Command,
    expected: Expected,
    /// The mutant that the tree has in which the command is run: a copy. `None`: our own, and no mutant.
    mutant: Option<&'static str>,
}

enum Expected {
    /// Success.
    Success,
    /// Failure, with this in what is printed: a planted mistake.
    Report(&'static str),
}

impl Step {
    fn success(command: Command) -> Self {
        Self {
            command,
            expected: Expected::Success,
            mutant: None,
        }
    }

    fn report(command: Command, text: &'static str) -> Self {
        Self {
            command,
            expected: Expected::Report(text),
            mutant: None,
        }
    }

    fn holds(&self, finished: &Finished) -> bool {
        match self.expected {
            Expected::Success => finished.succeeded(),
            Expected::Report(text) => {
                finished.status.is_some_and(|status| !status.success())
                    && finished.output.contains(text)
            }
        }
    }
}

/// A part: its steps, or what it lacks.
type Part = Result<Vec<Step>, &'static str>;

const PARTS: [&str; 7] = [
    "stepping",
    "chaos",
    "searches",
    "faults",
    "fuzz",
    "threads",
    "addresses",
];

fn part(name: &str, fuzz_seconds: u64) -> Part {
    match name {
        "stepping" => Ok(vec![long_form("stepping", &[])]),
        "chaos" => Ok(vec![
            long_form("processes", &["processes::chaos"]),
            long_form("processes", &["processes::stops"]),
            long_form("processes", &["processes::scribbler"]),
            long_form("processes", &["processes::deaths"]),
        ]),
        "searches" => Ok(vec![long_form("searches", &[]), loom()]),
        "faults" => Ok(vec![
            long_form("processes", &["processes::faults"]),
            long_form_of("shm-cli", &["faults_memory", "faults_errnos"], &[]),
        ]),
        "fuzz" => fuzz(fuzz_seconds),
        "threads" => {
            let report = "WARNING: ThreadSanitizer: data race";
            let mut steps = sanitizer("thread", "race", report)?;
            steps.push(weakened(report));
            Ok(steps)
        }
        _ => sanitizer("address", "overrun", "ERROR: AddressSanitizer"),
    }
}

/// Runs the command; true if everything that can run here held.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut wanted: Vec<&str> = Vec::new();
    let mut fuzz_seconds = 1800;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--fuzz-seconds" => {
                let number = rest.next().map_or("", String::as_str);
                fuzz_seconds = number
                    .parse()
                    .map_err(|_| format!("--fuzz-seconds needs a number, not \"{number}\""))?;
            }
            name if PARTS.contains(&name) => wanted.push(name),
            other => return Err(format!("torture knows no {other}; see --help")),
        }
    }
    if let Some(verdict) = private::rerun("torture", arguments, Who::Root) {
        return verdict;
    }
    let (mut held, mut failed, mut skipped) = (0, 0, 0);
    for name in PARTS {
        if !wanted.is_empty() && !wanted.contains(&name) {
            continue;
        }
        match part(name, fuzz_seconds) {
            Err(lack) => {
                println!("{name}\n  skipped: needs {lack}");
                skipped += 1;
            }
            Ok(steps) => {
                println!("{name}");
                let limit = LIMIT + Duration::from_secs(fuzz_seconds);
                match carry_out(steps, limit)? {
                    true => held += 1,
                    false => failed += 1,
                }
            }
        }
    }
    println!("{held} parts held, {failed} failed, {skipped} were skipped");
    Ok(failed == 0)
}

/// Runs the steps to the first that does not do what it must, and shows the figures that they print.
fn carry_out(steps: Vec<Step>, limit: Duration) -> Verdict {
    for mut step in steps {
        println!("  $ {}", process::describe(&step.command));
        // Until the step is over.
        let mut _broken = None;
        if let Some(name) = step.mutant {
            println!("    in a copy of the tree, with the mutant {name}");
            match Broken::new(name) {
                Err(error) => {
                    println!("error: {error}");
                    return Ok(false);
                }
                Ok(broken) => {
                    step.command.current_dir(broken.tree());
                    _broken = Some(broken);
                }
            }
        }
        let finished = process::run(&mut step.command, limit)?;
        if !step.holds(&finished) {
            if let Expected::Report(text) = step.expected {
                println!("-- it should have said \"{text}\"");
            }
            print!("{}", finished.report());
            return Ok(false);
        }
        let figures = tally::printed(&finished.output).chain(
            finished
                .output
                .lines()
                .filter(|line| line.starts_with("stat::number")),
        );
        for line in figures {
            println!("    {line}");
        }
        println!("    {:.0} s", finished.elapsed.as_secs_f64());
    }
    Ok(true)
}

/// Tests of `shm-mailbox`, with nothing left out.
fn long_form(test: &str, modules: &[&str]) -> Step {
    long_form_of("shm-mailbox", &[test], modules)
}

fn long_form_of(package: &str, tests: &[&str], modules: &[&str]) -> Step {
    let mut command = workspace::cargo();
    command.args(["test", "--package", package]);
    for test in tests {
        command.args(["--test", test]);
    }
    command
        .args(["--", "--show-output"])
        .args(modules)
        .env("SHM_TORTURE", "1");
    Step::success(command)
}

/// The models, with nothing left out.
fn loom() -> Step {
    let mut command = workspace::cargo();
    command.args(["test", "--release", "--package", "shm-mailbox", "--lib"]);
    parts::with_loom(&mut command, &workspace::target());
    command.args(["loom"]).env("SHM_TORTURE", "1");
    Step::success(command)
}

fn fuzz(seconds: u64) -> Part {
    if !answers(nightly("cargo").args(["fuzz", "--version"])) {
        return Err("cargo-fuzz and a nightly compiler: cargo install cargo-fuzz --locked");
    }
    let package = workspace::root().join("crates").join("shm-mailbox");
    let targets = [
        ("protocol", Some(INPUTS)),
        ("queue", Some(INPUTS)),
        ("image", None),
        ("operations", None),
    ];
    let steps = targets.map(|(target, inputs)| {
        let found = workspace::target().join("xtask").join("fuzz").join(target);
        // Without the folder there is no place for what is found, and the fuzzer says so.
        let _ = std::fs::create_dir_all(&found);
        let mut command = nightly("cargo");
        command
            .current_dir(&package)
            .env("CARGO_TARGET_DIR", workspace::target().join("fuzz"))
            .args(["fuzz", "run", target])
            .arg(found)
            .arg(package.join("fuzz").join("corpus").join(target))
            .args(["--", "-print_final_stats=1", "-max_len=600"])
            .arg(format!("-max_total_time={seconds}"));
        if let Some(inputs) = inputs {
            command.arg(format!("-runs={inputs}"));
        }
        Step::success(command)
    });
    Ok(steps.into())
}

/// The planted mistake, which must be reported, then the tests, which must pass.
fn sanitizer(kind: &str, planted: &str, report: &'static str) -> Part {
    if !answers(nightly("rustc").arg("--version")) {
        return Err("a nightly compiler: rustup toolchain install nightly");
    }
    let flags = sanitizer_flags(kind);
    let folder = workspace::target().join(format!("sanitizer-{kind}"));
    std::fs::create_dir_all(&folder).map_err(|_| "a target directory that can be written")?;
    let program: PathBuf = folder.join(planted);
    let source = workspace::root().join("xtask").join("planted");
    let mut build = nightly("rustc");
    build
        .args(["--edition", "2024", "--target", MACHINE])
        .args(&flags)
        .arg("-o")
        .arg(&program)
        .arg(source.join(format!("{planted}.rs")));
    let suppressions = source.join(format!("{kind}.suppressions"));
    let options = format!("suppressions={}", suppressions.display());
    let mut mistake = Command::new(program);
    let mut tests = nightly("cargo");
    if suppressions.exists() {
        mistake.env("TSAN_OPTIONS", &options);
        tests.env("TSAN_OPTIONS", &options);
    }
    tests
        .current_dir(workspace::root())
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTFLAGS", flags.join(" "))
        .args(["test", "--target", MACHINE])
        // The test program that does not fork, and the unit tests.
        .args(["--package", "shm-mailbox", "--lib", "--test", "endpoints"])
        .args(["--no-fail-fast", "--", "--show-output"]);
    for module in LEFT_OUT {
        tests.args(["--skip", module]);
    }
    Ok(vec![
        Step::success(build),
        Step::report(mistake, report),
        Step::success(tests),
    ])
}

/// A weakened ordering of the product, which ThreadSanitizer must report in a test that otherwise passes.
fn weakened(report: &'static str) -> Step {
    let folder = workspace::target()
        .join("sanitizer-thread")
        .join("weakened");
    let mut command = nightly("cargo");
    command
        .env("CARGO_TARGET_DIR", folder)
        .env("RUSTFLAGS", sanitizer_flags("thread").join(" "))
        .args(["test", "--target", MACHINE])
        .args(["--package", "shm-mailbox", "--lib"])
        .arg("the_two_ends_are_never_at_one_slot_at_the_same_time");
    let mut step = Step::report(command, report);
    step.mutant = Some("loom-relaxed-publish");
    step
}

fn sanitizer_flags(kind: &str) -> [String; 2] {
    [
        format!("-Zsanitizer={kind}"),
        // The standard library comes without the sanitizer.
        "-Cunsafe-allow-abi-mismatch=sanitizer".to_owned(),
    ]
}

/// A program of the nightly toolchain. (`cargo` by itself is the one that runs us.)
fn nightly(program: &str) -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", program])
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// Whether a command is there and succeeds.
fn answers(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, expected: Expected) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let step = Step {
            command,
            expected,
            mutant: None,
        };
        carry_out(vec![step], Duration::from_secs(20)).expect("sh starts")
    }

    #[test]
    fn a_planted_mistake_must_be_reported() {
        let report = || Expected::Report("data race");
        assert!(shell("echo a data race; exit 66", report()));
        assert!(!shell("echo a data race", report()));
        assert!(!shell("echo nothing; exit 66", report()));
    }

    #[test]
    fn everything_else_must_succeed() {
        assert!(shell("true", Expected::Success));
        assert!(!shell("false", Expected::Success));
    }

    #[test]
    fn every_part_is_explained() {
        for name in PARTS {
            assert!(HELP.contains(&format!("\n  {name} ")), "{name}");
        }
    }
}
