//! `shm doctor`: what could keep mailboxes from working on this machine, and what to do about each.
//!
//! Each file looks at one thing and judges it, and changes nothing. Here they come together.

mod finding;
mod limits;
mod memory;
mod sessions;
mod tenants;

use crate::args::DoctorArgs;
use crate::console;
use crate::failure::{Ending, Failure, Status};
use finding::{Finding, Verdict};

/// Runs the command. Warnings are no failure, problems are.
pub(crate) fn run(args: &DoctorArgs) -> Result<Ending, Failure> {
    let mut findings = memory::findings();
    findings.extend(limits::findings());
    findings.push(sessions::finding());
    findings.extend(tenants::findings());
    if args.json {
        console::print_json(&findings)?;
    } else {
        console::print(findings.iter().map(lines).collect::<String>())?;
    }
    let problems = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Problem);
    match problems.count() {
        0 => Ok(Ending::Done),
        problems => {
            let what = format_args!("{problems} of {} checks found a problem", findings.len());
            Err(Failure::new(Status::Failure, what).next("do what stands below each"))
        }
    }
}

fn lines(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "PROBLEM",
    };
    let mut lines = format!("{verdict:<8} {:<12} {}\n", finding.topic, finding.what);
    if let Some(next) = &finding.next {
        lines += &format!("{:21} next: {next}\n", "");
    }
    lines
}
