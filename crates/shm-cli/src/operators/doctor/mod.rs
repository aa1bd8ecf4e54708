//! `shm doctor`: what could keep mailboxes from working on this machine, and what to do about each.

mod limits;
mod memory;
mod sessions;
mod tenants;

use std::fmt::Write as _;

use serde::Serialize;

use crate::args::DoctorArgs;
use crate::console;
use crate::failure::{Ending, Failure, Status};

/// What a mailbox of 256 slots takes, and one of 65,536 slots, in bytes.
const MAILBOX: u64 = 282_624;
const LARGEST: u64 = 71_307_264;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// Works, but somebody may be in for a surprise.
    Warning,
    /// Does not work.
    Problem,
}

/// What was found about one thing; its fields are those of the JSON.
#[derive(Debug, Serialize)]
struct Finding {
    /// Raised when the meaning of a field changes.
    schema: u32,
    verdict: Verdict,
    topic: &'static str,
    what: String,
    /// What to do about it.
    next: Option<String>,
}

impl Finding {
    fn ok(topic: &'static str, what: impl Into<String>) -> Self {
        Self {
            schema: 1,
            verdict: Verdict::Ok,
            topic,
            what: what.into(),
            next: None,
        }
    }

    fn warning(topic: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            next: Some(next.into()),
            ..Self::ok(topic, what)
        }
    }

    fn problem(topic: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Problem,
            ..Self::warning(topic, what, next)
        }
    }
}

/// Runs the command. Warnings are no failure, problems are.
pub(crate) fn run(args: &DoctorArgs) -> Result<Ending, Failure> {
    let mut findings = memory::findings();
    findings.extend(limits::findings());
    findings.push(sessions::finding());
    findings.extend(tenants::findings());
    if args.json {
        console::print_json(&findings)?;
    } else {
        console::print(page(&findings))?;
    }
    let problems = count(&findings, Verdict::Problem);
    if problems == 0 {
        return Ok(Ending::Done);
    }
    let what = format_args!("{problems} of {} checks found a problem", findings.len());
    Err(Failure::new(Status::Failure, what).next("do what stands below each"))
}

fn count(findings: &[Finding], verdict: Verdict) -> usize {
    let found = findings.iter().filter(|finding| finding.verdict == verdict);
    found.count()
}

fn page(findings: &[Finding]) -> String {
    let mut page = String::new();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "PROBLEM",
        };
        // Writing to a string does not fail.
        let _ = writeln!(page, "{verdict:<8} {:<12} {}", finding.topic, finding.what);
        if let Some(next) = &finding.next {
            let _ = writeln!(page, "{:21} next: {next}", "");
        }
    }
    page
}

/// `72 KiB`, `7.83 GiB`: in binary units, with two decimal places where they say something.
fn bytes(count: u64) -> String {
    let text = indicatif::BinaryBytes(count).to_string();
    text.replace(".00 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_has_decimal_places_only_if_they_say_something() {
        assert_eq!(bytes(MAILBOX), "276 KiB");
        assert_eq!(bytes(LARGEST), "68 MiB");
        assert_eq!(bytes(1000), "1000 B");
        assert_eq!(bytes(100 << 20), "100 MiB");
        assert_eq!(bytes(3 << 29), "1.50 GiB");
    }
}
