//! `cargo xtask test`: runs all parts, or some, and says at the end what passed.

use std::io::{IsTerminal, Write};
use std::process::Command;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::leftovers::Snapshot;
use crate::page;
use crate::parts::{self, LIMIT, Part, Work};
use crate::private::{self, Who};
use crate::process;
use crate::tally::{self, Tally};
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask test [PART…] [--only NAME]

Runs everything a change has to pass, or only the parts that are named. A part that fails does not
keep the others from running; its output follows its line. The last line says how many tests
passed, failed and were skipped, and the exit status is 0 only if none failed. What each part
printed is kept in target/xtask/PART.log. As root, all of it runs in a /dev/shm of its own.

  --list       the parts
  --only NAME  only tests with NAME in their names (loom's if `loom` is named as a part)
  --help       this text

Set CARGO_TARGET_DIR to build elsewhere than in target/.
";

/// How long other programs on the machine have to remove what looks as if this run had left it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the command; true if no test failed.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let request = match Request::parse(arguments)? {
        Asked::Help => {
            print!("{HELP}");
            return Ok(true);
        }
        Asked::List => {
            let parts = parts::all().into_iter();
            let lines = parts.map(|part| format!("{:<12} {}\n", part.name, part.about));
            return page::print(&lines.collect::<String>());
        }
        Asked::Run(request) => request,
    };
    if let Some(verdict) = private::rerun("test", arguments, Who::Root) {
        return verdict;
    }
    let before = Snapshot::now();
    let started = Instant::now();
    let mut total = Tally::default();
    let mut failed = Vec::new();
    println!("part          passed  failed  skipped  seconds");
    let only = request.only.as_deref();
    let mut wanted = parts::all();
    wanted.retain(|part| request.wants(part));
    thread::scope(|scope| {
        // All are looked at before the first is waited for: those beside the others begin here.
        let begun: Vec<_> = wanted
            .into_iter()
            .map(|part| Begun::new(part, scope, only, &before))
            .collect();
        for part in begun {
            let name = part.name();
            announce(name);
            let (outcome, elapsed) = part.finish(only, &before);
            summarise(name, &outcome, elapsed);
            keep(name, &outcome.report)?;
            if outcome.tally.failed > 0 {
                failed.push(name);
            }
            total += outcome.tally;
        }
        Ok::<(), String>(())
    })?;
    println!("in all {:.0} s", started.elapsed().as_secs_f64());
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    // The leftovers are always looked for, and are not a test that anyone has named.
    let missed = request
        .only
        .as_ref()
        .filter(|_| total.total() <= 1 && failed.is_empty());
    if let Some(name) = missed {
        println!("no test has \"{name}\" in its name");
    }
    println!("{total}");
    Ok(failed.is_empty() && missed.is_none())
}

#[derive(Debug, Eq, PartialEq)]
enum Asked {
    Help,
    List,
    Run(Request),
}

/// Which tests to run.
#[derive(Debug, Default, Eq, PartialEq)]
struct Request {
    /// The parts; none named means all.
    parts: Vec<String>,
    /// A piece of the names of the tests.
    only: Option<String>,
}

impl Request {
    fn parse(arguments: &[String]) -> Result<Asked, String> {
        let mut request = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--help" | "-h" => return Ok(Asked::Help),
                "--list" => return Ok(Asked::List),
                "--only" => {
                    let name = arguments.next().filter(|name| !name.is_empty());
                    request.only = Some(name.ok_or("--only needs the name of a test")?.clone());
                }
                part if parts::all().iter().any(|known| known.name == part) => {
                    request.parts.push(part.to_owned());
                }
                other => {
                    return Err(format!(
                        "no part is called {other}; `cargo xtask test --list` shows the parts"
                    ));
                }
            }
        }
        Ok(Asked::Run(request))
    }

    fn wants(&self, part: &Part) -> bool {
        let named = self.parts.iter().any(|name| name == part.name);
        match part.work {
            Work::Leftovers => true,
            Work::Commands(_) if self.only.is_some() => false,
            // Loom's build is for the models alone: under its atomics other tests do not run.
            Work::Tests(_) if self.only.is_some() && part.name == "loom" => named,
            _ => named || (self.parts.is_empty() && !part.on_request),
        }
    }
}

