//! Limits of the process and of the file system: an error that says so, no signal, and nothing
//! left.

use std::fs;
use std::sync::atomic::Ordering;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shm_mailbox::AttachError;
use test_support::{can_mount, in_child, own_dev_shm};

use crate::support::{Name, Shared, leaks};

/// In a child only: sets a limit of this process, and returns the one before.
fn limit(resource: Resource, bytes: u64) -> u64 {
    let (before, hard) = getrlimit(resource).expect("our own");
    setrlimit(resource, bytes, hard).expect("less than the hard limit");
    before
}

/// Every end that makes an object or attaches to one; what it said, or nothing if it succeeded.
fn attach(name: &Name, end: usize, slots: u32) -> Result<(), String> {
    let options = name.options().slots(slots);
    match end {
        0 => options
            .sender()
            .map(drop)
            .map_err(|error| error.to_string()),
        1 => options
            .receiver()
            .map(drop)
            .map_err(|error| error.to_string()),
        _ => {
            let writer = name.classic().writer();
            writer.map(drop).map_err(|error| error.to_string())
        }
    }
}

const ENDS: usize = 3;

/// Fails unless an attach was refused in these words, and has left nothing.
#[track_caller]
fn assert_refused(refused: Result<(), String>, name: &Name, words: &str) {
    let error = refused.expect_err(words);
    assert!(error.contains(words), "{error}");
    assert!(error.contains(name.as_str()), "{error}");
    assert!(!name.exists(), "an object is left");
    leaks::assert_none(&name.path(), words);
}

#[test]
fn too_few_descriptors_are_an_error_that_says_so() {
    let shared = Shared::new();
    let count = shared.number(0);
    for end in 0..ENDS {
        for spare in 0..2 {
            let name = Name::new();
            in_child(|| {
                // All that there may be are in use, but so many.
                let before = limit(Resource::RLIMIT_NOFILE, 256);
                let mut used = Vec::new();
                while let Ok(file) = fs::File::open("/dev/null") {
                    used.push(file);
                }
                used.truncate(used.len() - spare);
                let result = attach(&name, end, 64);
                limit(Resource::RLIMIT_NOFILE, before);
                if result.is_err() {
                    assert_refused(result, &name, "Too many open files");
                    count.fetch_add(1, Ordering::SeqCst);
                }
                attach(&name, end, 64).expect("now there are enough");
                leaks::assert_none(&name.path(), "enough descriptors");
            });
        }
    }
    // Without a single one nobody gets anywhere.
    assert!(count.load(Ordering::SeqCst) >= 3, "{count:?}");
}

#[test]
fn too_little_address_space_is_an_error_that_says_so() {
    for end in 0..2 {
        let name = Name::new();
        in_child(|| {
            let pages = fs::read_to_string("/proc/self/statm").expect("/proc is there");
            let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
            let before = limit(Resource::RLIMIT_AS, pages * 4096 + (16 << 20));
            // 34 MiB are more than 16.
            let result = attach(&name, end, 32_768);
            limit(Resource::RLIMIT_AS, before);
            assert_refused(result, &name, "Cannot allocate memory");
        });
    }
}

#[test]
fn files_that_must_stay_small_are_an_error_and_no_signal() {
    // The signal that the system would send is at its default, which ends the process.
    for end in 0..ENDS {
        let name = Name::new();
        in_child(|| {
            limit(Resource::RLIMIT_FSIZE, 512);
            assert_refused(attach(&name, end, 64), &name, "ulimit -f");
        });
        // What is there already may be used.
        name.sender().keep().unwrap();
        in_child(|| {
            limit(Resource::RLIMIT_FSIZE, 512);
            name.receiver();
        });
    }
}

#[test]
fn a_full_dev_shm_and_one_without_inodes_are_errors_that_say_so() {
    if !can_mount() {
        return;
    }
    // A directory takes one inode, the filler another.
    for (options, words) in [("size=16k", "no space"), ("nr_inodes=2", "no inode")] {
        in_child(|| {
            own_dev_shm(options);
            fs::write("/dev/shm/filler", [1; 16_384]).expect("it fits");
            for end in 0..ENDS {
                let name = Name::new();
                assert_refused(attach(&name, end, 64), &name, words);
            }
            fs::remove_file("/dev/shm/filler").expect("it is there");
            if options.contains("inodes") {
                attach(&Name::new(), 0, 64).expect("now there is one");
            }
        });
    }
}

#[test]
fn every_size_of_dev_shm_is_enough_or_an_error_that_says_how_much_is_missing() {
    if !can_mount() {
        return;
    }
    for pages in 1..8 {
        in_child(|| {
            own_dev_shm(&format!("size={}k", pages * 4));
            for slots in [1, 4, 16] {
                let name = Name::new();
                let needed = (640 + 1088 * u64::from(slots)).next_multiple_of(4096);
                match name.options().slots(slots).hot_slots(slots).sender() {
                    Ok(mut sender) => {
                        assert!(needed <= pages * 4096, "{pages} pages, {slots} slots");
                        while sender.try_send([1; 1024]).is_ok() {}
                        sender.keep().unwrap();
                    }
                    Err(AttachError::Reserve(error)) => {
                        assert!(needed > pages * 4096, "{pages} pages, {slots} slots");
                        let expected = format!("{needed} bytes requested, {}", pages * 4096);
                        assert!(error.to_string().contains(&expected), "{error}");
                        assert!(!name.exists(), "an object is left");
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
            let writer = Name::new().classic().writer().expect("a page");
            writer.close().expect("it is ours");
        });
    }
}
