//! The kit itself: two programs that keep the protocol pass all rows, and each of ten faults turns
//! a row red.

use std::path::{Path, PathBuf};
use std::process::Command;

use conformance::{Outcome, Program, run};
use test_support::{Process, Scratch, has, is_torture, skip};

/// Each fault of the C program, and a row that it turns red.
const FAULTS: [&str; 10] = [
    "send: counts the message that a killed sender did not count",
    "send: may be killed after any instruction of sending",
    "send: may be killed after any instruction of sending",
    "receive: finds a stamp that is ahead, or too long",
    "receive: shows again what a killed receiver did not acknowledge",
    "send: rings a bell",
    "receive: sleeps through nothing that comes between two instructions",
    "send: fills 2 slots, 2 of them hot",
    "send: closes, keeps and aborts",
    "receive: takes what came before its peer left, at any moment",
];

/// Runs the rows whose names contain this; those that failed, and why.
fn failures(program: &Path, only: &str) -> Vec<String> {
    let mut failures = Vec::new();
    let report = run(
        Program::new([program]),
        only,
        |name, outcome| match outcome {
            Outcome::Ok => println!("{name}: ok"),
            // This machine lacks nothing then.
            Outcome::Skipped(needs) if needs.starts_with("an end") => println!("{name}: optional"),
            Outcome::Skipped(needs) => skip(needs),
            Outcome::Failed(why) => failures.push(format!("{name}: {why}")),
        },
    );
    println!("{report}");
    assert_eq!(report.failed(), failures.len());
    failures
}

/// The C program, with one of its faults or none, in a separate folder.
struct C(Scratch);

impl C {
    fn compile(fault: usize) -> Self {
        let pure = Self(Scratch::folder("pure-c"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shm-c/tests/pure/end.c");
        let mut cc = Command::new("cc");
        cc.args([
            "-std=c11",
            "-O2",
            "-pedantic",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]);
        cc.arg(format!("-DFAULT={fault}")).arg("-o");
        cc.args([pure.program(), source]).arg("-lrt");
        Process::spawn(&mut cc).finish().expect_code(0);
        pure
    }

    fn program(&self) -> PathBuf {
        self.0.path().join("end")
    }
}

fn has_c() -> bool {
    has("a C compiler, as `cc`", "cc", &["--version"])
}

#[test]
fn the_c_program_that_was_written_by_the_page_passes_all_rows() {
    if has_c() {
        let found = failures(&C::compile(0).program(), "");
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn this_library_passes_all_rows() {
    // The rows of the other role run in the long form only.
    let rows = if is_torture() { "" } else { "receive: " };
    let found = failures(Path::new(env!("CARGO_BIN_EXE_own-end")), rows);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn this_library_passes_the_rows_of_a_bus() {
    // The other role's are in the rows above.
    let found = failures(Path::new(env!("CARGO_BIN_EXE_own-end")), "send: on a bus");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn each_planted_fault_turns_a_row_red() {
    if !has_c() {
        return;
    }
    for (index, row) in FAULTS.into_iter().enumerate() {
        let fault = index + 1;
        let needs_steps = row.contains("instruction");
        if needs_steps && !cfg!(target_arch = "x86_64") {
            skip("x86-64");
            continue;
        }
        let program = C::compile(fault);
        let found = failures(&program.program(), row);
        let is_found = found.iter().any(|failure| failure.starts_with(row));
        assert!(
            is_found,
            "fault {fault} is not found by {row:?}, but by {found:#?}"
        );
    }
}

#[test]
fn a_program_that_does_not_obey_fails_and_does_not_hang_the_kit() {
    let found = failures(Path::new("true"), "messages of every length");
    assert_eq!(found.len(), 2, "{found:#?}");
}
