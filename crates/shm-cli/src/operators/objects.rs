//! Looking at what is in `/dev/shm`: each object is opened once, everything is taken from what was opened, and who
//! uses it is asked by its identity, since a name may change hands at any moment.

use glob::Pattern;
use shm_core::{ListEntry, OpenError, ShmName};
use shm_mailbox::observe::{self, Content};

use super::entry::{Entry, Kind};
use crate::args::Wanted;
use crate::failure::{Failure, Status, errors};
use crate::system::procfs::Users;

/// What is in `/dev/shm`, mailboxes first, then by name, and who uses it. With `all` also what is no object.
pub(crate) fn list(all: bool, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, Failure> {
    let mut entries = list_without_users(all, wanted)?;
    add_users(entries.iter_mut().collect());
    Ok(entries)
}

/// As [`list`], for those who do not ask who uses it: to look at all processes takes time.
pub(crate) fn list_without_users(
    all: bool,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Entry>, Failure> {
    let listed = shm_core::list().map_err(|error| errors::system(&error))?;
    let mut entries: Vec<_> = listed
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
pub(crate) struct Found {
    pub(crate) entry: Entry,
    /// Whether a pattern found it, and nobody has named it.
    pub(crate) by_pattern: bool,
}

/// What stands under each of these names, or matches the pattern; each object once.
pub(crate) fn find(wanted: &[Wanted]) -> Vec<Result<Found, Failure>> {
    let mut found: Vec<Result<Found, Failure>> = Vec::new();
    for wanted in wanted {
        for result in find_one(wanted) {
            let is_new = found.iter().flatten().all(|before| match &result {
                Ok(now) => now.entry.file_name != before.entry.file_name,
                Err(_) => true,
            });
            if is_new {
                found.push(result);
            }
        }
    }
    add_users(
        found
            .iter_mut()
            .flatten()
            .map(|found| &mut found.entry)
            .collect(),
    );
    found
}

fn find_one(wanted: &Wanted) -> Vec<Result<Found, Failure>> {
    let found = match wanted {
        Wanted::Name(name, pattern) => match (ListEntry::find(name), pattern) {
            (Ok(None), Some(pattern)) => return matching(pattern),
            (found, _) => found.map(|listed| listed.and_then(look)),
        },
        Wanted::Bytes(name) => shm_core::list().map(|listed| {
            let mut listed = listed.into_iter();
            listed.find(|listed| listed.name == *name).and_then(look)
        }),
    };
    vec![match found {
        Ok(Some(entry)) => Ok(Found {
            entry,
            by_pattern: false,
        }),
        Ok(None) => Err(absent(wanted)),
        Err(error) => Err(errors::system(&error)),
    }]
}

/// The objects whose names match.
fn matching(pattern: &Pattern) -> Vec<Result<Found, Failure>> {
    let listed = match shm_core::list() {
        Ok(listed) => listed.into_iter(),
        Err(error) => return vec![Err(errors::system(&error))],
    };
    let found: Vec<_> = listed
        .filter(|listed| {
            listed
                .object_name()
                .is_some_and(|name| pattern.matches(name.as_str()))
        })
        .filter_map(look)
        .map(|entry| {
            Ok(Found {
                entry,
                by_pattern: true,
            })
        })
        .collect();
    if found.is_empty() {
        let what = format_args!("no object matches {:?}", pattern.as_str());
        let failure = Failure::new(Status::NoObject, what);
        return vec![Err(failure.next("shm ls shows what is there"))];
    }
    found
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

/// What can be seen now; none if it is gone by now. What may be no object is not opened: a FIFO would notice.
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
pub(crate) fn unreadable(error: &OpenError) -> Failure {
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
    let users = Users::of(entries.iter().map(|entry| entry.id));
    for entry in entries {
        entry.add_users(&users.get(entry.id));
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
