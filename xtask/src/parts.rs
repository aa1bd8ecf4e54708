//! Parts of a command: what each shows and the commands it consists of, read from a text, run one
//! after the other, and summed up in a table. `xtask/test.parts` explains the form of the text.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::run::{self, Private};
use crate::tally::{self, Tally};

/// One line of the table.
pub(crate) struct Part {
    /// What it is called on the command line and in the table.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// The commands.
    lines: Vec<String>,
}

/// How parts are run.
#[derive(Default)]
pub(crate) struct Run<'a> {
    /// The longest that one command may take on a machine that has nothing else to do.
    pub(crate) limit: Duration,
    /// Only tests with this in their names.
    pub(crate) only: Option<&'a str>,
    /// The part that begins at once and runs beside the others.
    pub(crate) beside: &'a str,
    /// What the commands find in their environment.
    pub(crate) variables: &'a [(&'a str, u64)],
    /// Whether to show what tests that passed have printed.
    pub(crate) figures: bool,
}

/// What a part came to, and what it printed.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    report: String,
    elapsed: Duration,
}

/// Reads a text.
pub(crate) fn parse(text: &'static str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match (parts.last_mut(), line.len() - line.trim_start().len()) {
            (Some(part), 4) => part.lines.push(line.trim().to_owned()),
            (Some(Part { lines, .. }), 8) => {
                let last = lines.last_mut().expect("there is something to go on");
                last.push_str(&line[7..]);
            }
            _ => {
                let (name, about) = line.split_once(": ").expect("a part has a name");
                let lines = Vec::new();
                parts.push(Part { name, about, lines });
            }
        }
    }
    parts
}

/// The parts as a list, for people.
pub(crate) fn list(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|Part { name, about, .. }| format!("{name:<12} {about}\n"))
        .collect()
}

/// Runs all parts, and prints the table; true if no test failed.
pub(crate) fn run(parts: &[Part], how: &Run) -> Verdict {
    let begun = Instant::now();
    let mut total = Tally::default();
    let mut failed = Vec::new();
    println!("part          passed  failed  skipped  seconds");
    thread::scope(|scope| {
        // What runs beside others must not take their objects for its own.
        let alone = run::private(Private::AsRoot).is_some();
        let beside = parts.iter().find(|part| alone && part.name == how.beside);
        let mut beside = beside.map(|part| scope.spawn(|| part.run(how)));
        for part in parts {
            if io::stdout().is_terminal() {
                // On the line that the part's own will take.
                print!("{} …\r", part.name);
                io::stdout().flush()?;
            }
            let outcome = match beside.take_if(|_| part.name == how.beside) {
                Some(thread) => thread.join().expect("what goes wrong is reported"),
                None => part.run(how),
            };
            outcome.show(part.name, how.figures)?;
            if outcome.tally.failed > 0 {
                failed.push(part.name);
            }
            total.passed += outcome.tally.passed;
            total.failed += outcome.tally.failed;
            total.skipped += outcome.tally.skipped;
        }
        anyhow::Ok(())
    })?;
    println!("in all {:.0} s", begun.elapsed().as_secs_f64());
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    let missed = how.only.filter(|_| total.total() == 0);
    if let Some(name) = missed {
        println!("no test has \"{name}\" in its name");
    }
    println!("{total}");
    Ok(failed.is_empty() && missed.is_none())
}

impl Part {
    /// Whether a single test of it can be run.
    pub(crate) fn has_tests(&self) -> bool {
        self.lines.iter().all(|line| is_tests(line))
    }

    fn run(&self, how: &Run) -> Outcome {
        let begun = Instant::now();
        let mut outcome = Outcome::default();
        for line in &self.lines {
            if let Some(need) = line.strip_prefix("needs ") {
                let (what, command) = need.split_once(": ").expect("a need can be looked for");
                let found = run::command(command).output();
                if found.is_ok_and(|output| output.status.success()) {
                    continue;
                }
                outcome.tally.skipped += 1;
                outcome.tally.reasons.push(format!("needs {what}"));
                break;
            }
            let tests = is_tests(line);
            let line = match how.only {
                // What a test that passed has printed may say that it was skipped.
                _ if !tests => line,
                None => &format!("{line} --no-fail-fast -- --show-output"),
                Some(name) => {
                    let all = line.trim_end_matches(" loom");
                    &format!("{all} --no-fail-fast -- --show-output {name}")
                }
            };
            let mut command = run::command(line);
            for (name, value) in how.variables {
                command.env(name, value.to_string());
            }
            let finished = run::run(&command, how.limit, Private::AsRoot);
            let (succeeded, output) = match finished {
                Ok(finished) => (finished.succeeded, finished.output),
                Err(reason) => (false, format!("{reason:#}\n")),
            };
            outcome.tally.add(&output, succeeded, tests);
            outcome.report.push_str(&format!("$ {line}\n{output}"));
        }
        // A part that shows nothing must not look like one that held.
        if outcome.tally.total() == 0 && how.only.is_none() {
            outcome.tally.failed = 1;
            outcome.report.push_str("no test ran\n");
        }
        outcome.elapsed = begun.elapsed();
        outcome
    }
}

/// Whether a command runs test programs of which one test can be chosen. Variables may stand before
/// it.
fn is_tests(line: &str) -> bool {
    let mut words = line.split(' ').skip_while(|word| word.contains('='));
    words.next() == Some("cargo") && words.next() == Some("test") && !line.contains(" -- ")
}

impl Outcome {
    /// Prints the line of the table, keeps what was printed, and shows it if the part failed.
    fn show(&self, name: &str, figures: bool) -> anyhow::Result<()> {
        let tally = &self.tally;
        let (passed, failed, skipped) = (tally.passed, tally.failed, tally.skipped);
        let seconds = self.elapsed.as_secs_f64();
        println!("{name:<12}  {passed:>6}  {failed:>6}  {skipped:>7}  {seconds:>7.1}");
        for reason in &tally.reasons {
            println!("  skipped: {reason}");
        }
        if failed > 0 {
            println!("-- {name} failed; its output in full:");
            print!("{}", self.report);
            println!("-- end of the output of {name}");
        } else if figures {
            let statistics = self
                .report
                .lines()
                .filter(|line| line.starts_with("stat::number"));
            let figures = tally::printed(&self.report).chain(statistics);
            figures.for_each(|line| println!("  {line}"));
        }
        let folder = run::target().join("xtask");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{name}.log")), &self.report)?;
        Ok(())
    }
}
