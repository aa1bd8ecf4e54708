//! The limits that `ulimit` and services set for this process.

use rustix::process::{Resource, getrlimit};

use super::{Finding, LARGEST, MAILBOX, bytes};
use crate::failure::errors::MORE_FILES;

/// A writer has 8 files open at most, a reader 9, and a benchmark 13.
const FEWEST: u64 = 13;
/// A program has some of its own.
const FILES: u64 = 64;

/// Files, file sizes and address space.
pub(super) fn findings() -> Vec<Finding> {
    vec![
        files(getrlimit(Resource::Nofile).current),
        sizes(
            "file size",
            "ulimit -f, LimitFSIZE=",
            getrlimit(Resource::Fsize).current,
        ),
        sizes(
            "memory",
            "ulimit -v, LimitAS=",
            getrlimit(Resource::As).current,
        ),
    ]
}

fn files(limit: Option<u64>) -> Finding {
    match limit {
        Some(limit @ 0..FEWEST) => Finding::problem(
            "open files",
            format!("at most {limit}, shm takes up to {FEWEST}"),
            MORE_FILES,
        ),
        Some(limit @ FEWEST..FILES) => {
            Finding::warning("open files", format!("at most {limit}"), MORE_FILES)
        }
        Some(limit) => Finding::ok("open files", format!("at most {limit}")),
        None => Finding::ok("open files", "no limit"),
    }
}

/// Each mailbox is a file of its size, and mapped whole.
fn sizes(topic: &'static str, setting: &str, limit: Option<u64>) -> Finding {
    let next = format!("raise it: {setting}; or fewer slots");
    match limit {
        None => Finding::ok(topic, "no limit"),
        Some(limit @ 0..MAILBOX) => Finding::problem(
            topic,
            format!(
                "at most {}, a mailbox takes {}",
                bytes(limit),
                bytes(MAILBOX)
            ),
            next,
        ),
        Some(limit @ MAILBOX..LARGEST) => Finding::warning(
            topic,
            format!(
                "at most {}, a mailbox of 65536 slots takes {}",
                bytes(limit),
                bytes(LARGEST)
            ),
            next,
        ),
        Some(limit) => Finding::ok(topic, format!("at most {}", bytes(limit))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_limit_is_judged_by_what_a_mailbox_takes() {
        let verdict = |limit| sizes("file size", "ulimit -f", limit).verdict;
        assert_eq!(verdict(None), Verdict::Ok);
        assert_eq!(verdict(Some(LARGEST)), Verdict::Ok);
        assert_eq!(verdict(Some(MAILBOX)), Verdict::Warning);
        assert_eq!(verdict(Some(0)), Verdict::Problem);
    }

    #[test]
    fn few_files_are_worth_a_warning() {
        assert_eq!(files(Some(4)).verdict, Verdict::Problem);
        assert_eq!(files(Some(20)).verdict, Verdict::Warning);
        assert_eq!(files(Some(1024)).verdict, Verdict::Ok);
        assert_eq!(files(None).verdict, Verdict::Ok);
    }
}
