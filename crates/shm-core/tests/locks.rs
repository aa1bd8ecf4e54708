//! Locks between objects, across processes that are really killed, and across `fork`.

mod support;

use shm_core::{Lock, Mapping, Object, ObjectOptions};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{Child, Pipe, UniqueName, in_child};

/// Far more than a killed owner's lock takes to become free, also where the owner has to wait for a processor to die.
const SOON: Duration = Duration::from_secs(100);

fn pause_forever() -> ! {
    loop {
        // SAFETY: waits for a signal.
        unsafe { libc::pause() };
    }
}

/// Takes the lock of a process that was killed, and tells how long that took.
fn take_soon(object: &Object, byte: u64) -> Duration {
    let start = Instant::now();
    while object.try_lock(byte).unwrap() == Lock::Busy {
        assert!(start.elapsed() < SOON, "the lock does not become free");
        thread::yield_now();
    }
    start.elapsed()
}

#[test]
fn one_of_two_opens_holds_a_byte() {
    let name = UniqueName::new();
    let (a, b) = (name.create(1), name.open());
    assert_eq!(a.try_lock(0).unwrap(), Lock::Taken);
    assert_eq!(a.try_lock(0).unwrap(), Lock::Taken);
    assert_eq!(b.try_lock(0).unwrap(), Lock::Busy);
    assert_eq!(b.try_lock(1).unwrap(), Lock::Taken);
    assert!(b.is_locked_elsewhere(0).unwrap());
    assert!(!a.is_locked_elsewhere(0).unwrap());
    assert!(a.is_locked_elsewhere(1).unwrap());

    b.unlock(0).unwrap();
    assert_eq!(b.try_lock(0).unwrap(), Lock::Busy);
    a.unlock(0).unwrap();
    assert_eq!(b.try_lock(0).unwrap(), Lock::Taken);
}

#[test]
fn dropping_an_object_frees_its_locks_and_no_others() {
    let name = UniqueName::new();
    let (a, b, c) = (name.create(1), name.open(), name.open());
    assert_eq!(a.try_lock(5).unwrap(), Lock::Taken);
    assert_eq!(b.try_lock(6).unwrap(), Lock::Taken);
    drop(a);
    assert_eq!(c.try_lock(5).unwrap(), Lock::Taken);
    assert_eq!(c.try_lock(6).unwrap(), Lock::Busy);
}

#[test]
fn a_lock_survives_unlinking_and_truncation() {
    let name = UniqueName::new();
    let (a, b) = (name.create(4096), name.open());
    assert_eq!(a.try_lock(100).unwrap(), Lock::Taken);
    a.unlink().unwrap();
    a.set_size(0).unwrap();
    assert_eq!(b.try_lock(100).unwrap(), Lock::Busy);
}

#[test]
fn a_read_only_object_may_ask_but_not_lock() {
    let name = UniqueName::new();
    let object = name.create(1);
    let reader = ObjectOptions::new().read_only(true).open(&name).unwrap();
    assert!(!reader.is_locked_elsewhere(0).unwrap());
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    assert!(reader.is_locked_elsewhere(0).unwrap());
    let error = reader.try_lock(1).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("opened read-only"), "{error}");
}

