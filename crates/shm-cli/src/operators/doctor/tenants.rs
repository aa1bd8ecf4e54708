//! The existing objects: those that no process uses, and those that too many users may.

use super::super::bus::Place;
use super::super::entry::Entry;
use super::super::objects;
use super::finding::{Finding, Topic};
use crate::failure::Status;

/// Others, neither owner nor group, may write, or read.
const OTHERS_WRITE: u32 = 0o002;
const OTHERS_READ: u32 = 0o004;

/// About stale mailboxes, loose permissions, and processes that are stopped half-way.
pub(super) fn findings() -> Vec<Finding> {
    match objects::list(false, |_| true) {
        Ok(entries) => judge(&entries),
        // Another finding has reported that there is no such directory.
        Err(failure) if failure.status() == Status::NoObject => Vec::new(),
        Err(failure) => vec![Topic("stale").warning(
            format!("cannot be checked: {}", failure.what()),
            "first do what is suggested for /dev/shm above",
        )],
    }
}

fn judge(entries: &[Entry]) -> Vec<Finding> {
    let ours = |is_meant: &dyn Fn(&Entry) -> bool| {
        let is_ours = |entry: &&Entry| entry.traffic().is_some() && is_meant(entry);
        names(entries.iter().filter(is_ours))
    };
    let stale = match ours(&Entry::is_stale) {
        None => Topic("stale").ok("no mailbox is unused"),
        Some(names) => Topic("stale").warning(
            format!("no process uses {names}"),
            "shm ls --stale shows them, shm rm --stale removes those without messages",
        ),
    };
    let open = |mask: u32| ours(&|entry| entry.status.mode & mask != 0);
    let open = match (open(OTHERS_WRITE), open(OTHERS_READ)) {
        (None, None) => None,
        (Some(names), _) => Some(format!("every user may write to {names}")),
        (None, Some(names)) => Some(format!(
            "every user may read {names}, and so can keep others out by a lock"
        )),
    };
    let permissions = match open {
        None => Topic("permissions").ok("no mailbox is open to every user"),
        Some(what) => Topic("permissions").warning(
            what,
            "chmod o-rwx /dev/shm/NAME; --group for writer and reader shares with a few",
        ),
    };
    let locked = ours(&Entry::is_changing).map(|names| {
        Topic("locked").warning(
            format!("a process attaches to or closes {names}"),
            "if this stays, the process is stopped: shm stat NAME shows it; resume or end it",
        )
    });
    let findings = [stale, permissions].into_iter().chain(locked);
    findings.chain(buses(entries)).collect()
}

/// Advice about absent readers whose messages are kept, and about readers that hold writers back.
fn buses(entries: &[Entry]) -> impl Iterator<Item = Finding> {
    let buses = |is_meant: &dyn Fn(&Place) -> bool| {
        let is_meant = |entry: &&Entry| {
            let bus = entry.bus.as_ref();
            bus.is_some_and(|bus| bus.places.iter().any(is_meant))
        };
        names(entries.iter().filter(is_meant))
    };
    let kept = buses(&|place| place.kept && place.behind > 0).map(|names| {
        Topic("kept").warning(
            format!("messages wait for a reader that is away on {names}"),
            "shm stat NAME shows its label: start it again, or shm forget NAME LABEL",
        )
    });
    let holding = buses(&|place| place.holds_back).map(|names| {
        Topic("held back").warning(
            format!("a reader holds the writers back on {names}"),
            "shm stat NAME shows which: continue or end that process, or shm forget its label",
        )
    });
    kept.into_iter().chain(holding)
}

/// The first few names, if there are any.
fn names<'a>(entries: impl Iterator<Item = &'a Entry>) -> Option<String> {
    let names: Vec<_> = entries.map(Entry::shown_name).collect();
    match names.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        [first, second, third, _, _, ..] => {
            let more = names.len() - 3;
            Some(format!("{first}, {second}, {third} and {more} more"))
        }
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
