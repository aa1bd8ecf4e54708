//! Verdicts: the result of each row, and the closing line.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use test_support::in_child;

/// The result of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program keeps this promise.
    Ok,
    /// The row cannot run here; what it needs.
    Skipped(&'static str),
    /// The program breaks this promise; how.
    Failed(String),
}

/// How many rows had each result.
#[derive(Clone, Debug, Default)]
pub struct Report {
    ok: usize,
    skipped: usize,
    failed: usize,
}

impl Report {
    /// Whether at least one row ran, and none failed.
    pub fn is_good(&self) -> bool {
        self.failed == 0 && self.ok > 0
    }

    /// How many rows failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    pub(crate) fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Ok => &mut self.ok,
            Outcome::Skipped(_) => &mut self.skipped,
            Outcome::Failed(_) => &mut self.failed,
        } += 1;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ok,
            skipped,
            failed,
        } = self;
        write!(f, "{ok} rows ok, {failed} failed, {skipped} skipped")
    }
}

thread_local! {
    /// Whether this thread runs a row, whose panic is the text of a verdict.
    static IS_IN_A_ROW: Cell<bool> = const { Cell::new(false) };
}

/// Runs a row. It panics if the program breaks a promise, as a test does.
pub(crate) fn judge(row: impl FnOnce() -> Outcome) -> Outcome {
    keep_panics_quiet();
    IS_IN_A_ROW.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(row));
    IS_IN_A_ROW.set(false);
    outcome.unwrap_or_else(|payload| {
        // A verdict is one line.
        let lines = text_of(payload.as_ref()).lines().map(str::trim);
        Outcome::Failed(lines.collect::<Vec<_>>().join(", "))
    })
}

/// Panics of rows are printed with their verdicts only.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // This sets its own hook first, with which forked children report to their parents.
        in_child(|| ());
        let parent = std::process::id();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if std::process::id() != parent || !IS_IN_A_ROW.get() {
                before(panic);
            }
        }));
    });
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload.downcast_ref::<&str>().unwrap_or(&"it panicked"),
    }
}
