//! `cargo xtask instructions`: counts the instructions of a send and of a receive, and compares them with the record.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::bench::LAB_BOOK;
use crate::marks::{part_of, with_part};
use crate::process;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask instructions [--record]

Builds benches/instructions as it ships, runs it under callgrind, and compares the instructions of
one send and one receive with those recorded in docs/labbook.md. Callgrind counts the same
every time, so a difference is one of the code or of the compiler. More than 5 % more is a failure;
so is more than 5 % less, until it is recorded, unless another compiler has done it.

  --record   write what was counted to docs/labbook.md instead
";

/// The longest that one run may take; it takes less than a second.
const LIMIT: Duration = Duration::from_secs(120);

/// Of the marks around the record in the document.
const PART: &str = "instructions";

/// How far a count may be from its record, in percent.
const TOLERANCE: f64 = 5.0;

/// Functions of `benches/instructions`, as the record calls them and as callgrind does.
const OPERATIONS: [(&str, &str); 2] = [("send", "*one_send*"), ("receive", "*one_receive*")];

/// Bytes in a message.
const LENGTHS: [usize; 2] = [64, 1024];

/// Runs the command; true if all counts are as recorded, or are now.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut record = false;
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--record" => record = true,
            other => return Err(format!("instructions knows no {other}; see --help")),
        }
    }
    if !cfg!(target_arch = "x86_64") {
        println!("skipped: needs x86-64, whose instructions are recorded");
        return Ok(true);
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("skipped: needs valgrind");
        return Ok(true);
    }
    let begun = Instant::now();
    let counted = Counts::now()?;
    let path = workspace::root().join(LAB_BOOK);
    let document =
        fs::read_to_string(&path).map_err(|error| format!("{LAB_BOOK} cannot be read: {error}"))?;
    if record {
        let document = with_part(&document, PART, &counted.to_markdown())?;
        fs::write(&path, document)
            .map_err(|error| format!("{LAB_BOOK} cannot be written: {error}"))?;
        println!("{}\nrecorded in {LAB_BOOK}", counted.to_markdown());
        return Ok(true);
    }
    let recorded = Counts::from_markdown(part_of(&document, PART)?)
        .map_err(|error| format!("the record in {LAB_BOOK}: {error}"))?;
    let (fine, report) = compare(&counted, &recorded, begun);
    println!("{report}");
    Ok(fine)
}

/// Whether nothing has changed by much, and a report in libtest's manner.
fn compare(counted: &Counts, recorded: &Counts, begun: Instant) -> (bool, String) {
    let mut report = String::new();
    let same_compiler = counted.compiler == recorded.compiler;
    if !same_compiler {
        report.push_str(&format!(
            "counted with {}, recorded with {}\n",
            counted.compiler, recorded.compiler
        ));
    }
    let (mut passed, mut failed) = (0, 0);
    for ((name, now), (_, then)) in counted.named().zip(recorded.named()) {
        let change = 100.0 * (now - then) / then;
        let figures = format!("{now:.1} instructions, {then:.1} recorded, {change:+.1} %");
        let objection = objection(change, same_compiler);
        if let Some(objection) = objection {
            failed += 1;
            report.push_str(&format!("test {name} ... FAILED\n{figures}: {objection}\n"));
        } else {
            passed += 1;
            report.push_str(&format!("test {name} ... ok\n{figures}\n"));
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    report.push_str(&format!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         0 filtered out; finished in {:.2}s",
        begun.elapsed().as_secs_f64()
    ));
    (failed == 0, report)
}

/// What is to be said against a change by so many percent.
fn objection(change: f64, same_compiler: bool) -> Option<&'static str> {
    if change > TOLERANCE {
        Some(
            "the path has grown by more than 5 %; if that buys something, say what, and run \
             `cargo xtask instructions --record`",
        )
    } else if change < -TOLERANCE && same_compiler {
        // Unrecorded, it could be lost again without anybody noticing.
        Some(
            "the path has become shorter by more than 5 %; record that with \
             `cargo xtask instructions --record`",
        )
    } else {
        None
    }
}

/// Instructions of one call, for each length and operation.
#[derive(Debug, PartialEq)]
struct Counts {
    /// What `rustc --version` says.
    compiler: String,
    calls: [[f64; OPERATIONS.len()]; LENGTHS.len()],
}

impl Counts {
    fn now() -> Result<Self, String> {
        let mut build = workspace::cargo();
        build.args(["build", "--quiet", "--release", "--package", "instructions"]);
        let status = build
            .status()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if !status.success() {
            return Err("benches/instructions does not build".to_owned());
        }
        let mut counts = Self {
            compiler: compiler()?,
            calls: Default::default(),
        };
        for (length, row) in LENGTHS.iter().zip(&mut counts.calls) {
            for ((_, function), call) in OPERATIONS.iter().zip(row) {
                *call = count(*length, function)?;
            }
        }
        Ok(counts)
    }

