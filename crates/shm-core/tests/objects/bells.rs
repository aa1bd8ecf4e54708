//! When a bell rings, and for whom.

use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use shm_core::bell::{self, Bell};
use shm_core::{Moment, Object};
use test_support::{LIMIT, Name};

/// Which of the bells have rung.
fn rung(bells: &[&Bell]) -> u64 {
    bell::wait(bells, Moment::now()).unwrap()
}

fn bell_of(object: &Object) -> Bell {
    Bell::new(object).unwrap()
}

#[test]
fn a_bell_rings_in_everyone_who_has_one_until_it_is_answered() {
    let name = Name::new();
    let object = name.create(4096);
    let other = name.open();
    let bells = [bell_of(&object), bell_of(&other)];
    let bells = [&bells[0], &bells[1]];
    assert_eq!(rung(&bells), 0);
    name.open_read_only().ring().unwrap();
    assert_eq!(rung(&bells), 0b11);
    assert_eq!(rung(&bells), 0b11);
    let rings = bells[0].answer().unwrap();
    assert!(!rings.is_empty() && !rings.closed());
    assert_eq!(rung(&bells), 0b10);
    assert!(bells[0].answer().unwrap().is_empty());
}

#[test]
fn a_bell_rings_for_whoever_closes_cuts_off_or_removes() {
    let name = Name::new();
    let object = name.create(8192);
    let bell = bell_of(&object);
    let other = name.open();
    let reader = name.open_read_only();
    drop(reader);
    assert_eq!(rung(&[&bell]), 0, "one that could not write");
    drop(other);
    assert!(bell.answer().unwrap().closed());
    object.set_size(4096).unwrap();
    let rings = bell.answer().unwrap();
    assert!(!rings.is_empty() && !rings.closed());
    object.unlink().unwrap();
    assert!(!bell.answer().unwrap().is_empty());
    // By identity: the object goes on ringing without a name.
    object.ring().unwrap();
    assert_eq!(rung(&[&bell]), 1);
}

#[test]
fn the_bytes_and_the_size_stay_as_they_are() {
    let name = Name::new();
    let object = name.create(4096);
    let (bytes, size) = (name.bytes(), object.size().unwrap());
    object.ring().unwrap();
    assert_eq!((name.bytes(), object.size().unwrap()), (bytes, size));
}

#[test]
fn a_bell_that_moves_rings_for_the_new_object_alone() {
    let names = [Name::new(), Name::new()];
    let objects = [names[0].create(4096), names[1].create(4096)];
    let bell = bell_of(&objects[0]);
    let descriptor = bell.as_raw_fd();
    bell.move_to(&objects[1]).unwrap();
    bell.answer().unwrap();
    objects[0].ring().unwrap();
    assert_eq!(rung(&[&bell]), 0);
    objects[1].ring().unwrap();
    assert_eq!(rung(&[&bell]), 1);
    assert_eq!(bell.as_raw_fd(), descriptor);
    // To where it is already.
    bell.move_to(&objects[1]).unwrap();
    bell.answer().unwrap();
    objects[1].ring().unwrap();
    assert_eq!(rung(&[&bell]), 1);
}

#[test]
fn a_bell_that_was_given_back_rings_for_its_next_object_alone() {
    let names = [Name::new(), Name::new()];
    let objects = [names[0].create(4096), names[1].create(4096)];
    for _ in 0..200 {
        for (own, other) in [(0, 1), (1, 0)] {
            let bell = bell_of(&objects[own]);
            objects[other].ring().unwrap();
            assert_eq!(rung(&[&bell]), 0);
            objects[own].ring().unwrap();
            assert_eq!(rung(&[&bell]), 1);
        }
    }
}

#[test]
fn a_wait_ends_with_its_time_or_with_the_first_ring() {
    let name = Name::new();
    let object = name.create(4096);
    let bells: Vec<Bell> = (0..3).map(|_| bell_of(&name.open())).collect();
    let bells: Vec<&Bell> = bells.iter().collect();
    for bell in &bells {
        bell.answer().unwrap();
    }
    let deadline = Moment::now().after(Duration::from_millis(20));
    assert_eq!(bell::wait(&bells, deadline).unwrap(), 0);
    assert!(Moment::now() >= deadline);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| bell::wait(&bells, Moment::now().after(LIMIT)).unwrap());
        object.ring().unwrap();
        assert_ne!(waiting.join().unwrap(), 0);
    });
}

#[test]
fn an_object_that_was_opened_for_reading_can_have_a_bell() {
    let name = Name::new();
    let object = name.create(4096);
    let reader = name.open_read_only();
    let bell = bell_of(&reader);
    object.ring().unwrap();
    assert_eq!(rung(&[&bell]), 1);
}

#[test]
fn each_reason_for_having_none_has_a_kind_and_a_text() {
    use shm_core::BellError;
    let cases = [
        (
            BellError::Instances,
            ErrorKind::QuotaExceeded,
            "max_user_instances",
        ),
        (
            BellError::Watches,
            ErrorKind::QuotaExceeded,
            "max_user_watches",
        ),
        (BellError::Proc, ErrorKind::NotFound, "/proc"),
        (
            BellError::Denied { errno: 1 },
            ErrorKind::PermissionDenied,
            "filter",
        ),
    ];
    for (error, kind, text) in cases {
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(std::io::Error::from(error).kind(), kind);
    }
}

/// An event loop that was not told to forget it would take the next bell for the last one.
#[test]
fn a_descriptor_that_was_seen_is_silent_after_its_bell_and_not_the_next_bells() {
    let name = Name::new();
    let object = name.create(4096);
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
    let mut events = [EpollEvent::empty(); 4];
    for token in 0..20 {
        let bell = bell_of(&object);
        let event = EpollEvent::new(EpollFlags::EPOLLIN, token);
        // It fails if it is registered already.
        epoll.add(&bell, event).unwrap();
        object.ring().unwrap();
        assert_eq!(epoll.wait(&mut events, EpollTimeout::ZERO).unwrap(), 1);
        assert_eq!(events[0].data(), token);
        drop(bell);
        object.ring().unwrap();
        assert_eq!(epoll.wait(&mut events, EpollTimeout::ZERO).unwrap(), 0);
    }
}

#[test]
fn bells_that_were_given_back_make_room_for_the_next() {
    let name = Name::new();
    let object = name.create(4096);
    // More than a user may have at a time, by default.
    for _ in 0..5 {
        let bells: Vec<Bell> = (0..40).map(|_| bell_of(&object)).collect();
        for bell in &bells {
            // Seen, so not used again.
            let _ = bell.as_raw_fd();
        }
    }
}
