//! The conformance kit: any program that speaks version 1 of the protocol, run against this
//! library.
//!
//! `docs/protocol.md`, section "Conformance", has the command line that the program must obey. Each
//! row is one promise of that page, and gets one verdict.

pub mod hex;
mod object;
mod program;
mod report;
mod rows;

pub use program::{Program, Status};
pub use report::{Outcome, Report};

use std::cell::OnceCell;

use test_support::is_torture;

/// What the rows share.
pub(crate) struct Kit {
    /// The program under test.
    pub(crate) program: Program,
    /// Whether to run the long forms.
    pub(crate) is_long: bool,
    /// Whether the program has buses, once it was asked.
    has_bus: OnceCell<bool>,
}

impl Kit {
    /// Whether the program has buses.
    pub(crate) fn has_bus(&self) -> bool {
        *self.has_bus.get_or_init(|| self.program.has_bus())
    }
}

/// Runs all rows whose names contain `only`, and passes each verdict to `tell` at once.
///
/// The long forms run with `SHM_TORTURE=1`.
pub fn run(program: Program, only: &str, mut tell: impl FnMut(&str, &Outcome)) -> Report {
    let kit = Kit {
        program,
        is_long: is_torture(),
        has_bus: OnceCell::new(),
    };
    let mut report = Report::default();
    for row in rows::all() {
        let name = row.name();
        if name.contains(only) {
            let outcome = report::judge(|| row.run(&kit));
            tell(&name, &outcome);
            report.count(outcome);
        }
    }
    report
}
