//! The guard against SIGBUS: our mappings survive, and every other fault is what it was before.

mod support;

use shm_core::{Access, Mapping, Object, guard};
use std::sync::Barrier;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};
use support::{Child, End, UniqueName, can_mount, in_child, own_dev_shm};

const PAGE: usize = 4096;

/// An object of four pages full of ones, and its mapping.
fn four_pages(name: &UniqueName) -> (Object, Mapping) {
    let object = name.create(4 * PAGE as u64);
    let mapping = Mapping::shared(&object).unwrap();
    mapping.write(0, &[1; 4 * PAGE]).unwrap();
    (object, mapping)
}

fn word(mapping: &Mapping, offset: usize) -> &AtomicU64 {
    mapping.view(offset).unwrap()
}

/// Sets a disposition of SIGBUS, as a program would before it calls the library.
fn dispose(handler: usize, flags: i32) {
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: the handlers of these tests store a number or end the process.
    let set = unsafe { libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);
}

/// Touches memory of this process's own that was cut off, and is no mapping of the library's. It never
/// comes back unless a handler mends it.
fn foreign_fault(name: &UniqueName) {
    let object = name.create(PAGE as u64);
    let map = memory_of(&object, std::ptr::null_mut());
    object.set_size(0).unwrap();
    // SAFETY: aligned, and mapped; that there is no memory is what this is about.
    unsafe { map.cast::<u8>().read_volatile() };
}

