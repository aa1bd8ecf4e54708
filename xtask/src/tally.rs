//! Counts the tests that passed, failed and were skipped in what a test program printed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// How a test says that it cannot run here; what is missing follows.
const SKIPPED: &str = "skipped: needs";

/// The counts of one run, or of several added up.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// Tests that ran and held.
    pub(crate) passed: u64,
    /// Tests that ran and did not hold, or could not be built or finished.
    pub(crate) failed: u64,
    /// Tests that said `skipped: needs …`.
    pub(crate) skipped: u64,
    /// What the skipped tests lacked, each with the test's name where it is known.
    pub(crate) reasons: Vec<String>,
}

impl Tally {
    /// One test that passed.
    pub(crate) fn one_passed() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    /// One test that failed.
    pub(crate) fn one_failed() -> Self {
        Self {
            failed: 1,
            ..Self::default()
        }
    }

    /// One test that was skipped, for this reason.
    pub(crate) fn one_skipped(reason: String) -> Self {
        Self {
            skipped: 1,
            reasons: vec![reason],
            ..Self::default()
        }
    }

    /// How many tests there were in all.
    pub(crate) fn total(&self) -> u64 {
        self.passed + self.failed + self.skipped
    }

    /// The counts in `output`, or `None` if no libtest program finished in it.
    ///
    /// The programs must have been run with `--show-output`: a test that says `skipped: needs …`
    /// passes as far as libtest knows.
    pub(crate) fn of_libtest(output: &str) -> Option<Self> {
        let mut tally = Self::default();
        let mut finished = false;
        let mut place = Place::Outside;
        // Of the program whose output is being read: the tests that said so, each once.
        let mut skips: BTreeMap<String, String> = BTreeMap::new();
        for line in output.lines() {
            if let Some(counts) = line.strip_prefix("test result: ").and_then(result_line) {
                let skipped = skips.len() as u64;
                tally.passed += counts.passed.saturating_sub(skipped);
                tally.failed += counts.failed;
                tally.skipped += skipped + counts.ignored;
                tally
                    .reasons
                    .extend(std::mem::take(&mut skips).into_values());
                finished = true;
                place = Place::Outside;
            } else if line == "successes:" {
                place = Place::Outside;
            } else if line == "failures:" {
                place = Place::Failures;
            } else if let Some(test) = section(line) {
                if place != Place::Failures {
                    place = Place::Test(test.to_owned());
                }
            } else if let Some(need) = line.trim_start().strip_prefix(SKIPPED) {
                let need = need.trim();
                match &place {
                    Place::Test(test) => {
                        skips
                            .entry(test.clone())
                            .or_insert_with(|| format!("{test}: needs {need}"));
                    }
                    Place::Outside => {
                        skips.insert(format!("{}", skips.len()), format!("needs {need}"));
                    }
                    // It failed all the same.
                    Place::Failures => {}
                }
            }
        }
        finished.then_some(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.reasons.extend(other.reasons);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
            ..
        } = self;
        write!(out, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// What `output` says is missing, if a program that is not libtest's said `skipped: needs …`.
pub(crate) fn skip_reason(output: &str) -> Option<String> {
    let need = output
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(SKIPPED))?;
    Some(format!("needs {}", need.trim()))
}

/// What the tests that passed have printed: the lines below `---- NAME stdout ----`.
pub(crate) fn printed(output: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    output.lines().filter(move |line| {
        if section(line).is_some() {
            inside = true;
            return false;
        }
        inside &= !line.is_empty();
        inside
    })
}

/// Where in a test program's output a line stands.
#[derive(Eq, PartialEq)]
enum Place {
    /// In no test's output.
    Outside,
    /// In the output of a test that passed.
    Test(String),
    /// In the output of those that failed.
    Failures,
}

struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

/// Reads `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
fn result_line(text: &str) -> Option<Counts> {
    let (_verdict, counts) = text.split_once(". ")?;
    let mut fields = counts.split("; ");
    let mut next = |label: &str| -> Option<u64> {
        fields
            .next()?
            .strip_suffix(label)?
            .trim_end()
            .parse::<u64>()
            .ok()
    };
    Some(Counts {
        passed: next("passed")?,
        failed: next("failed")?,
        ignored: next("ignored")?,
    })
}

/// Reads the test's name from `---- NAME stdout ----`.
fn section(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_printed_is_found() {
        let output =
            "noise\n---- one stdout ----\n3 kills\n5 stops\n\n---- two stdout ----\n7\n\nrest\n";
        let lines: Vec<_> = printed(output).collect();
        assert_eq!(lines, ["3 kills", "5 stops", "7"]);
    }

    const TWO_PROGRAMS: &str = "\
   Compiling demo v0.1.0
     Running unittests src/lib.rs (target/debug/deps/demo-1)

running 3 tests
test plain ... ok
test needs_root ... ok
test broken ... FAILED

successes:

---- needs_root stdout ----
skipped: needs root
skipped: needs root, and says so twice


successes:
    needs_root
    plain

failures:

---- broken stdout ----
skipped: needs luck
thread 'broken' panicked at src/lib.rs:7:9:

failures:
    broken

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running tests/more.rs (target/debug/deps/more-2)

running 2 tests
test one ... ok
test two ... ok

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.25s
";

    #[test]
    fn the_results_of_all_programs_add_up() {
        let tally = Tally::of_libtest(TWO_PROGRAMS).expect("libtest ran");
        assert_eq!((tally.total(), tally.failed), (6, 1));
    }

    #[test]
    fn a_test_that_says_what_it_needs_is_skipped_and_not_passed() {
        let tally = Tally::of_libtest(TWO_PROGRAMS).expect("libtest ran");
        // One said so (twice), one is marked as ignored; one that failed does not count.
        assert_eq!((tally.passed, tally.skipped), (3, 2));
        assert_eq!(tally.reasons, ["needs_root: needs root"]);
    }

    #[test]
    fn a_skip_printed_past_the_capture_counts_too() {
        let output = "running 2 tests\nskipped: needs strace\ntest a ... ok\ntest b ... ok\n\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; \
            finished in 0.00s\n";
        let tally = Tally::of_libtest(output).expect("libtest ran");
        assert_eq!((tally.passed, tally.skipped), (1, 1));
        assert_eq!(tally.reasons, ["needs strace"]);
    }

    #[test]
    fn output_without_a_result_line_is_not_libtests() {
        assert_eq!(Tally::of_libtest("error: could not compile `demo`\n"), None);
        assert_eq!(Tally::of_libtest("test result: what a mess\n"), None);
    }

    #[test]
    fn a_plain_program_can_be_skipped() {
        assert_eq!(skip_reason("fine\n"), None);
        let reason = skip_reason("hm\nskipped: needs a mount namespace\n");
        assert_eq!(reason.as_deref(), Some("needs a mount namespace"));
    }

    #[test]
    fn the_last_line_names_all_three_counts() {
        let tally = Tally {
            passed: 12,
            failed: 1,
            skipped: 2,
            reasons: Vec::new(),
        };
        assert_eq!(tally.to_string(), "12 passed, 1 failed, 2 skipped");
    }
}
