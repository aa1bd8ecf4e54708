//! The guard against SIGBUS: our mappings survive, and tell.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::{FallocateFlags, fallocate};
use shm_core::{Access, Mapping, Object, guard};
use test_support::{Child, End, Name, Signal, can_mount, in_child, own_dev_shm};

pub(crate) const PAGE: usize = 4096;

/// An object of four pages full of ones, and its mapping.
pub(crate) fn four_pages(name: &Name) -> (Object, Mapping) {
    let object = name.create(4 * PAGE as u64);
    let mapping = Mapping::shared(&object).unwrap();
    mapping.write(0, &[1; 4 * PAGE]).unwrap();
    (object, mapping)
}

/// A mapping of four pages that were cut off.
pub(crate) fn lose(name: &Name) -> Mapping {
    let (object, mapping) = four_pages(name);
    object.set_size(0).unwrap();
    mapping
}

pub(crate) fn word(mapping: &Mapping, offset: usize) -> &AtomicU64 {
    mapping.view(offset).unwrap()
}

#[test]
fn what_was_cut_off_reads_as_zeros_and_the_mapping_is_lost() {
    for (left, lost_from) in [(0, 0), (1, PAGE), (PAGE, PAGE), (2 * PAGE + 7, 3 * PAGE)] {
        let name = Name::new();
        in_child(|| {
            guard::install().unwrap();
            guard::install().unwrap();
            let (object, mapping) = four_pages(&name);
            object.set_size(left as u64).unwrap();
            if lost_from > 0 {
                let expected = if left < 8 { 1 } else { 0x0101_0101_0101_0101 };
                assert_eq!(word(&mapping, 0).load(Ordering::Relaxed), expected);
            }
            assert!(!mapping.is_lost());
            for offset in (lost_from..4 * PAGE).step_by(PAGE) {
                assert_eq!(word(&mapping, offset + 8).load(Ordering::Relaxed), 0);
                assert!(mapping.is_lost());
            }
        });
    }
}

#[test]
fn every_kind_of_access_survives() {
    let accesses: [fn(&Mapping); 5] = [
        |mapping| word(mapping, PAGE).store(7, Ordering::Release),
        |mapping| assert_eq!(word(mapping, PAGE).fetch_add(7, Ordering::SeqCst), 0),
        |mapping| mapping.write(PAGE, &[7; 1024]).unwrap(),
        // Across a border: the fault is in the middle of the copy.
        |mapping| mapping.write(PAGE - 100, &[7; 1024]).unwrap(),
        |mapping| {
            let mut bytes = [7; 1024];
            mapping.read(PAGE - 100, &mut bytes).unwrap();
            assert!(bytes[..100].iter().all(|&byte| byte == 1));
            assert!(bytes[100..].iter().all(|&byte| byte == 0));
        },
    ];
    for access in accesses {
        let name = Name::new();
        in_child(|| {
            guard::install().unwrap();
            let (object, mapping) = four_pages(&name);
            object.set_size(PAGE as u64).unwrap();
            access(&mapping);
            assert!(mapping.is_lost());
        });
    }
}

#[test]
fn an_object_that_grew_back_is_not_what_a_lost_mapping_shows() {
    let name = Name::new();
    in_child(|| {
        guard::install().unwrap();
        let (object, mapping) = four_pages(&name);
        object.set_size(0).unwrap();
        word(&mapping, 0).store(7, Ordering::Relaxed);
        object.reserve(4 * PAGE as u64).unwrap();
        let again = Mapping::shared(&object).unwrap();
        assert_eq!(word(&again, 0).load(Ordering::Relaxed), 0);
        word(&again, 0).store(9, Ordering::Relaxed);
        assert_eq!(word(&mapping, 0).load(Ordering::Relaxed), 7);
        assert!(mapping.is_lost() && !again.is_lost());
    });
}

#[test]
fn a_mapping_made_before_the_guard_and_a_part_of_an_object_are_guarded_too() {
    let name = Name::new();
    in_child(|| {
        let (object, _whole) = four_pages(&name);
        let mut options = Mapping::options();
        let part = options.offset(PAGE as u64 + 100).map(&object).unwrap();
        guard::install().unwrap();
        object.set_size(100).unwrap();
        part.read(0, &mut [0; 16]).unwrap();
        assert!(part.is_lost());
    });
}

#[test]
fn a_read_only_mapping_stays_read_only() {
    let name = Name::new();
    let child = Child::fork(|| {
        guard::install().unwrap();
        let (object, _whole) = four_pages(&name);
        let mut options = Mapping::options();
        let mapping = options.access(Access::ReadOnly).map(&object).unwrap();
        object.set_size(0).unwrap();
        mapping.read(0, &mut [0; 16]).unwrap();
        assert!(mapping.is_lost());
        // SAFETY: mapped for reading; the signal that writing is, is what this is about.
        unsafe { mapping.as_mut_ptr().write_volatile(1) };
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGSEGV));
}

#[test]
fn one_lost_mapping_says_nothing_of_another() {
    let (one, other) = (Name::new(), Name::new());
    in_child(|| {
        guard::install().unwrap();
        let (lost, (_object, whole)) = (lose(&one), four_pages(&other));
        word(&lost, 0).load(Ordering::Relaxed);
        word(&whole, 0).load(Ordering::Relaxed);
        assert!(lost.is_lost() && !whole.is_lost());
    });
}

#[test]
fn a_hole_in_a_full_dev_shm_is_lost_memory() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=32k");
        guard::install().unwrap();
        let (name, rest) = (Name::new(), Name::new());
        let (object, mapping) = four_pages(&name);
        let mode = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        fallocate(&object, mode, 4096, 4096).unwrap();
        rest.create(5 * PAGE as u64);
        word(&mapping, PAGE).store(7, Ordering::Relaxed);
        assert!(mapping.is_lost());
    });
}

#[test]
fn threads_that_fault_at_the_same_time_all_survive() {
    let name = Name::new();
    in_child(|| {
        guard::install().unwrap();
        for _ in 0..50 {
            let mapping = lose(&name);
            let barrier = Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        barrier.wait();
                        for offset in (0..4 * PAGE).step_by(PAGE) {
                            word(&mapping, offset).store(1, Ordering::Relaxed);
                        }
                        assert!(mapping.is_lost());
                    });
                }
            });
            name.unlink();
        }
    });
}

#[test]
fn the_child_of_a_fork_is_guarded_like_its_parent() {
    let name = Name::new();
    in_child(|| {
        guard::install().unwrap();
        let (object, mapping) = four_pages(&name);
        in_child(|| {
            object.set_size(0).unwrap();
            word(&mapping, 0).load(Ordering::Relaxed);
            assert!(mapping.is_lost());
        });
        assert!(!mapping.is_lost());
        word(&mapping, 0).load(Ordering::Relaxed);
        assert!(mapping.is_lost());
    });
}

#[test]
fn without_the_guard_it_is_sigbus() {
    let name = Name::new();
    let child = Child::fork(|| {
        word(&lose(&name), 0).load(Ordering::Relaxed);
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
}
