//! Looking at what is in `/dev/shm`: each object is opened once, everything is taken from what was opened, and who
//! uses it is asked by its identity, since a name may change hands at any moment.

use shm_core::{ListEntry, OpenError, ShmName};
use shm_mailbox::observe::{self, Content};

use crate::entry::{Entry, Kind};
use crate::errors;
use crate::failure::{Failure, Status};
use crate::procfs::Users;

/// What is in `/dev/shm`, mailboxes first, then by name. With `all` also what is no object.
pub(crate) fn list(all: bool, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, Failure> {
    let listed = shm_core::list().map_err(|error| errors::system(&error))?;
    let mut entries: Vec<_> = listed
        .into_iter()
        .filter(|listed| all || listed.object_name().is_some())
        .filter(|listed| wanted(&listed.name.to_string_lossy()))
        .filter_map(look)
        .collect();
    add_users(entries.iter_mut().collect());
    entries.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(entries)
}

/// What stands under each of these names.
pub(crate) fn find(names: &[ShmName]) -> Vec<Result<Entry, Failure>> {
    let mut found: Vec<_> = names.iter().map(find_one).collect();
    add_users(found.iter_mut().flatten().collect());
    found
}

fn find_one(name: &ShmName) -> Result<Entry, Failure> {
    let listed = ListEntry::find(name).map_err(|error| errors::system(&error))?;
    let found = listed.and_then(look);
    found.ok_or_else(|| errors::open(&OpenError::NotFound { name: name.clone() }))
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
fn unreadable(error: &OpenError) -> Failure {
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
