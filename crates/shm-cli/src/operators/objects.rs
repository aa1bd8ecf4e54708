//! Looking at what is in `/dev/shm`: each object is opened once, everything is taken from what was
//! opened, and who uses it is asked by its identity, since a name may change hands at any moment.

use std::collections::HashSet;

use glob::Pattern;
use shm_core::{ListEntry, OpenError, ShmName};
use shm_mailbox::observe::{self, Content};

use super::entry::{Entry, Kind};
use crate::args::Wanted;
use crate::failure::{Failure, Status, errors};
use crate::system::procfs;

/// What is in `/dev/shm`, mailboxes first, then by name, and who uses it. With `all` also what is
/// no object.
pub(super) fn list(all: bool, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, Failure> {
    let mut entries = list_without_users(all, wanted)?;
    add_users(entries.iter_mut().collect());
    Ok(entries)
}

/// As [`list`], for those who do not ask who uses it: to look at all processes takes time.
pub(super) fn list_without_users(
    all: bool,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Entry>, Failure> {
    let mut entries: Vec<_> = shm_core::list()?
        .into_iter()
        .filter(|listed| all || listed.object_name().is_some())
        .filter(|listed| wanted(&listed.name.to_string_lossy()))
        .filter_map(look)
        .collect();
    entries.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(entries)
}

/// What was found for something that was asked for.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) entry: Entry,
    /// Whether a pattern found it, and the user has not named it.
    pub(super) by_pattern: bool,
}

/// What stands under each of these names, or matches the pattern; each object once.
pub(super) fn find(wanted: &[Wanted]) -> Vec<Result<Found, Failure>> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for wanted in wanted {
        match find_one(wanted) {
            Ok(found) => {
                let new = found
                    .into_iter()
                    .filter(|found| seen.insert(found.entry.file_name.clone()));
                all.extend(new.map(Ok));
            }
            Err(failure) => all.push(Err(failure)),
        }
    }
    let found = all.iter_mut().flatten();
    add_users(found.map(|found: &mut Found| &mut found.entry).collect());
    all
}

fn find_one(wanted: &Wanted) -> Result<Vec<Found>, Failure> {
    let listed = match wanted {
        Wanted::Name(name, pattern) => match (ListEntry::find(name)?, pattern) {
            (None, Some(pattern)) => return matching(pattern),
            (listed, _) => listed,
        },
        Wanted::Bytes(name) => shm_core::list()?
            .into_iter()
            .find(|listed| listed.name == *name),
    };
    let entry = listed.and_then(look).ok_or_else(|| absent(wanted))?;
    let by_pattern = false;
    Ok(vec![Found { entry, by_pattern }])
}

/// The objects whose names match.
fn matching(pattern: &Pattern) -> Result<Vec<Found>, Failure> {
    let matches = |listed: &ListEntry| {
        let name = listed.object_name();
        name.is_some_and(|name| pattern.matches(name.as_str()))
    };
    let entries = shm_core::list()?
        .into_iter()
        .filter(matches)
        .filter_map(look);
    let by_pattern = true;
    let found: Vec<_> = entries.map(|entry| Found { entry, by_pattern }).collect();
    if found.is_empty() {
        let what = format_args!("no object matches {:?}", pattern.as_str());
        return Err(Failure::new(Status::NoObject, what).next("shm ls shows what is there"));
    }
    Ok(found)
}

fn absent(wanted: &Wanted) -> Failure {
    match wanted {
        Wanted::Name(name, _) => errors::open(&OpenError::NotFound { name: name.clone() }),
        Wanted::Bytes(name) => {
            let what = format_args!("object {name:?} does not exist");
            Failure::new(Status::NoObject, what).next("shm ls --all shows what is there")
        }
    }
}

/// What can be seen now; none if it was removed. What may be no object is not opened: a FIFO would
/// notice.
fn look(listed: ListEntry) -> Option<Entry> {
    let Some(name) = listed.object_name() else {
        return Some(Entry::new(listed));
    };
    match open(&name) {
        Ok((opened, content)) => Some(Entry::new(opened).with(content)),
        Err(OpenError::NotFound { .. }) => None,
        Err(error) => {
            let mut entry = Entry::new(listed);
            entry.kind = Kind::Unreadable;
            entry.reason = Some(error.to_string());
            entry.failure = Some(unreadable(&error));
            Some(entry)
        }
    }
}

/// An object could not be opened for reading.
pub(super) fn unreadable(error: &OpenError) -> Failure {
    match error {
        OpenError::PermissionDenied { .. } if !errors::is_own(error) => {
            Failure::new(Status::Permission, error).next("act as the owner")
        }
        _ => errors::open(error),
    }
}

/// What has the name now, and what is in it.
fn open(name: &ShmName) -> Result<(ListEntry, Content), OpenError> {
    let object = observe::open(name)?;
    let opened = ListEntry::of(&object)?;
    Ok((opened, observe::look(&object)?))
}

/// Asks once for the users of all.
fn add_users(entries: Vec<&mut Entry>) {
    let users = procfs::users(entries.iter().map(|entry| entry.id));
    for entry in entries {
        entry.add_users(&users[&entry.id]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shm_core::ObjectOptions;

    #[test]
    fn what_is_seen_is_of_one_object_when_the_name_changes_hands() {
        let name = ShmName::new(&format!("shm-cli-look-{}", std::process::id())).unwrap();
        let first = ObjectOptions::new().create_new(&name).unwrap();
        let listed = ListEntry::find(&name).unwrap().unwrap();
        first.unlink().unwrap();
        let second = ObjectOptions::new().mode(0o640).create_new(&name).unwrap();
        second.set_size(1028).unwrap();
        let entry = look(listed);
        second.unlink().unwrap();
        let entry = entry.unwrap();
        assert_eq!(entry.id, second.id());
        assert_eq!(entry.inode, second.id().inode);
        assert_eq!((entry.mode.as_str(), entry.size), ("0640", 1028));
        assert_eq!(entry.kind, Kind::Classic);
    }
}
