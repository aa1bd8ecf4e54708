//! The existing objects: those that no process uses, and those that too many users may.

use super::super::entry::{Entry, Mailbox};
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
    let mailboxes = |is_meant: &dyn Fn(&Entry, &Mailbox) -> bool| {
        let is_meant = |entry: &&Entry| {
            let mailbox = entry.mailbox.as_ref();
            mailbox.is_some_and(|mailbox| is_meant(entry, mailbox))
        };
        names(entries.iter().filter(is_meant))
    };
    let stale = match mailboxes(&|_, mailbox| mailbox.stale) {
        None => Topic("stale").ok("no mailbox is unused"),
        Some(names) => Topic("stale").warning(
            format!("no process uses {names}"),
            "shm ls --stale shows them, shm rm --stale removes those without messages",
        ),
    };
    let open = |mask: u32| mailboxes(&|entry, _| entry.status.mode & mask != 0);
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
    let locked = mailboxes(&|_, mailbox| mailbox.changing).map(|names| {
        Topic("locked").warning(
            format!("a process attaches to or closes {names}"),
            "if this stays, the process is stopped: shm stat NAME shows it; resume or end it",
        )
    });
    [stale, permissions].into_iter().chain(locked).collect()
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