/// Maps one page of the object, at a place if there is one.
fn memory_of(object: &Object, place: *mut libc::c_void) -> *mut libc::c_void {
    use std::os::fd::{AsFd, AsRawFd};
    let (prot, mut flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    if !place.is_null() {
        flags |= libc::MAP_FIXED;
    }
    let descriptor = object.as_fd().as_raw_fd();
    // SAFETY: the place is free, or chosen by the system.
    let map = unsafe { libc::mmap(place, PAGE, prot, flags, descriptor, 0) };
    assert_ne!(map, libc::MAP_FAILED);
    map
}

#[test]
fn what_was_cut_off_reads_as_zeros_and_the_mapping_is_lost() {
    for (left, lost_from) in [(0, 0), (1, PAGE), (PAGE, PAGE), (2 * PAGE + 7, 3 * PAGE)] {
        let name = UniqueName::new();
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
        let name = UniqueName::new();
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
    let name = UniqueName::new();
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
    let name = UniqueName::new();
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
    let name = UniqueName::new();
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
    assert_eq!(child.wait(), End::Signal(libc::SIGSEGV));
}

#[test]
fn one_lost_mapping_says_nothing_of_another() {
    let (one, other) = (UniqueName::new(), UniqueName::new());
    in_child(|| {
        guard::install().unwrap();
        let (object, lost) = four_pages(&one);
        let (_object, whole) = four_pages(&other);
        object.set_size(0).unwrap();
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
        let (name, rest) = (UniqueName::new(), UniqueName::new());
        let (object, mapping) = four_pages(&name);
        punch(&object, PAGE, PAGE);
        rest.create(5 * PAGE as u64);
        word(&mapping, PAGE).store(7, Ordering::Relaxed);
        assert!(mapping.is_lost());
    });
}

/// Takes the memory of some bytes, and leaves the size.
fn punch(object: &Object, offset: usize, len: usize) {
    use std::os::fd::{AsFd, AsRawFd};
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    let (offset, len) = (offset.try_into().unwrap(), len.try_into().unwrap());
    // SAFETY: numbers, and a descriptor that is open.
    let punched = unsafe { libc::fallocate(object.as_fd().as_raw_fd(), mode, offset, len) };
    assert_eq!(punched, 0, "{}", std::io::Error::last_os_error());
}

#[test]
fn threads_that_fault_at_the_same_time_all_survive() {
    let name = UniqueName::new();
    in_child(|| {
        guard::install().unwrap();
        for _ in 0..50 {
            let object = name.create(4 * PAGE as u64);
            let mapping = Mapping::shared(&object).unwrap();
            object.set_size(0).unwrap();
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
            object.unlink().unwrap();
        }
    });
}

#[test]
fn a_fault_elsewhere_ends_the_process_as_before() {
    for disposition in [libc::SIG_DFL, libc::SIG_IGN] {
        let name = UniqueName::new();
        let child = Child::fork(|| {
            dispose(disposition, 0);
            guard::install().unwrap();
            let _ours = four_pages(&UniqueName::new());
            foreign_fault(&name);
        });
        assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
    }
}

#[test]
fn memory_that_took_the_place_of_a_mapping_is_not_ours() {
    let (name, other) = (UniqueName::new(), UniqueName::new());
    let child = Child::fork(|| {
        dispose(libc::SIG_DFL, 0);
        guard::install().unwrap();
        let (_object, mapping) = four_pages(&name);
        let place = mapping.as_mut_ptr();
        drop(mapping);
        let object = other.create(PAGE as u64);
        let map = memory_of(&object, place.cast());
        object.set_size(0).unwrap();
        // SAFETY: as in `foreign_fault`.
        unsafe { map.cast::<u8>().read_volatile() };
    });
    assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
}

#[test]
fn a_signal_that_was_sent_does_what_it_did_before() {
    let child = Child::fork(|| {
        dispose(libc::SIG_IGN, 0);
        guard::install().unwrap();
        // SAFETY: a number.
        assert_eq!(unsafe { libc::raise(libc::SIGBUS) }, 0);
    });
    assert_eq!(child.wait(), End::Done);
    let child = Child::fork(|| {
        dispose(libc::SIG_DFL, 0);
        guard::install().unwrap();
        // SAFETY: a number.
        unsafe { libc::raise(libc::SIGBUS) };
    });
    assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
}

static CALLS: AtomicI32 = AtomicI32::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Counts, and puts memory where it was missing.
extern "C" fn mend(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the kernel passes a valid structure.
    let info = unsafe { &*info };
    // SAFETY: with this signal there is an address.
    let address = unsafe { info.si_addr() };
    ADDRESS.store(address.addr(), Ordering::Relaxed);
    let page = address.map_addr(|address| address & !(PAGE - 1));
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: a page of `foreign_fault`.
    unsafe { libc::mmap(page, PAGE, libc::PROT_READ, flags, -1, 0) };
}

/// Counts.
extern "C" fn count(_: i32) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn the_handler_before_ours_gets_what_is_not_ours_with_the_address() {
    let (name, other) = (UniqueName::new(), UniqueName::new());
    in_child(|| {
        dispose(mend as *const () as usize, libc::SA_SIGINFO);
        guard::install().unwrap();
        let (object, mapping) = four_pages(&name);
        object.set_size(0).unwrap();
        word(&mapping, 0).load(Ordering::Relaxed);
        assert_eq!(CALLS.load(Ordering::Relaxed), 0);
        for calls in 1..4 {
            foreign_fault(&other);
            assert_eq!(CALLS.load(Ordering::Relaxed), calls);
            assert!(ADDRESS.load(Ordering::Relaxed) > 0);
            std::fs::remove_file(other.path()).unwrap();
        }
    });
}

#[test]
fn a_handler_of_one_argument_gets_what_is_not_ours() {
    in_child(|| {
        dispose(count as *const () as usize, 0);
        guard::install().unwrap();
        for _ in 0..3 {
            // SAFETY: a number.
            unsafe { libc::raise(libc::SIGBUS) };
        }
        assert_eq!(CALLS.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_handler_that_wanted_one_call_gets_one() {
    let child = Child::fork(|| {
        dispose(count as *const () as usize, libc::SA_RESETHAND);
        guard::install().unwrap();
        // SAFETY: a number.
        unsafe { libc::raise(libc::SIGBUS) };
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        // SAFETY: a number.
        unsafe { libc::raise(libc::SIGBUS) };
    });
    assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
}

#[test]
fn a_later_handler_that_chains_keeps_the_guard_and_makes_no_circle() {
    /// What was there when `chain` was set.
    static BEFORE: AtomicUsize = AtomicUsize::new(0);
    extern "C" fn chain(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let before = BEFORE.load(Ordering::Relaxed);
        // SAFETY: the guard's handler, which has this type.
        let before: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
            unsafe { std::mem::transmute(before) };
        before(signal, info, context);
    }
    let (name, other) = (UniqueName::new(), UniqueName::new());
    let child = Child::fork(|| {
        dispose(libc::SIG_DFL, 0);
        guard::install().unwrap();
        // SAFETY: all zero is a valid `sigaction`.
        let mut guard: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: asks only.
        unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut guard) };
        BEFORE.store(guard.sa_sigaction, Ordering::Relaxed);
        dispose(chain as *const () as usize, libc::SA_SIGINFO);
        guard::install().unwrap();
        let (object, mapping) = four_pages(&name);
        object.set_size(0).unwrap();
        word(&mapping, 0).load(Ordering::Relaxed);
        assert!(mapping.is_lost());
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        foreign_fault(&other);
    });
    assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
}

#[test]
fn the_child_of_a_fork_is_guarded_like_its_parent() {
    let name = UniqueName::new();
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
    let name = UniqueName::new();
    let child = Child::fork(|| {
        let (object, mapping) = four_pages(&name);
        object.set_size(0).unwrap();
        word(&mapping, 0).load(Ordering::Relaxed);
    });
    assert_eq!(child.wait(), End::Signal(libc::SIGBUS));
}
