//! How objects get names, keep and lose them, and what is listed.

use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::symlink;
use std::sync::Barrier;
use std::thread;

use shm_core::{FileKind, Link, Lock, Mapping, ObjectOptions, OpenError, Unlink, list};
use test_support::Name;

#[test]
fn an_object_without_a_name_gets_it_with_all_that_is_in_it() {
    let name = Name::new();
    let mut options = ObjectOptions::new();
    let object = options.mode(0o640).create_unnamed(&name).unwrap();
    object.reserve(4096).unwrap();
    assert!(!object.has_name().unwrap());
    let absent = options.open(&name);
    assert!(matches!(absent, Err(OpenError::NotFound { .. })));

    assert_eq!(object.link().unwrap(), Link::Done);
    assert!(object.has_name().unwrap());
    let found = options.open(&name).unwrap();
    let status = found.status().unwrap();
    assert_eq!(
        (found.id(), status.size, status.mode),
        (object.id(), 4096, 0o640)
    );
}

#[test]
fn an_object_without_a_name_is_opened_once_more_with_locks_of_its_own() {
    let name = Name::new();
    let object = ObjectOptions::new().create_unnamed(&name).unwrap();
    object.reserve(4096).unwrap();
    let second = object.reopen().unwrap();
    assert_eq!(second.id(), object.id());
    assert!(!name.path().exists());
    let (here, there) = (
        Mapping::shared(&object).unwrap(),
        Mapping::shared(&second).unwrap(),
    );
    here.write(8, b"seen").unwrap();
    let mut seen = [0; 4];
    there.read(8, &mut seen).unwrap();
    assert_eq!(&seen, b"seen");
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    assert_eq!(second.try_lock(0).unwrap(), Lock::Busy);
}

#[test]
fn a_name_that_is_taken_stays_as_it_is() {
    let name = Name::new();
    let object = ObjectOptions::new().create_unnamed(&name).unwrap();
    let first = name.create(1);
    assert_eq!(object.link().unwrap(), Link::Taken);
    assert!(first.has_name().unwrap());
    fs::remove_file(name.path()).unwrap();
    name.make_fifo();
    assert_eq!(object.link().unwrap(), Link::Taken);
}

#[test]
fn an_object_that_was_renamed_has_not_its_name() {
    let (name, other) = (Name::new(), Name::new());
    let object = name.create(1);
    fs::rename(name.path(), other.path()).unwrap();
    assert!(!object.has_name().unwrap());
    assert_eq!(object.status().unwrap().links, 1);
    fs::hard_link(other.path(), name.path()).unwrap();
    assert!(object.has_name().unwrap());
}

#[test]
fn the_descriptor_of_an_object_that_takes_locks_has_a_high_number() {
    let name = Name::new();
    let made = name.create(1);
    let read_only = name.open_read_only();
    assert!(made.as_fd().as_raw_fd() >= 256);
    assert!(name.open().as_fd().as_raw_fd() >= 256);
    assert!(read_only.as_fd().as_raw_fd() < 256);
}

#[test]
fn unlinking_ends_the_name_and_not_the_object() {
    let name = Name::new();
    let object = name.create(4096);
    assert!(object.has_name().unwrap());
    assert_eq!(object.unlink().unwrap(), Unlink::Done);
    assert!(!object.has_name().unwrap());
    assert_eq!(object.size().unwrap(), 4096);
    assert_eq!(object.unlink().unwrap(), Unlink::AlreadyGone);
}

#[test]
fn an_object_that_took_the_name_is_not_unlinked() {
    let name = Name::new();
    let old = name.create(1);
    shm_core::unlink(&name).unwrap();
    let new = name.create(1);
    assert_ne!(old.id(), new.id());
    assert_eq!(old.unlink().unwrap(), Unlink::Replaced);
    assert!(!old.has_name().unwrap());
    assert!(new.has_name().unwrap());
    assert_eq!(new.unlink().unwrap(), Unlink::Done);
}

#[test]
fn a_link_or_a_fifo_that_took_the_name_is_not_unlinked() {
    let name = Name::new();
    let object = name.create(1);
    shm_core::unlink(&name).unwrap();
    symlink("/dev/null", name.path()).unwrap();
    assert_eq!(object.unlink().unwrap(), Unlink::Replaced);
    fs::remove_file(name.path()).unwrap();
    name.make_fifo();
    assert_eq!(object.unlink().unwrap(), Unlink::Replaced);
}

#[test]
fn unlinking_a_name_that_is_not_there_is_an_error_with_the_name() {
    let name = Name::new();
    let error = shm_core::unlink(&name).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        format!(
            "shm_unlink of object \"{}\": No such file or directory (os error 2)",
            *name
        )
    );
}

#[test]
fn the_list_has_objects_and_marks_what_is_none() {
    let (name, link) = (Name::new(), Name::new());
    let object = name.create(5000);
    symlink("nowhere", link.path()).unwrap();
    let entries = list().unwrap();

    let find = |name: &str| entries.iter().find(|entry| entry.name == *name).unwrap();
    let entry = find(name.as_str());
    assert_eq!((entry.kind, entry.id), (FileKind::Regular, object.id()));
    assert_eq!(entry.status, object.status().unwrap());
    assert_eq!(entry.object_name().as_ref(), Some(&*name));

    let entry = find(link.as_str());
    assert_eq!((entry.kind, entry.object_name()), (FileKind::Symlink, None));
    assert!(entries.is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn the_list_leaves_out_what_vanishes_meanwhile() {
    for _ in 0..30 {
        let names = [(); 200].map(|()| Name::new());
        for name in &names {
            ObjectOptions::new().create_new(name).unwrap();
        }
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                drop(names);
            });
            barrier.wait();
            list().unwrap();
        });
    }
}

#[test]
fn a_test_leaves_nothing_behind() {
    let name = Name::new();
    let path = name.path();
    let object = name.create(1);
    drop(object);
    assert!(path.exists());
    drop(name);
    assert!(!path.exists());
}