    fn named(&self) -> impl Iterator<Item = (String, f64)> {
        LENGTHS.iter().zip(&self.calls).flat_map(|(length, row)| {
            let named = OPERATIONS.iter().zip(row);
            named.map(move |((operation, _), call)| (format!("{operation}/{length}B"), *call))
        })
    }

    fn to_markdown(&self) -> String {
        let mut text = format!(
            "Counted with {}, on x86-64.\n\n| a message of |",
            self.compiler
        );
        for (operation, _) in OPERATIONS {
            text.push_str(&format!(" {operation} |"));
        }
        text.push_str("\n|---|---:|---:|");
        for (length, row) in LENGTHS.iter().zip(&self.calls) {
            text.push_str(&format!("\n| {length} bytes |"));
            for call in row {
                text.push_str(&format!(" {call:.1} |"));
            }
        }
        text
    }

    fn from_markdown(text: &str) -> Result<Self, String> {
        let compiler = text
            .lines()
            .find_map(|line| {
                line.strip_prefix("Counted with ")?
                    .strip_suffix(", on x86-64.")
            })
            .ok_or("it does not say which compiler was used")?;
        let mut calls = [[0.0; OPERATIONS.len()]; LENGTHS.len()];
        for (length, row) in LENGTHS.iter().zip(&mut calls) {
            let begin = format!("| {length} bytes |");
            let missing = || format!("it has no line of figures for {length} bytes");
            let line = text.lines().find_map(|line| line.strip_prefix(&begin));
            let mut cells = line.ok_or_else(missing)?.split('|');
            for call in row {
                let cell = cells.next().and_then(|cell| cell.trim().parse().ok());
                *call = cell.filter(|call| *call > 0.0).ok_or_else(missing)?;
            }
        }
        Ok(Self {
            compiler: compiler.to_owned(),
            calls,
        })
    }
}

fn compiler() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .current_dir(workspace::root())
        .arg("--version")
        .output()
        .map_err(|error| format!("rustc does not start: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The instructions of one call of `function`, everything below it included, with messages of `length` bytes.
fn count(length: usize, function: &str) -> Result<f64, String> {
    let folder = workspace::target().join("xtask");
    fs::create_dir_all(&folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    let counts = folder.join(format!("callgrind-{}.out", std::process::id()));
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(format!("--toggle-collect={function}"))
        .arg(workspace::target().join("release").join("instructions"))
        .arg(length.to_string());
    let finished = process::run(&mut command, LIMIT)?;
    let counted = fs::read_to_string(&counts).unwrap_or_default();
    remove(&counts);
    let calls = number(&finished.output, |line| line.strip_suffix(" calls"));
    let sum = number(&counted, |line| line.strip_prefix("totals: "));
    match (calls, sum) {
        (Some(calls), Some(sum)) if finished.succeeded() && calls > 0.0 && sum > 0.0 => {
            Ok(sum / calls)
        }
        _ => Err(format!(
            "callgrind has counted nothing in {function}:\n{}",
            finished.report()
        )),
    }
}

fn number<'a>(text: &'a str, find: impl Fn(&'a str) -> Option<&'a str>) -> Option<f64> {
    text.lines().find_map(find)?.trim().parse().ok()
}

fn remove(file: &Path) {
    // Callgrind has not written it if it could not start the program.
    let _ = fs::remove_file(file);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Counts {
        Counts {
            compiler: "rustc 1.95.0 (a 2026-04-14)".to_owned(),
            calls: [[61.0, 58.5], [181.2, 178.0]],
        }
    }

    #[test]
    fn what_was_recorded_is_what_is_read() {
        let read = Counts::from_markdown(&counts().to_markdown());
        assert_eq!(read, Ok(counts()));
    }

    #[test]
    fn a_record_without_a_line_is_an_error() {
        let text = counts().to_markdown().replace("1024 bytes", "1 KiB");
        let error = Counts::from_markdown(&text).expect_err("a line is missing");
        assert!(error.contains("1024 bytes"), "{error}");
    }

    #[test]
    fn the_document_has_a_record() {
        let document = fs::read_to_string(workspace::root().join(LAB_BOOK)).expect("it is there");
        let part = part_of(&document, PART).expect("it has the marks");
        assert!(Counts::from_markdown(part).is_ok(), "{part}");
    }

    #[test]
    fn growth_of_more_than_5_percent_is_a_failure_with_any_compiler() {
        for same_compiler in [true, false] {
            assert!(objection(5.1, same_compiler).is_some());
            assert!(objection(4.9, same_compiler).is_none());
        }
    }

    #[test]
    fn a_fall_of_more_than_5_percent_is_to_be_recorded_unless_the_compiler_changed() {
        assert!(objection(-5.1, true).is_some());
        assert!(objection(-5.1, false).is_none());
        assert!(objection(-4.9, true).is_none());
    }

    #[test]
    fn one_count_that_grew_fails_the_comparison() {
        let mut grown = counts();
        grown.calls[1][0] *= 1.06;
        let begun = Instant::now();
        assert!(compare(&counts(), &counts(), begun).0);
        assert!(!compare(&grown, &counts(), begun).0);
    }
}
