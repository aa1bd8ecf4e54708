//! Counts the tests that passed, failed and were skipped in what a command printed.

use std::fmt;

/// The counts of one run, or of several added up.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// Tests that ran and held.
    pub(crate) passed: usize,
    /// Tests that ran and did not hold, or could not be built or finished.
    pub(crate) failed: usize,
    /// Tests that said `skipped: needs …`.
    pub(crate) skipped: usize,
    /// What the skipped tests lacked, each with the test's name where it is known.
    pub(crate) reasons: Vec<String>,
}

impl Tally {
    /// Adds what a command printed, if it counts its tests in libtest's manner. Any other command
    /// is one test, unless it was to run `tests`: then nothing was shown.
    ///
    /// Test programs must have been run with `--show-output`: a test that says `skipped: needs …`
    /// passes as far as libtest knows.
    pub(crate) fn add(&mut self, output: &str, succeeded: bool, tests: bool) {
        let failed_before = self.failed;
        let mut counts = tests;
        // Whose output a line is, and what tests have said, each once.
        let mut test = "";
        let mut skips: Vec<String> = Vec::new();
        for line in output.lines() {
            if let Some(name) = line.strip_prefix("---- ").filter(|_| test != FAILURES) {
                test = name.trim_end_matches(" stdout ----");
            } else if line == FAILURES {
                // Whatever these say, they are counted already.
                test = FAILURES;
            } else if let Some(need) = line.trim_start().strip_prefix("skipped: needs ") {
                let skip = match test {
                    "" => format!("needs {need}"),
                    test => format!("{test}: needs {need}"),
                };
                if test.is_empty() || test != FAILURES && !skips.contains(&skip) {
                    skips.push(skip);
                }
            } else if let Some([passed, failed, ignored]) = result_line(line) {
                self.passed += passed.saturating_sub(skips.len());
                self.failed += failed;
                self.skipped += ignored + skips.len();
                self.reasons.append(&mut skips);
                (test, counts) = ("", true);
            }
        }
        if !counts && succeeded {
            self.passed += usize::from(skips.is_empty());
            self.skipped += skips.len().min(1);
            self.reasons.append(&mut skips);
        }
        // What did not build, crashed, hung or left something has no line among the results.
        if !succeeded && self.failed == failed_before {
            self.failed += 1;
        }
    }

    /// How many tests there were in all.
    pub(crate) fn total(&self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Stands before what the tests that failed have printed.
const FAILURES: &str = "failures:";

/// The line with which a test program ends.
pub(crate) fn result(passed: usize, failed: usize) -> String {
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    format!("test result: {verdict}. {passed} passed; {failed} failed; 0 ignored;")
}

/// What passed, failed and was ignored, of a line like that of [`result`].
fn result_line(line: &str) -> Option<[usize; 3]> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = counts
        .split("; ")
        .map(|count| count.split_once(' ')?.0.parse().ok());
    let mut next = || counts.next().flatten();
    Some([next()?, next()?, next()?])
}

/// What the tests that passed have printed: the lines below `---- NAME stdout ----`.
pub(crate) fn printed(output: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    output.lines().filter(move |line| {
        let begins = line.starts_with("---- ");
        inside = begins || inside && !line.is_empty();
        inside && !begins
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_PROGRAMS: &str = "\
running 3 tests
successes:

---- needs_root stdout ----
skipped: needs root
skipped: needs root

failures:

---- broken stdout ----
skipped: needs luck

failures:
    broken

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

skipped: needs a kernel
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.25s
";

    fn tally(output: &str, succeeded: bool, tests: bool) -> (String, Vec<String>) {
        let mut tally = Tally::default();
        tally.add(output, succeeded, tests);
        (tally.to_string(), tally.reasons)
    }

    #[test]
    fn a_test_that_says_what_it_needs_is_skipped_and_not_passed() {
        let (counts, reasons) = tally(TWO_PROGRAMS, false, true);
        // Two print it, one of them twice, and one is marked as ignored.
        assert_eq!(counts, "2 passed, 1 failed, 3 skipped");
        assert_eq!(reasons, ["needs_root: needs root", "needs a kernel"]);
    }

    #[test]
    fn a_test_program_that_crashes_fails_although_others_passed() {
        let (counts, _) = tally(&result(2, 0), false, true);
        assert_eq!(counts, "2 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn what_a_test_printed_is_found() {
        let output = "noise\n---- one stdout ----\n3 kills\n5 stops\n\n---- two stdout ----\n7\n";
        assert_eq!(
            printed(output).collect::<Vec<_>>(),
            ["3 kills", "5 stops", "7"]
        );
    }
}