/// A part that waits for its turn, or runs beside those that have theirs.
enum Begun<'a> {
    Waits(Box<Part>),
    Runs(&'static str, ScopedJoinHandle<'a, (Outcome, Duration)>),
}

impl<'a> Begun<'a> {
    fn new(
        part: Part,
        scope: &'a thread::Scope<'a, '_>,
        only: Option<&'a str>,
        before: &'a Snapshot,
    ) -> Self {
        if part.beside_others {
            let name = part.name;
            return Self::Runs(name, scope.spawn(move || timed(part, only, before)));
        }
        Self::Waits(Box::new(part))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Waits(part) => part.name,
            Self::Runs(name, _) => name,
        }
    }

    /// What came of it, and how long it took.
    fn finish(self, only: Option<&str>, before: &Snapshot) -> (Outcome, Duration) {
        match self {
            Self::Waits(part) => timed(*part, only, before),
            Self::Runs(name, thread) => thread.join().unwrap_or_else(|_| {
                let report = format!("{name} was not carried out to its end\n");
                (Outcome::failure(report), Duration::ZERO)
            }),
        }
    }
}

fn timed(part: Part, only: Option<&str>, before: &Snapshot) -> (Outcome, Duration) {
    let begun = Instant::now();
    let outcome = carry_out(part, only, before);
    (outcome, begun.elapsed())
}

/// What a part came to.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    /// What to show if it failed.
    report: String,
}

impl Outcome {
    fn failure(report: String) -> Self {
        Self {
            tally: Tally::one_failed(),
            report,
        }
    }

    fn add(&mut self, other: Self) {
        self.tally += other.tally;
        self.report.push_str(&other.report);
    }
}

fn carry_out(part: Part, only: Option<&str>, before: &Snapshot) -> Outcome {
    let mut outcome = Outcome::default();
    if let Some(lack) = (part.lack)() {
        outcome.tally = Tally::one_skipped(format!("needs {lack}"));
        return outcome;
    }
    match part.work {
        Work::Commands(commands) => {
            for mut command in commands {
                outcome.add(carry_out_command(&mut command, false));
            }
        }
        Work::Tests(programs) => {
            outcome.add(carry_out_command(&mut programs.command(only), true));
        }
        Work::Leftovers => {
            let left = before.left_since(PATIENCE);
            outcome.add(if left.is_empty() {
                Outcome {
                    tally: Tally::one_passed(),
                    report: String::new(),
                }
            } else {
                Outcome::failure(format!("left in /dev/shm: {}\n", left.join(", ")))
            });
        }
    }
    // A part that shows nothing must not look like one that held.
    if outcome.tally.total() == 0 && only.is_none() {
        outcome.add(Outcome::failure("no test ran\n".to_owned()));
    }
    outcome
}

fn carry_out_command(command: &mut Command, tests: bool) -> Outcome {
    let described = process::describe(command);
    let finished = match process::run(command, LIMIT) {
        Ok(finished) => finished,
        Err(reason) => return Outcome::failure(format!("{reason}\n")),
    };
    let succeeded = finished.succeeded();
    let mut tally = match Tally::of_libtest(&finished.output) {
        Some(tally) => tally,
        // Cargo can succeed without a test program: then nothing was shown.
        None if tests => Tally::default(),
        None => match tally::skip_reason(&finished.output).filter(|_| succeeded) {
            Some(reason) => Tally::one_skipped(reason),
            None if succeeded => Tally::one_passed(),
            None => Tally::default(),
        },
    };
    // What did not build, crashed, hung or left a process behind has no line among the results.
    if !succeeded && tally.failed == 0 {
        tally += Tally::one_failed();
    }
    Outcome {
        tally,
        report: format!("$ {described}\n{}", finished.report()),
    }
}

