//! Locks between objects that one process has opened.

use std::io::ErrorKind;

use shm_core::Lock;
use test_support::Name;

#[test]
fn one_of_two_opens_holds_a_byte() {
    let name = Name::new();
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
    let name = Name::new();
    let (a, b, c) = (name.create(1), name.open(), name.open());
    assert_eq!(a.try_lock(5).unwrap(), Lock::Taken);
    assert_eq!(b.try_lock(6).unwrap(), Lock::Taken);
    drop(a);
    assert_eq!(c.try_lock(5).unwrap(), Lock::Taken);
    assert_eq!(c.try_lock(6).unwrap(), Lock::Busy);
}

#[test]
fn a_lock_survives_unlinking_and_truncation() {
    let name = Name::new();
    let (a, b) = (name.create(4096), name.open());
    assert_eq!(a.try_lock(100).unwrap(), Lock::Taken);
    a.unlink().unwrap();
    a.set_size(0).unwrap();
    assert_eq!(b.try_lock(100).unwrap(), Lock::Busy);
}

#[test]
fn a_read_only_object_may_ask_but_not_lock() {
    let name = Name::new();
    let object = name.create(1);
    let reader = name.open_read_only();
    assert!(!reader.is_locked_elsewhere(0).unwrap());
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    assert!(reader.is_locked_elsewhere(0).unwrap());
    let error = reader.try_lock(1).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().contains("opened read-only"), "{error}");
}

#[test]
fn the_last_byte_there_can_be_is_locked_and_the_next_is_refused() {
    let name = Name::new();
    let (a, b) = (name.create(1), name.open());
    let last = i64::MAX.unsigned_abs();
    assert_eq!(a.try_lock(last).unwrap(), Lock::Taken);
    assert!(b.is_locked_elsewhere(last).unwrap());
    let error = a.try_lock(last + 1).unwrap_err();
    assert_eq!(error.source.kind(), ErrorKind::InvalidInput);
}
