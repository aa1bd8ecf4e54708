//! `cargo xtask instructions`: counts the instructions of a send and of a receive, and compares
//! them with the record.

use std::fs;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::Verdict;
use crate::bench::{LAB_BOOK, part_of, with_part};
use crate::run::{self, Finished, Private};
use crate::tally;

/// Count the instructions of a send and a receive, against those recorded
///
/// Builds benches/instructions as it ships, runs it under callgrind, and compares the instructions
/// of one send and one receive with those recorded in docs/labbook.md. Callgrind counts the same
/// every time, so a difference is one of the code or of the compiler. More than 5% more is a
/// failure; so is more than 5% less, until it is recorded, unless another compiler has done it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Write what was counted to docs/labbook.md instead
    #[arg(long)]
    record: bool,
}

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
pub(crate) fn run(options: &Options) -> Verdict {
    run::build("cargo build --quiet --release --package instructions")?;
    let compiler = run::command("${RUSTC:-rustc} --version").output()?.stdout;
    let compiler = String::from_utf8_lossy(&compiler).trim().to_owned();
    let mut calls = Vec::new();
    for length in LENGTHS {
        for (_, function) in OPERATIONS {
            calls.push(count(length, function)?);
        }
    }
    let counts = Counts { compiler, calls };
    let path = run::root().join(LAB_BOOK);
    let document = fs::read_to_string(&path).context(LAB_BOOK)?;
    if options.record {
        fs::write(&path, with_part(&document, PART, &counts.to_markdown())?)?;
        println!("{}\nrecorded in {LAB_BOOK}", counts.to_markdown());
        return Ok(true);
    }
    let recorded = Counts::from_markdown(part_of(&document, PART)?);
    let recorded = recorded.with_context(|| format!("the record in {LAB_BOOK} is not whole"))?;
    let (fine, report) = counts.compare(&recorded);
    println!("{report}");
    Ok(fine)
}

/// Instructions of one call, for each length and then for each operation.
#[derive(Clone, Debug, PartialEq)]
struct Counts {
    /// What `rustc --version` says.
    compiler: String,
    calls: Vec<f64>,
}

impl Counts {
    /// Whether nothing has changed by much, and a report in libtest's manner.
    fn compare(&self, recorded: &Self) -> (bool, String) {
        let mut report = format!("counted with {}\n", self.compiler);
        let mut failed = 0;
        for (index, (now, then)) in self.calls.iter().zip(&recorded.calls).enumerate() {
            let (operation, _) = OPERATIONS[index % OPERATIONS.len()];
            let length = LENGTHS[index / OPERATIONS.len()];
            let change = 100.0 * (now - then) / then;
            let objection = if change > TOLERANCE {
                ": the path has grown; if that buys something, say what, and --record it"
            } else if change < -TOLERANCE && self.compiler == recorded.compiler {
                // Unrecorded, it could be lost again unnoticed.
                ": the path has become shorter; --record it"
            } else {
                ""
            };
            failed += usize::from(!objection.is_empty());
            let verdict = if objection.is_empty() { "ok" } else { "FAILED" };
            report.push_str(&format!(
                "test {operation}/{length}B ... {verdict}\n\
                 {now:.1} instructions, {then:.1} recorded, {change:+.1} %{objection}\n"
            ));
        }
        report.push_str(&tally::result(self.calls.len() - failed, failed));
        (failed == 0, report)
    }

    fn to_markdown(&self) -> String {
        let names = OPERATIONS.map(|(operation, _)| operation).join(" | ");
        let mut text = format!(
            "Counted with {}, on x86-64.\n\n| a message of | {names} |\n|---|---:|---:|",
            self.compiler
        );
        for (length, calls) in LENGTHS.iter().zip(self.calls.chunks(OPERATIONS.len())) {
            let calls: Vec<String> = calls.iter().map(|call| format!("{call:.1}")).collect();
            text.push_str(&format!("\n| {length} bytes | {} |", calls.join(" | ")));
        }
        text
    }

    fn from_markdown(text: &str) -> Option<Self> {
        let compiler = text
            .split_once("Counted with ")?
            .1
            .split_once(", on x86-64.")?
            .0
            .to_owned();
        let cells = text.split('|').filter_map(|cell| cell.trim().parse().ok());
        let calls: Vec<f64> = cells.filter(|call| *call > 0.0).collect();
        (calls.len() == LENGTHS.len() * OPERATIONS.len()).then_some(Self { compiler, calls })
    }
}

/// The instructions of one call of `function`, everything below it included, with messages of
/// `length` bytes.
fn count(length: usize, function: &str) -> anyhow::Result<f64> {
    let command = run::command(&format!(
        "valgrind --quiet --tool=callgrind --callgrind-out-file=/dev/stdout \
         --toggle-collect='{function}' \"$CARGO_TARGET_DIR/release/instructions\" {length}"
    ));
    let Finished {
        succeeded, output, ..
    } = run::run(&command, LIMIT, Private::AsRoot)?;
    let calls = output
        .lines()
        .find_map(|line| line.strip_suffix(" calls")?.parse::<f64>().ok());
    let sum = output
        .lines()
        .find_map(|line| line.strip_prefix("totals: ")?.parse::<f64>().ok());
    let each = calls.zip(sum).map_or(0.0, |(calls, sum)| sum / calls);
    let has_counted = succeeded && each > 0.0 && each.is_finite();
    ensure!(
        has_counted,
        "callgrind has counted nothing in {function}:\n{output}"
    );
    Ok(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Counts {
        let compiler = "rustc 1.95.0 (a 2026-04-14)".to_owned();
        Counts {
            compiler,
            calls: vec![61.0, 58.5, 181.2, 178.0],
        }
    }

    #[test]
    fn what_was_recorded_is_what_is_read_and_a_record_without_a_figure_is_none() {
        let text = counts().to_markdown();
        assert_eq!(Counts::from_markdown(&text), Some(counts()));
        assert_eq!(Counts::from_markdown(&text.replace("58.5", "")), None);
    }

    /// Whether counts may be so, beside those recorded.
    fn holds(factor: f64, compiler: &str) -> bool {
        let mut now = counts();
        now.calls[2] *= factor;
        now.compiler = compiler.to_owned();
        now.compare(&counts()).0
    }

    #[test]
    fn growth_fails_with_any_compiler_and_a_fall_is_to_be_recorded_unless_that_changed() {
        let (same, other) = (&counts().compiler[..], "rustc 1.96.0");
        assert!(!holds(1.051, same) && !holds(1.051, other));
        assert!(holds(1.049, same) && holds(0.951, same));
        assert!(!holds(0.949, same) && holds(0.949, other));
    }
}
