//! Locks across processes that are stopped and really killed, and across `fork`.

use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{kill, raise};
use nix::unistd::{ForkResult, Pid, alarm, fork, pause};
use shm_core::{Lock, Mapping, Object};
use test_support::{Child, Name, Signal, in_child, until};

fn pause_forever() -> ! {
    loop {
        pause();
    }
}

/// A child that has opened the object of this name, and holds this byte.
fn holder(name: &Name, byte: u64, then: impl FnOnce()) -> Child {
    let ready = Mapping::anonymous(4).unwrap();
    let ready = ready.view::<AtomicI32>(0).unwrap();
    let child = Child::fork(|| {
        let theirs = name.open();
        assert_eq!(theirs.try_lock(byte).unwrap(), Lock::Taken);
        ready.store(1, Ordering::Release);
        then();
        pause_forever();
    });
    until("the child holds the lock", || {
        ready.load(Ordering::Acquire) == 1
    });
    child
}

/// Takes the lock of a process that was killed.
fn take_soon(object: &Object, byte: u64) {
    until("the lock becomes free", || {
        object.try_lock(byte).unwrap() == Lock::Taken
    });
}

#[test]
fn a_lock_dies_with_a_killed_process() {
    let name = Name::new();
    let object = name.create(1);
    let owner = holder(&name, 0, || {});
    assert_eq!(object.try_lock(0).unwrap(), Lock::Busy);
    owner.signal(Signal::SIGKILL);
    // It is not waited for: the lock becomes free while its owner is a zombie.
    take_soon(&object, 0);
}

#[test]
fn a_stopped_process_still_holds_its_lock() {
    let name = Name::new();
    let object = name.create(1);
    let owner = holder(&name, 0, || raise(Signal::SIGSTOP).unwrap());
    owner.wait_until_stopped();
    assert_eq!(object.try_lock(0).unwrap(), Lock::Busy);
}

#[test]
fn a_child_that_drops_its_copy_leaves_the_lock_to_its_parent() {
    let name = Name::new();
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
    let name = Name::new();
    let (object, other) = (name.create(1), name.open());
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    let _child = Child::fork(|| pause_forever());
    drop(object);
    assert_eq!(other.try_lock(0).unwrap(), Lock::Taken);
}

#[test]
fn a_child_keeps_the_lock_of_a_parent_that_was_killed_until_it_dies_too() {
    let name = Name::new();
    let object = name.create(1);
    let shared = Mapping::anonymous(4).unwrap();
    let grandchild = shared.view::<AtomicI32>(0).unwrap();
    let owner = holder(&name, 0, || {
        // SAFETY: the grandchild only waits for its end.
        match unsafe { fork() }.unwrap() {
            ForkResult::Parent { child } => grandchild.store(child.as_raw(), Ordering::Release),
            ForkResult::Child => {
                // It ends in ten minutes, should the test fail before it is killed.
                alarm::set(600);
                pause_forever();
            }
        }
    });
    until("there is a grandchild", || {
        grandchild.load(Ordering::Acquire) != 0
    });
    owner.kill();
    let busy = object.try_lock(0).unwrap();
    // It waits for its end and has not been told yet, so the number is its own.
    let grandchild = Pid::from_raw(grandchild.load(Ordering::Acquire));
    kill(grandchild, Signal::SIGKILL).unwrap();
    assert_eq!(busy, Lock::Busy);
    take_soon(&object, 0);
}

#[test]
fn a_child_cannot_use_the_locks_of_its_parent_s_object() {
    let name = Name::new();
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
    let name = Name::new();
    let object = name.create(1);
    assert_eq!(object.lock_holder(2), None);
    let owner = holder(&name, 2, || {});
    assert_eq!(object.lock_holder(2), Some(owner.pid()));
    assert_eq!(object.lock_holder(1), None);
    assert_eq!(object.try_lock(1).unwrap(), Lock::Taken);
    assert_eq!(object.lock_holder(1), Some(std::process::id()));
}
