//! Faults and signals that are not the guard's: each does what it did before.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

use nix::libc::{c_int, c_void, siginfo_t};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, raise, sigaction};
use shm_core::{Object, guard};
use test_support::{Child, End, Name, Signal, in_child};

use crate::guard::{PAGE, four_pages, lose, word};

const ONE_PAGE: NonZeroUsize = NonZeroUsize::new(PAGE).unwrap();

/// Sets a disposition of SIGBUS, as a program would before it calls the library, and gives the one
/// that there was.
fn dispose(handler: SigHandler, flags: SaFlags) -> SigHandler {
    let action = SigAction::new(handler, flags, SigSet::empty());
    // SAFETY: the handlers of these tests store a number, map a page, or end the process.
    unsafe { sigaction(Signal::SIGBUS, &action) }
        .unwrap()
        .handler()
}

/// Touches memory of this process's own that was cut off, and is no mapping of the library's. It
/// never comes back unless a handler mends it.
fn foreign_fault(name: &Name) {
    let object = name.create(PAGE as u64);
    fault_at(&object, None);
}

/// Maps one page of the object, at a place if there is one, cuts the object off, and touches it.
fn fault_at(object: &Object, place: Option<NonZeroUsize>) {
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let fixed = place.map_or(MapFlags::empty(), |_| MapFlags::MAP_FIXED);
    // SAFETY: the place is free, or chosen by the system.
    let map = unsafe {
        mmap(
            place,
            ONE_PAGE,
            access,
            MapFlags::MAP_SHARED | fixed,
            object,
            0,
        )
    };
    object.set_size(0).unwrap();
    // SAFETY: aligned, and mapped; that there is no memory is what this is about.
    unsafe { map.unwrap().cast::<u8>().read_volatile() };
}

#[test]
fn a_fault_elsewhere_ends_the_process_as_before() {
    for disposition in [SigHandler::SigDfl, SigHandler::SigIgn] {
        let name = Name::new();
        let child = Child::fork(|| {
            dispose(disposition, SaFlags::empty());
            guard::install().unwrap();
            let _ours = four_pages(&Name::new());
            foreign_fault(&name);
        });
        assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
    }
}

#[test]
fn memory_that_took_the_place_of_a_mapping_is_not_ours() {
    let (name, other) = (Name::new(), Name::new());
    let child = Child::fork(|| {
        dispose(SigHandler::SigDfl, SaFlags::empty());
        guard::install().unwrap();
        let (_object, mapping) = four_pages(&name);
        let place = NonZeroUsize::new(mapping.as_mut_ptr().expose_provenance());
        drop(mapping);
        fault_at(&other.create(PAGE as u64), place);
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
}

#[test]
fn a_signal_that_was_sent_does_what_it_did_before() {
    let child = Child::fork(|| {
        dispose(SigHandler::SigIgn, SaFlags::empty());
        guard::install().unwrap();
        raise(Signal::SIGBUS).unwrap();
    });
    assert_eq!(child.wait(), End::Done);
    let child = Child::fork(|| {
        dispose(SigHandler::SigDfl, SaFlags::empty());
        guard::install().unwrap();
        raise(Signal::SIGBUS).unwrap();
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
}

static CALLS: AtomicI32 = AtomicI32::new(0);
static ADDRESS: AtomicUsize = AtomicUsize::new(0);

/// Counts, and puts memory where it was missing.
extern "C" fn mend(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the kernel passes a valid structure.
    let info = unsafe { &*info };
    // SAFETY: with this signal there is an address.
    let address = unsafe { info.si_addr() };
    ADDRESS.store(address.addr(), Ordering::Relaxed);
    let page = NonZeroUsize::new(address.addr() & !(PAGE - 1));
    let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED;
    // SAFETY: a page of `foreign_fault`. Should it fail, the fault comes again.
    let _ = unsafe { mmap_anonymous(page, ONE_PAGE, ProtFlags::PROT_READ, flags) };
}

/// Counts.
extern "C" fn count(_: c_int) {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn the_handler_before_ours_gets_what_is_not_ours_with_the_address() {
    let (name, other) = (Name::new(), Name::new());
    in_child(|| {
        dispose(SigHandler::SigAction(mend), SaFlags::SA_SIGINFO);
        guard::install().unwrap();
        let mapping = lose(&name);
        word(&mapping, 0).load(Ordering::Relaxed);
        assert_eq!(CALLS.load(Ordering::Relaxed), 0);
        for calls in 1..4 {
            foreign_fault(&other);
            assert_eq!(CALLS.load(Ordering::Relaxed), calls);
            assert!(ADDRESS.load(Ordering::Relaxed) > 0);
            other.unlink();
        }
    });
}

#[test]
fn a_handler_of_one_argument_gets_what_is_not_ours() {
    in_child(|| {
        dispose(SigHandler::Handler(count), SaFlags::empty());
        guard::install().unwrap();
        for _ in 0..3 {
            raise(Signal::SIGBUS).unwrap();
        }
        assert_eq!(CALLS.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_handler_that_wanted_one_call_gets_one() {
    let child = Child::fork(|| {
        dispose(SigHandler::Handler(count), SaFlags::SA_RESETHAND);
        guard::install().unwrap();
        raise(Signal::SIGBUS).unwrap();
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        raise(Signal::SIGBUS).unwrap();
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
}

#[test]
fn a_later_handler_that_chains_keeps_the_guard_and_makes_no_circle() {
    /// What was there when `chain` was set.
    static BEFORE: AtomicUsize = AtomicUsize::new(0);
    type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
    extern "C" fn chain(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let before = std::ptr::with_exposed_provenance::<()>(BEFORE.load(Ordering::Relaxed));
        // SAFETY: the guard's handler, which has this type.
        let before: Handler = unsafe { std::mem::transmute(before) };
        before(signal, info, context);
    }
    let (name, other) = (Name::new(), Name::new());
    let child = Child::fork(|| {
        dispose(SigHandler::SigDfl, SaFlags::empty());
        guard::install().unwrap();
        let before = dispose(SigHandler::SigAction(chain), SaFlags::SA_SIGINFO);
        let SigHandler::SigAction(before) = before else {
            panic!("{before:?}");
        };
        BEFORE.store((before as *const ()).expose_provenance(), Ordering::Relaxed);
        guard::install().unwrap();
        let mapping = lose(&name);
        word(&mapping, 0).load(Ordering::Relaxed);
        assert!(mapping.is_lost());
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        foreign_fault(&other);
    });
    assert_eq!(child.wait(), End::Killed(Signal::SIGBUS));
}
