//! Objects from creation to the end of their name, in one process.

mod support;

use shm_core::{Created, FileKind, Link, Lock, Mapping, ObjectOptions, OpenError, Unlink, list};
use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use support::{UniqueName, in_child};

fn make_fifo(name: &UniqueName) {
    let path = CString::new(name.path().as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends with a NUL and outlives the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

#[test]
fn a_new_object_is_empty_private_and_ours() {
    let name = UniqueName::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    let status = object.status().unwrap();
    assert_eq!((status.size, status.allocated, status.links), (0, 0, 1));
    // SAFETY: no arguments, no failure.
    assert_eq!(status.owner, unsafe { libc::geteuid() });
    assert_eq!(status.mode, 0o600);
    assert_eq!(object.name(), &*name);
    assert!(object.is_writable());
}

#[test]
fn creating_a_name_twice_says_that_it_exists() {
    let name = UniqueName::new();
    let _object = name.create(1);
    let error = ObjectOptions::new().create_new(&name).unwrap_err();
    assert!(matches!(error, OpenError::Exists { .. }), "{error:?}");
    let expected = format!(
        "object \"{}\" exists already; open it, or unlink it first",
        *name
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn opening_what_is_not_there_says_so() {
    let name = UniqueName::new();
    let error = ObjectOptions::new().open(&name).unwrap_err();
    assert!(matches!(error, OpenError::NotFound { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("object \"{}\" does not exist", *name)
    );
}

#[test]
fn every_open_of_a_name_is_the_same_object() {
    let name = UniqueName::new();
    let object = name.create(100);
    let same = name.open();
    assert_eq!(same.id(), object.id());
    assert_eq!(same.size().unwrap(), 100);
    let reader = ObjectOptions::new().read_only(true).open(&name).unwrap();
    assert_eq!(reader.id(), object.id());
    assert!(!reader.is_writable());
}

#[test]
fn an_object_closes_on_exec() {
    let name = UniqueName::new();
    for object in [name.create(1), name.open()] {
        // SAFETY: the descriptor is open; F_GETFD has no further argument.
        let flags = unsafe { libc::fcntl(object.as_fd().as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    }
}

#[test]
fn the_mode_is_exact_and_the_umask_untouched() {
    let name = UniqueName::new();
    in_child(|| {
        // SAFETY: a number.
        unsafe { libc::umask(0o077) };
        let object = ObjectOptions::new()
            .mode(0o100_666)
            .create_new(&name)
            .unwrap();
        assert_eq!(object.status().unwrap().mode, 0o666);
        // SAFETY: a number.
        assert_eq!(unsafe { libc::umask(0o022) }, 0o077);
    });
}

#[test]
fn an_object_that_is_too_small_is_refused_with_both_sizes() {
    let name = UniqueName::new();
    let _object = name.create(4095);
    let mut options = ObjectOptions::new();
    let error = options.min_size(4096).open(&name).unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::TooSmall {
                expected: 4096,
                found: 4095,
                ..
            }
        ),
        "{error:?}"
    );
    let expected = format!(
        "object \"{}\" has 4095 bytes, at least 4096 are needed",
        *name
    );
    assert_eq!(error.to_string(), expected);
    assert!(options.min_size(4095).open(&name).is_ok());
}

#[test]
fn what_is_not_a_regular_file_is_refused_by_its_kind() {
    let (fifo, link, directory, socket) = (
        UniqueName::new(),
        UniqueName::new(),
        UniqueName::new(),
        UniqueName::new(),
    );
    make_fifo(&fifo);
    // To a file that could be opened: it is the link itself that is refused.
    std::os::unix::fs::symlink("/dev/null", link.path()).unwrap();
    fs::create_dir(directory.path()).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(socket.path()).unwrap();

    for (name, kind) in [
        (&fifo, FileKind::Fifo),
        (&link, FileKind::Symlink),
        (&directory, FileKind::Directory),
        (&socket, FileKind::Socket),
    ] {
        // In a child, which does not live for ever: a FIFO that is opened for reading without
        // O_NONBLOCK waits for a writer.
        in_child(|| {
            for read_only in [false, true] {
                let mut options = ObjectOptions::new();
                let error = options.read_only(read_only).open(name).unwrap_err();
                assert!(
                    matches!(error, OpenError::NotRegular { found, .. } if found == kind),
                    "{error:?}"
                );
                let error = options.open_or_create(name).unwrap_err();
                assert!(matches!(error, OpenError::NotRegular { .. }), "{error:?}");
            }
        });
    }
}

#[test]
fn an_object_that_others_may_write_to_is_refused_unless_allowed() {
    let name = UniqueName::new();
    let _object = ObjectOptions::new().mode(0o602).create_new(&name).unwrap();
    let mut options = ObjectOptions::new();
    let error = options.open(&name).unwrap_err();
    assert!(
        matches!(error, OpenError::OpenToOthers { mode: 0o602, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("mode 0602"), "{error}");
    assert!(options.any_mode(true).open(&name).is_ok());
}

#[test]
fn an_object_that_its_group_may_write_to_is_opened() {
    let name = UniqueName::new();
    let _object = ObjectOptions::new().mode(0o664).create_new(&name).unwrap();
    assert!(ObjectOptions::new().open(&name).is_ok());
}

#[test]
fn nobody_shares_with_the_number_that_means_no_group_and_nothing_is_left() {
    let name = UniqueName::new();
    let error = ObjectOptions::new()
        .group(u32::MAX)
        .create_new(&name)
        .unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::NotInGroup {
                group: u32::MAX,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(!name.path().exists());
}

#[test]
fn of_many_that_open_or_create_at_once_exactly_one_creates() {
    for _ in 0..100 {
        let name = UniqueName::new();
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
    let name = UniqueName::new();
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
fn an_object_without_a_name_gets_it_with_all_that_is_in_it() {
    let name = UniqueName::new();
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
    let name = UniqueName::new();
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
    let name = UniqueName::new();
    let object = ObjectOptions::new().create_unnamed(&name).unwrap();
    let first = name.create(1);
    assert_eq!(object.link().unwrap(), Link::Taken);
    assert!(first.has_name().unwrap());
    fs::remove_file(name.path()).unwrap();
    make_fifo(&name);
    assert_eq!(object.link().unwrap(), Link::Taken);
}

#[test]
fn an_object_that_was_renamed_has_not_its_name() {
    let (name, other) = (UniqueName::new(), UniqueName::new());
    let object = name.create(1);
    fs::rename(name.path(), other.path()).unwrap();
    assert!(!object.has_name().unwrap());
    assert_eq!(object.status().unwrap().links, 1);
    fs::hard_link(other.path(), name.path()).unwrap();
    assert!(object.has_name().unwrap());
}

#[test]
fn the_descriptor_of_an_object_that_takes_locks_has_a_high_number() {
    let name = UniqueName::new();
    let made = name.create(1);
    let read_only = ObjectOptions::new().read_only(true).open(&name).unwrap();
    assert!(made.as_fd().as_raw_fd() >= 256);
    assert!(name.open().as_fd().as_raw_fd() >= 256);
    assert!(read_only.as_fd().as_raw_fd() < 256);
}

#[test]
fn unlinking_ends_the_name_and_not_the_object() {
    let name = UniqueName::new();
    let object = name.create(4096);
    assert!(object.has_name().unwrap());
    assert_eq!(object.unlink().unwrap(), Unlink::Done);
    assert!(!object.has_name().unwrap());
    assert_eq!(object.size().unwrap(), 4096);
    assert_eq!(object.unlink().unwrap(), Unlink::AlreadyGone);
}

#[test]
fn an_object_that_took_the_name_is_not_unlinked() {
    let name = UniqueName::new();
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
    let name = UniqueName::new();
    let object = name.create(1);
    shm_core::unlink(&name).unwrap();
    std::os::unix::fs::symlink("/dev/null", name.path()).unwrap();
    assert_eq!(object.unlink().unwrap(), Unlink::Replaced);
    fs::remove_file(name.path()).unwrap();
    make_fifo(&name);
    assert_eq!(object.unlink().unwrap(), Unlink::Replaced);
}

#[test]
fn unlinking_a_name_that_is_not_there_is_an_error_with_the_name() {
    let name = UniqueName::new();
    let error = shm_core::unlink(&name).unwrap_err();
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
    let expected = format!(
        "shm_unlink of object \"{}\": No such file or directory (os error 2)",
        *name
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn read_at_ends_where_the_object_ends() {
    let name = UniqueName::new();
    let object = name.create(10);
    let mapping = shm_core::Mapping::shared(&object).unwrap();
    mapping.write(0, b"0123456789").unwrap();
    let reader = ObjectOptions::new().read_only(true).open(&name).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(reader.read_at(&mut buffer, 2).unwrap(), 8);
    assert_eq!(&buffer, b"23456789");
    assert_eq!(reader.read_at(&mut buffer, 9).unwrap(), 1);
    assert_eq!(reader.read_at(&mut buffer, 10).unwrap(), 0);
    object.set_size(0).unwrap();
    assert_eq!(reader.read_at(&mut buffer, 0).unwrap(), 0);
    assert!(reader.read_at(&mut buffer, u64::MAX).is_err());
}

#[test]
fn the_list_has_objects_and_marks_what_is_none() {
    let (name, link) = (UniqueName::new(), UniqueName::new());
    let object = name.create(5000);
    std::os::unix::fs::symlink("nowhere", link.path()).unwrap();
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
        let names = [(); 200].map(|()| UniqueName::new());
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
fn running_out_of_descriptors_is_a_system_error_that_names_the_object() {
    let name = UniqueName::new();
    let _object = name.create(1);
    in_child(|| {
        let none = libc::rlimit {
            rlim_cur: 0,
            rlim_max: 0,
        };
        // SAFETY: `none` outlives the call.
        let set = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const none) };
        assert_eq!(set, 0);
        let error = ObjectOptions::new().open(&name).unwrap_err();
        let expected = format!(
            "shm_open of object \"{}\": Too many open files (os error 24)",
            *name
        );
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_test_leaves_nothing_behind() {
    let name = UniqueName::new();
    let path = name.path();
    let object = name.create(1);
    drop(object);
    assert!(path.exists());
    drop(name);
    assert!(!path.exists());
}