#[test]
fn the_last_byte_there_can_be_is_locked_and_the_next_is_refused() {
    let name = UniqueName::new();
    let (a, b) = (name.create(1), name.open());
    let last = i64::MAX.unsigned_abs();
    assert_eq!(a.try_lock(last).unwrap(), Lock::Taken);
    assert!(b.is_locked_elsewhere(last).unwrap());
    let error = a.try_lock(last + 1).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_lock_dies_with_a_killed_process() {
    let name = UniqueName::new();
    let object = name.create(1);
    let ready = Pipe::new();
    let owner = Child::fork(|| {
        let theirs = name.open();
        assert_eq!(theirs.try_lock(0).unwrap(), Lock::Taken);
        ready.signal();
        pause_forever();
    });
    ready.wait();
    assert_eq!(object.try_lock(0).unwrap(), Lock::Busy);
    owner.kill();
    // It is not waited for: the lock becomes free while its owner is a zombie.
    take_soon(&object, 0);
}

#[test]
fn a_stopped_process_still_holds_its_lock() {
    let name = UniqueName::new();
    let object = name.create(1);
    let ready = Pipe::new();
    let owner = Child::fork(|| {
        let theirs = name.open();
        assert_eq!(theirs.try_lock(0).unwrap(), Lock::Taken);
        ready.signal();
        // SAFETY: stops the child.
        unsafe { libc::raise(libc::SIGSTOP) };
        pause_forever();
    });
    ready.wait();
    owner.wait_until_stopped();
    assert_eq!(object.try_lock(0).unwrap(), Lock::Busy);
}

#[test]
fn a_child_that_drops_its_copy_leaves_the_lock_to_its_parent() {
    let name = UniqueName::new();
    let (object, other) = (name.create(1), name.open());
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    in_child(|| {
        // SAFETY: the child's own copy, which it never uses again: it ends without dropping it a
        // second time.
        drop(unsafe { std::ptr::read(&raw const object) });
    });
    assert_eq!(other.try_lock(0).unwrap(), Lock::Busy);
}

#[test]
fn a_child_does_not_keep_the_lock_of_an_object_that_its_parent_dropped() {
    let name = UniqueName::new();
    let (object, other) = (name.create(1), name.open());
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    let _child = Child::fork(|| pause_forever());
    drop(object);
    assert_eq!(other.try_lock(0).unwrap(), Lock::Taken);
}

#[test]
fn a_child_keeps_the_lock_of_a_parent_that_was_killed_until_it_dies_too() {
    let name = UniqueName::new();
    let object = name.create(1);
    let (ready, shared) = (Pipe::new(), Mapping::anonymous(4).unwrap());
    let grandchild = shared.view::<AtomicI32>(0).unwrap();
    let owner = Child::fork(|| {
        let theirs = name.open();
        assert_eq!(theirs.try_lock(0).unwrap(), Lock::Taken);
        // SAFETY: the grandchild only waits for its end.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: a number. It ends in a minute, should the test fail before it is killed.
            unsafe { libc::alarm(60) };
            pause_forever();
        }
        grandchild.store(pid, Ordering::Release);
        ready.signal();
        pause_forever();
    });
    ready.wait();
    owner.kill();
    drop(owner);
    let busy = object.try_lock(0).unwrap();
    // SAFETY: it waits for its end and has not been told yet, so the pid is its own.
    unsafe { libc::kill(grandchild.load(Ordering::Acquire), libc::SIGKILL) };
    assert_eq!(busy, Lock::Busy);
    take_soon(&object, 0);
}

#[test]
fn a_child_cannot_use_the_locks_of_its_parent_s_object() {
    let name = UniqueName::new();
    let object = name.create(1);
    in_child(|| {
        for error in [
            object.try_lock(0).unwrap_err(),
            object.unlock(0).unwrap_err(),
            object.is_locked_elsewhere(0).unwrap_err(),
        ] {
            let expected = "the object was opened before a fork; open it again in the child";
            assert!(error.to_string().ends_with(expected), "{error}");
        }
        assert_eq!(name.open().try_lock(0).unwrap(), Lock::Taken);
    });
    take_soon(&object, 0);
}

#[test]
fn the_process_that_holds_a_lock_is_found() {
    let name = UniqueName::new();
    let object = name.create(1);
    assert_eq!(object.lock_holder(2), None);
    let ready = Pipe::new();
    let owner = Child::fork(|| {
        let theirs = name.open();
        assert_eq!(theirs.try_lock(2).unwrap(), Lock::Taken);
        ready.signal();
        pause_forever();
    });
    ready.wait();
    assert_eq!(object.lock_holder(2), Some(owner.pid()));
    assert_eq!(object.lock_holder(1), None);
    assert_eq!(object.try_lock(1).unwrap(), Lock::Taken);
    assert_eq!(object.lock_holder(1), Some(std::process::id()));
}
