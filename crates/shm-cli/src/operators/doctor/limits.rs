//! The limits that `ulimit` and services set for this process, and the system for its users.

use std::fs;

use rustix::fs::inotify::{self, CreateFlags};
use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, LARGEST, MAILBOX, Topic, bytes};
use crate::failure::errors::MORE_FILES;

/// A writer has 8 files open at most, a reader 9, and a benchmark 13.
const FEWEST: u64 = 13;
/// A program has some of its own.
const FILES: u64 = 64;

/// The inotify instances that a user may have.
const INSTANCES: &str = "/proc/sys/fs/inotify/max_user_instances";

/// Files, file sizes, address space, and bells.
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
        bells(
            fs::read_to_string(INSTANCES).ok(),
            inotify::init(CreateFlags::CLOEXEC).is_ok(),
        ),
    ]
}

/// What `--wait bell` and `--prompt` need.
fn bells(limit: Option<String>, is_left: bool) -> Finding {
    let topic = Topic("bells");
    let what = match limit {
        Some(limit) => format!("at most {} for a user", limit.trim()),
        None => "without /proc there are none".to_owned(),
    };
    if !is_left {
        let next = format!("raise {INSTANCES}, or do without --prompt and --wait bell");
        return topic.warning(format!("{what}, and none can be made now"), next);
    }
    topic.ok(what)
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
    fn no_bell_that_can_be_made_is_worth_a_warning() {
        let found = bells(Some("128\n".to_owned()), true);
        assert_eq!(
            (found.verdict, &*found.what),
            (Verdict::Ok, "at most 128 for a user")
        );
        assert_eq!(
            bells(Some("128\n".to_owned()), false).verdict,
            Verdict::Warning
        );
        assert_eq!(bells(None, false).verdict, Verdict::Warning);
    }

    #[test]
    fn few_files_are_worth_a_warning() {
        assert_eq!(files(Some(4)).verdict, Verdict::Problem);
        assert_eq!(files(Some(20)).verdict, Verdict::Warning);
        assert_eq!(files(Some(1024)).verdict, Verdict::Ok);
        assert_eq!(files(None).verdict, Verdict::Ok);
    }
}
