//! What a process may have: its umask, its limits, and a `/dev/shm` with little in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, signal};
use nix::sys::stat::{Mode, umask};
use shm_core::{FileKind, Mapping, ObjectOptions, OpenError, ResizeError, list};
use test_support::{Name, Signal, assert_matches, can_mount, in_child, own_dev_shm};

#[test]
fn the_mode_is_exact_and_the_umask_untouched() {
    let name = Name::new();
    in_child(|| {
        umask(Mode::from_bits_retain(0o077));
        let object = ObjectOptions::new()
            .mode(0o100_666)
            .create_new(&name)
            .unwrap();
        assert_eq!(object.status().unwrap().mode, 0o666);
        assert_eq!(umask(Mode::empty()).bits(), 0o077);
    });
}

#[test]
fn running_out_of_descriptors_is_a_system_error_that_names_the_object() {
    let name = Name::new();
    let _object = name.create(1);
    in_child(|| {
        setrlimit(Resource::RLIMIT_NOFILE, 0, 0).unwrap();
        let error = ObjectOptions::new().open(&name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "shm_open of object \"{}\": Too many open files (os error 24)",
                *name
            )
        );
    });
}

#[test]
fn reserving_more_than_there_is_says_how_much_there_is() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k,nr_inodes=64");
        let name = Name::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        let error = object.reserve((256 << 10) + 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "no space for object \"{}\": 262145 bytes requested, 262144 available in \
                 /dev/shm; unlink stale objects, or make it larger",
                *name
            )
        );
        assert_matches!(
            error,
            ResizeError::NoSpace {
                requested: 262_145,
                available: 262_144,
                ..
            }
        );
        let status = object.status().unwrap();
        assert_eq!((status.size, status.allocated), (0, 0));
        // What there is can be had, and then there is nothing.
        object.reserve(256 << 10).unwrap();
        let other = Name::new();
        let other = ObjectOptions::new().create_new(&other).unwrap();
        let error = other.reserve(1).unwrap_err();
        assert_matches!(
            error,
            ResizeError::NoSpace {
                requested: 1,
                available: 0,
                ..
            }
        );
    });
}

#[test]
fn running_out_of_space_half_way_leaves_size_and_space_as_they_were() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k");
        let name = Name::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        object.set_size(512 << 10).unwrap();
        // 128 KiB at the end, so that the sum alone does not tell that the first 160 KiB cannot be
        // had.
        let mut options = Mapping::options();
        let tail = options.offset(384 << 10).map(&object).unwrap();
        tail.write(0, &vec![b'x'; tail.len()]).unwrap();
        let error = object.reserve(160 << 10).unwrap_err();
        assert_matches!(
            error,
            ResizeError::NoSpace {
                requested: 163_840,
                available: 131_072,
                ..
            }
        );
        let status = object.status().unwrap();
        assert_eq!((status.size, status.allocated), (512 << 10, 128 << 10));
    });
}

#[test]
fn a_reservation_that_fails_after_some_pieces_gives_them_back() {
    let name = Name::new();
    in_child(|| {
        let object = name.create(100);
        // SAFETY: from here on the limit is an error and no signal.
        unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
        setrlimit(Resource::RLIMIT_FSIZE, 6 << 20, 6 << 20).unwrap();
        let error = object.reserve(10 << 20).unwrap_err();
        assert_matches!(
            error,
            ResizeError::TooLarge {
                requested: 10_485_760,
                ..
            }
        );
        let status = object.status().unwrap();
        assert_eq!(status.size, 100);
        assert!(status.allocated <= 64 << 10, "{status:?}");
    });
}

#[test]
fn running_out_of_inodes_says_so_and_creates_nothing() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k,nr_inodes=4");
        let names = [(); 4].map(|()| Name::new());
        let results = names
            .each_ref()
            .map(|name| ObjectOptions::new().create_new(name));
        // One inode is the directory's own.
        let [Ok(_), Ok(_), Ok(_), Err(error)] = &results else {
            panic!("{results:?}");
        };
        assert_matches!(error, OpenError::NoInodes { .. });
        assert!(
            error.to_string().starts_with("no inode left in /dev/shm"),
            "{error}"
        );
        assert_eq!(list().unwrap().len(), 3);
    });
}

#[test]
fn what_is_not_a_regular_file_is_refused_by_its_kind() {
    let [fifo, link, directory, socket] = [(); 4].map(|()| Name::new());
    fifo.make_fifo();
    // To a file that could be opened: it is the link itself that is refused.
    symlink("/dev/null", link.path()).unwrap();
    fs::create_dir(directory.path()).unwrap();
    let _listener = UnixListener::bind(socket.path()).unwrap();

    for (name, kind) in [
        (&fifo, FileKind::Fifo),
        (&link, FileKind::Symlink),
        (&directory, FileKind::Directory),
        (&socket, FileKind::Socket),
    ] {
        // In a child, which is not waited for for ever: a FIFO that is opened for reading without
        // O_NONBLOCK waits for a writer.
        in_child(|| {
            for read_only in [false, true] {
                let mut options = ObjectOptions::new();
                let error = options.read_only(read_only).open(name).unwrap_err();
                assert_matches!(error, OpenError::NotRegular { found, .. } if found == kind);
                let error = options.open_or_create(name).unwrap_err();
                assert_matches!(error, OpenError::NotRegular { .. });
            }
        });
    }
}
