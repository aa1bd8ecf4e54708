//! Creating and opening objects: what is there then, and everything that is refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::geteuid;
use shm_core::{Created, Mapping, ObjectOptions, OpenError};
use test_support::{Name, assert_matches};

#[test]
fn a_new_object_is_empty_private_and_ours() {
    let name = Name::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    let status = object.status().unwrap();
    assert_eq!((status.size, status.allocated, status.links), (0, 0, 1));
    assert_eq!(status.owner, geteuid().as_raw());
    assert_eq!(status.mode, 0o600);
    assert_eq!(object.name(), &*name);
    assert!(object.is_writable());
}

#[test]
fn creating_a_name_twice_says_that_it_exists() {
    let name = Name::new();
    let _object = name.create(1);
    let error = ObjectOptions::new().create_new(&name).unwrap_err();
    assert_matches!(error, OpenError::Exists { .. });
    assert_eq!(
        error.to_string(),
        format!(
            "object \"{}\" exists already; open it, or unlink it first",
            *name
        )
    );
}

#[test]
fn opening_what_is_not_there_says_so() {
    let name = Name::new();
    let error = ObjectOptions::new().open(&name).unwrap_err();
    assert_matches!(error, OpenError::NotFound { .. });
    assert_eq!(
        error.to_string(),
        format!("object \"{}\" does not exist", *name)
    );
}

#[test]
fn every_open_of_a_name_is_the_same_object() {
    let name = Name::new();
    let object = name.create(100);
    let same = name.open();
    assert_eq!(same.id(), object.id());
    assert_eq!(same.size().unwrap(), 100);
    let reader = name.open_read_only();
    assert_eq!(reader.id(), object.id());
    assert!(!reader.is_writable());
}

#[test]
fn an_object_closes_on_exec() {
    let name = Name::new();
    for object in [name.create(1), name.open()] {
        let flags = fcntl(&object, FcntlArg::F_GETFD).unwrap();
        assert_eq!(flags, FdFlag::FD_CLOEXEC.bits());
    }
}

#[test]
fn an_object_that_is_too_small_is_refused_with_both_sizes() {
    let name = Name::new();
    let _object = name.create(4095);
    let mut options = ObjectOptions::new();
    let error = options.min_size(4096).open(&name).unwrap_err();
    assert_matches!(
        error,
        OpenError::TooSmall {
            expected: 4096,
            found: 4095,
            ..
        }
    );
    assert_eq!(
        error.to_string(),
        format!(
            "object \"{}\" has 4095 bytes, at least 4096 are needed",
            *name
        )
    );
    assert!(options.min_size(4095).open(&name).is_ok());
}

#[test]
fn an_object_that_others_may_write_to_is_refused_unless_allowed() {
    let name = Name::new();
    let _object = ObjectOptions::new().mode(0o602).create_new(&name).unwrap();
    let mut options = ObjectOptions::new();
    let error = options.open(&name).unwrap_err();
    assert_matches!(error, OpenError::OpenToOthers { mode: 0o602, .. });
    assert!(error.to_string().contains("mode 0602"), "{error}");
    assert!(options.any_mode(true).open(&name).is_ok());
}

#[test]
fn an_object_that_its_group_may_write_to_is_opened() {
    let name = Name::new();
    let _object = ObjectOptions::new().mode(0o664).create_new(&name).unwrap();
    assert!(ObjectOptions::new().open(&name).is_ok());
}

#[test]
fn nobody_shares_with_the_number_that_means_no_group_and_nothing_is_left() {
    let name = Name::new();
    let error = ObjectOptions::new()
        .group(u32::MAX)
        .create_new(&name)
        .unwrap_err();
    assert_matches!(
        error,
        OpenError::NotInGroup {
            group: u32::MAX,
            ..
        }
    );
    assert!(!name.path().exists());
}

#[test]
fn of_many_that_open_or_create_at_once_exactly_one_creates() {
    for _ in 0..100 {
        let name = Name::new();
        let barrier = Barrier::new(4);
        let results = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    barrier.wait();
                    let (object, created) = ObjectOptions::new().open_or_create(&name).unwrap();
                    results.lock().unwrap().push((object.id(), created));
                });
            }
        });
        let results = results.into_inner().unwrap();
        let creators = results
            .iter()
            .filter(|(_, created)| *created == Created::Yes);
        assert_eq!(creators.count(), 1);
        assert!(results.iter().all(|(id, _)| *id == results[0].0));
    }
}

#[test]
fn open_or_create_succeeds_while_the_name_comes_and_goes() {
    let name = Name::new();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // Whichever it finds; a name that vanished or appeared meanwhile is what this is
                // about.
                let _ = shm_core::unlink(&name);
                let _ = ObjectOptions::new().create_new(&name);
            }
        });
        let outcome = (0..2_000).try_for_each(|_| {
            let (object, _) = ObjectOptions::new().open_or_create(&name)?;
            object.status().map(drop).map_err(OpenError::from)
        });
        over.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
}

#[test]
fn read_at_ends_where_the_object_ends() {
    let name = Name::new();
    let object = name.create(10);
    let mapping = Mapping::shared(&object).unwrap();
    mapping.write(0, b"0123456789").unwrap();
    let reader = name.open_read_only();
    let mut buffer = [0; 8];
    assert_eq!(reader.read_at(&mut buffer, 2).unwrap(), 8);
    assert_eq!(&buffer, b"23456789");
    assert_eq!(reader.read_at(&mut buffer, 9).unwrap(), 1);
    assert_eq!(reader.read_at(&mut buffer, 10).unwrap(), 0);
    object.set_size(0).unwrap();
    assert_eq!(reader.read_at(&mut buffer, 0).unwrap(), 0);
    assert!(reader.read_at(&mut buffer, u64::MAX).is_err());
}
