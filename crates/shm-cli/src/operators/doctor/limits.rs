//! The limits that `ulimit` and services set for this process.

use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, LARGEST, MAILBOX, Topic, bytes};
use crate::failure::errors::MORE_FILES;

/// A writer has 8 files open at most, a reader 9, and a benchmark 13.
const FEWEST: u64 = 13;
/// A program has some of its own.
const FILES: u64 = 64;

/// Files, file sizes and address space.
pub(super) fn findings() -> Vec<Finding> {
    let limit = |resource| getrlimit(resource).current;
    vec![
        files(limit(Resource::Nofile)),
        sizes(
            "file size",
            "ulimit -f, LimitFSIZE=",
            limit(Resource::Fsize),
        ),
        sizes("memory", "ulimit -v, LimitAS=", limit(Resource::As)),
    ]
}

fn files(limit: Option<u64>) -> Finding {
    let topic = Topic("open files");
    let Some(limit) = limit else {
        return topic.ok("no limit");
    };
    let what = format!("at most {limit}");
    match limit {
        0..FEWEST => topic.problem(format!("{what}, shm takes up to {FEWEST}"), MORE_FILES),
        FEWEST..FILES => topic.warning(what, MORE_FILES),
        _ => topic.ok(what),
    }
}

/// Each mailbox is a file of its size, and mapped whole.
fn sizes(topic: &'static str, setting: &str, limit: Option<u64>) -> Finding {
    let topic = Topic(topic);
    let Some(limit) = limit else {
        return topic.ok("no limit");
    };
    let what = format!("at most {}", bytes(limit));
    let next = format!("raise it: {setting}; or fewer slots");
    match limit {
        0..MAILBOX => topic.problem(format!("{what}, a mailbox takes {}", bytes(MAILBOX)), next),
        MAILBOX..LARGEST => {
            let largest = bytes(LARGEST);
            topic.warning(
                format!("{what}, a mailbox of 65536 slots takes {largest}"),
                next,
            )
        }
        _ => topic.ok(what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
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