/// Says on a terminal what is running, on the line that the part's summary will take.
fn announce(name: &str) {
    if std::io::stdout().is_terminal() {
        print!("{name} …\r");
        let _ = std::io::stdout().flush();
    }
}

/// Keeps what a part printed, for those who want to know what ran, or how long it took.
fn keep(name: &str, report: &str) -> Result<(), String> {
    let folder = workspace::target().join("xtask");
    let path = folder.join(format!("{name}.log"));
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, report))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

fn summarise(name: &str, outcome: &Outcome, elapsed: Duration) {
    let Tally {
        passed,
        failed,
        skipped,
        reasons,
    } = &outcome.tally;
    let seconds = elapsed.as_secs_f64();
    println!("{name:<12}  {passed:>6}  {failed:>6}  {skipped:>7}  {seconds:>7.1}");
    for reason in reasons {
        println!("  skipped: {reason}");
    }
    if *failed > 0 {
        println!("-- {name} failed; its output in full:");
        print!("{}", outcome.report);
        println!("-- end of the output of {name}");
    }
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(arguments: &[&str]) -> Result<Asked, String> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Request::parse(&arguments)
    }

    fn wanted(arguments: &[&str]) -> Vec<&'static str> {
        let Ok(Asked::Run(request)) = request(arguments) else {
            panic!("{arguments:?} asks for a run");
        };
        parts::all()
            .iter()
            .filter(|part| request.wants(part))
            .map(|part| part.name)
            .collect()
    }

    fn shell(script: &str, tests: bool) -> Tally {
        carry_out_command(Command::new("sh").args(["-c", script]), tests).tally
    }

    #[test]
    fn without_arguments_every_part_runs_that_need_not_be_named() {
        let mut all: Vec<_> = parts::all().iter().map(|part| part.name).collect();
        all.retain(|name| *name != "aarch64");
        assert_eq!(wanted(&[]), all);
        assert_eq!(wanted(&["aarch64"]), ["aarch64", "leftovers"]);
    }

    #[test]
    fn a_part_is_run_by_its_name_and_leftovers_are_always_looked_for() {
        assert_eq!(wanted(&["format"]), ["format", "leftovers"]);
    }

    #[test]
    fn one_test_is_looked_for_where_there_are_tests() {
        let parts = wanted(&["--only", "name"]);
        assert!(parts.contains(&"shm-core") && parts.contains(&"processes"));
        assert!(!parts.contains(&"lints") && !parts.contains(&"loom"));
        assert_eq!(wanted(&["loom", "--only", "name"]), ["loom", "leftovers"]);
    }

    #[test]
    fn an_unknown_part_is_named() {
        let error = request(&["fromat"]).expect_err("there is no such part");
        assert!(error.contains("fromat"), "{error}");
    }

    #[test]
    fn only_needs_a_name() {
        assert!(request(&["--only"]).is_err());
    }

    #[test]
    fn a_command_counts_as_one_test() {
        assert_eq!(shell("true", false), Tally::one_passed());
        assert_eq!(shell("false", false), Tally::one_failed());
    }

    #[test]
    fn a_test_program_that_crashes_fails_although_others_passed() {
        let passed = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; \
            0 filtered out; finished in 0.00s'";
        let tally = shell(&format!("{passed}; kill -SEGV $$"), true);
        assert_eq!((tally.passed, tally.failed), (2, 1));
    }

    #[test]
    fn a_test_run_without_results_passes_nothing() {
        assert_eq!(shell("true", true).total(), 0);
        let part = parts::part("empty", "", Work::Commands(Vec::new()));
        let outcome = carry_out(part, None, &Snapshot::now());
        assert_eq!(outcome.tally, Tally::one_failed());
    }

    #[test]
    fn a_part_is_skipped_where_something_is_missing_and_says_what() {
        let part = Part {
            lack: || Some("luck".to_owned()),
            ..parts::part("unlucky", "", Work::Commands(Vec::new()))
        };
        let tally = carry_out(part, None, &Snapshot::now()).tally;
        assert_eq!((tally.total(), tally.skipped), (1, 1));
        assert_eq!(tally.reasons, ["needs luck"]);
    }
}
