//! Limits of the process and of the file system: an error that says so, no signal, and nothing left.

use std::fs;
use std::io;
use std::sync::atomic::Ordering;

use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{AttachError, Options};

use crate::leaks;
use crate::mounts::own_dev_shm;
use crate::support::{Name, Shared, fork, turn};

/// In a child only: sets a limit of this process, and returns the one before.
fn limit(resource: libc::__rlimit_resource_t, bytes: u64) -> u64 {
    // SAFETY: plain data.
    let mut limit: libc::rlimit = unsafe { std::mem::zeroed() };
    // SAFETY: writes to `limit` only.
    let result = unsafe { libc::getrlimit(resource, &raw mut limit) };
    assert_eq!(result, 0);
    let before = std::mem::replace(&mut limit.rlim_cur, bytes);
    // SAFETY: reads `limit` only.
    let result = unsafe { libc::setrlimit(resource, &raw const limit) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    before
}

/// Every end that makes an object or attaches to one; what it said, or nothing if it succeeded.
fn attach(name: &Name, end: usize, options: fn(Options) -> Options) -> Result<(), String> {
    let shown = |error: &dyn std::fmt::Display| error.to_string();
    let classic = || Classic::options(name.as_str());
    match end {
        0 => options(name.options())
            .sender()
            .map(drop)
            .map_err(|e| shown(&e)),
        1 => options(name.options())
            .receiver()
            .map(drop)
            .map_err(|e| shown(&e)),
        _ => classic().writer().map(drop).map_err(|e| shown(&e)),
    }
}

const ENDS: usize = 3;

#[test]
fn too_few_descriptors_are_an_error_that_says_so() {
    let _turn = turn();
    let mut count = 0;
    for end in 0..ENDS {
        for spare in 0..2 {
            let name = Name::new();
            let shared = Shared::new();
            let refused = shared.number(0);
            fork(|| {
                // All that there may be are in use, but so many.
                let before = limit(libc::RLIMIT_NOFILE, 256);
                let mut used = Vec::new();
                while let Ok(file) = fs::File::open("/dev/null") {
                    used.push(file);
                }
                used.truncate(used.len() - spare);
                let result = attach(&name, end, |options| options);
                limit(libc::RLIMIT_NOFILE, before);
                if let Err(error) = result {
                    assert!(error.contains("Too many open files"), "{error}");
                    assert!(error.contains(name.as_str()), "{error}");
                    assert!(!name.exists(), "an object is left");
                    refused.store(1, Ordering::SeqCst);
                }
                leaks::assert_none(&name.path(), "few descriptors");
                attach(&name, end, |options| options).expect("now there are enough");
            })
            .join();
            count += refused.load(Ordering::SeqCst);
        }
    }
    // Without a single one nobody gets anywhere.
    assert!(count >= 3, "{count}");
}

#[test]
fn too_little_address_space_is_an_error_that_says_so() {
    let _turn = turn();
    for end in 0..2 {
        let name = Name::new();
        fork(|| {
            let pages = fs::read_to_string("/proc/self/statm").expect("/proc is there");
            let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
            let before = limit(libc::RLIMIT_AS, pages * 4096 + (16 << 20));
            let result = attach(&name, end, |options| options.slots(32_768));
            limit(libc::RLIMIT_AS, before);
            let error = result.expect_err("34 MiB are more than 16");
            assert!(error.contains("Cannot allocate memory"), "{error}");
            assert!(error.contains(name.as_str()), "{error}");
            assert!(!name.exists(), "an object is left");
            leaks::assert_none(&name.path(), "little address space");
        })
        .join();
    }
}

#[test]
fn files_that_must_stay_small_are_an_error_and_no_signal() {
    let _turn = turn();
    // The signal that the system would send is at its default, which ends the process.
    for end in 0..ENDS {
        let name = Name::new();
        fork(|| {
            limit(libc::RLIMIT_FSIZE, 512);
            let error = attach(&name, end, |options| options).expect_err("512 bytes");
            assert!(error.contains("ulimit -f"), "{error}");
            assert!(error.contains(name.as_str()), "{error}");
            assert!(!name.exists(), "an object is left");
            leaks::assert_none(&name.path(), "small files");
        })
        .join();
        // What is there already may be used.
        name.options().sender().unwrap().keep().unwrap();
        fork(|| {
            limit(libc::RLIMIT_FSIZE, 512);
            name.options().receiver().unwrap();
        })
        .join();
    }
}

#[test]
fn a_full_dev_shm_and_one_without_inodes_are_errors_that_say_so() {
    // A directory takes one inode, the filler another.
    for (options, word) in [("size=16k", "no space"), ("nr_inodes=2", "no inode")] {
        let done = std::thread::spawn(move || {
            if !own_dev_shm(options) {
                return;
            }
            fs::write("/dev/shm/filler", [1; 16_384]).expect("it fits");
            for end in 0..ENDS {
                let name = Name::new();
                let error = attach(&name, end, |options| options).expect_err("it is full");
                assert!(error.contains(word), "{error}");
                assert!(error.contains(name.as_str()), "{error}");
                assert!(!name.exists(), "an object is left");
                leaks::assert_none(&name.path(), options);
            }
            fs::remove_file("/dev/shm/filler").expect("it is there");
            if options.contains("inodes") {
                let name = Name::new();
                attach(&name, 0, |options| options).expect("now there is one");
            }
        });
        done.join().expect("it holds");
    }
}

#[test]
fn every_size_of_dev_shm_is_enough_or_an_error_that_says_how_much_is_missing() {
    let mut points = 0;
    for pages in 1..8 {
        let done = std::thread::spawn(move || {
            if !own_dev_shm(&format!("size={}k", pages * 4)) {
                return 0;
            }
            for slots in [1, 4, 16] {
                let name = Name::new();
                let needed = (640 + 1088 * u64::from(slots)).next_multiple_of(4096);
                match name.options().slots(slots).hot_slots(slots).sender() {
                    Ok(mut sender) => {
                        assert!(needed <= pages * 4096, "{pages} pages, {slots} slots");
                        while sender.try_send([1; 1024]).is_ok() {}
                        sender.keep().unwrap();
                        name.unlink();
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
            let name = Name::new();
            let classic = Classic::options(name.as_str()).writer();
            classic
                .map(classic::Writer::close)
                .expect("a page")
                .expect("it is ours");
            4
        });
        points += done.join().expect("it holds");
    }
    println!("{points} mailboxes in a /dev/shm of 1 to 7 pages");
}
