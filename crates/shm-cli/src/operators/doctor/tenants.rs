//! The objects that are there: those that nobody uses, and those that too many may.

use super::super::entry::Entry;
use super::super::objects;
use super::Finding;
use crate::failure::Status;

/// Others, neither owner nor group, may write, or read.
const OTHERS_WRITE: u32 = 0o002;
const OTHERS_READ: u32 = 0o004;

/// About stale mailboxes, loose permissions, and processes that are stopped half-way.
pub(super) fn findings() -> Vec<Finding> {
    match objects::list(false, |_| true) {
        Ok(entries) => judge(&entries),
        // That there is no such directory has been told.
        Err(failure) if failure.status() == Status::NoObject => Vec::new(),
        Err(failure) => vec![Finding::warning(
            "stale",
            format!("cannot be checked: {}", failure.what()),
            "first what is said of /dev/shm above",
        )],
    }
}

fn judge(entries: &[Entry]) -> Vec<Finding> {
    let mailboxes = || entries.iter().filter(|entry| entry.mailbox.is_some());
    let mut findings = Vec::new();

    let stale = names(mailboxes().filter(|entry| entry.is_stale()));
    findings.push(match stale {
        None => Finding::ok("stale", "no mailbox is unused"),
        Some(names) => Finding::warning(
            "stale",
            format!("no process uses {names}"),
            "shm ls --stale shows them, shm rm --stale removes those without messages",
        ),
    });

    let open = |mask: u32| names(mailboxes().filter(|entry| entry.status.mode & mask != 0));
    findings.push(match (open(OTHERS_WRITE), open(OTHERS_READ)) {
        (None, None) => Finding::ok("permissions", "no mailbox is open to every user"),
        (Some(names), _) => Finding::warning(
            "permissions",
            format!("every user may write to {names}"),
            "chmod o-rwx /dev/shm/NAME; --group at both ends shares with a few",
        ),
        (None, Some(names)) => Finding::warning(
            "permissions",
            format!("every user may read {names}, and so can keep others out by a lock"),
            "chmod o-rwx /dev/shm/NAME; --group at both ends shares with a few",
        ),
    });

    let changing = mailboxes().filter(|entry| entry.mailbox.as_ref().is_some_and(|m| m.changing));
    if let Some(names) = names(changing) {
        findings.push(Finding::warning(
            "locked",
            format!("a process attaches to or closes {names}"),
            "if that stays so it is stopped: shm stat NAME shows who has it open; continue or end it",
        ));
    }
    findings
}

/// The first few names, if there are any.
fn names<'a>(entries: impl Iterator<Item = &'a Entry>) -> Option<String> {
    let names: Vec<_> = entries.map(Entry::shown_name).collect();
    match names.as_slice() {
        [] => None,
        [first @ .., last] if names.len() <= 4 => Some(if first.is_empty() {
            last.clone()
        } else {
            format!("{} and {last}", first.join(", "))
        }),
        [first, second, third, ..] => Some(format!(
            "{first}, {second}, {third} and {} more",
            names.len() - 3
        )),
        _ => None,
    }
}
