//! Coming to a mailbox: who creates, with which mode and size, and what is refused before anything is opened.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use shm_core::OpenError;
use shm_mailbox::{AttachError, Mailbox, Role, SendError};
use support::{LIMIT, Name, assert_matches, fork, take};

#[test]
fn either_end_may_come_first() {
    for sender_first in [true, false] {
        let name = Name::new();
        let (mut sender, mut receiver) = if sender_first {
            let sender = name.sender();
            (sender, name.receiver())
        } else {
            let receiver = name.receiver();
            (name.sender(), receiver)
        };
        assert_eq!(sender.created(), sender_first);
        assert_eq!(receiver.created(), !sender_first);
        sender.send(b"hello").unwrap();
        assert_eq!(take(&mut receiver), (0, b"hello".to_vec()));
    }
}

#[test]
fn a_leading_slash_makes_no_difference() {
    let name = Name::new();
    let mut sender = name.sender();
    let slashed = format!("/{}", name.as_str());
    let mut receiver = Mailbox::options(&slashed).receiver().unwrap();
    assert_eq!(receiver.name(), name.as_str());
    sender.send(b"hello").unwrap();
    assert_eq!(take(&mut receiver), (0, b"hello".to_vec()));
}

#[test]
fn who_comes_first_chooses_the_slots_and_who_attaches_takes_as_many_or_more() {
    let name = Name::new();
    assert_eq!(name.sender().capacity(), 64);
    let first = name.options().slots(64).receiver().unwrap();
    let second = name.options().slots(4).sender().unwrap();
    assert_eq!((first.capacity(), second.capacity()), (64, 64));
}

#[test]
fn who_insists_on_other_slots_is_refused() {
    let name = Name::new();
    let insisting = |slots| name.options().slots(slots).exact(true);
    let _sender = insisting(4).sender().unwrap();
    match insisting(8).receiver() {
        Err(AttachError::OtherSlots {
            found, expected, ..
        }) => {
            assert_eq!((found, expected), (4, 8));
        }
        other => panic!("{other:?}"),
    }
    assert!(name.exists());
    assert_eq!(insisting(4).receiver().unwrap().capacity(), 4);
    let undecided = name.options().exact(true).receiver();
    assert_eq!(undecided.unwrap().capacity(), 4);
}

#[test]
fn a_new_object_has_exactly_the_mode_that_was_asked_for() {
    for umask in [0o022, 0o077] {
        for mode in [0o600, 0o640, 0o660, 0o666] {
            let name = Name::new();
            // In a child, since all threads of a process share one umask.
            fork(|| {
                // SAFETY: sets an attribute of this process.
                unsafe { libc::umask(umask) };
                name.options().mode(mode).sender().unwrap().keep().unwrap();
            })
            .join();
            let found = fs::metadata(name.path()).unwrap().permissions().mode();
            assert_eq!(found & 0o7777, mode, "umask {umask:o}: {found:o}");
        }
    }
}

#[test]
fn the_default_mode_is_for_the_owner_alone() {
    let name = Name::new();
    let _sender = name.sender();
    let mode = fs::metadata(name.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn an_object_that_others_may_write_to_is_refused_unless_allowed() {
    let name = Name::new();
    let _sender = name.options().mode(0o666).sender().unwrap();
    match name.options().receiver() {
        Err(AttachError::Open(OpenError::OpenToOthers { mode, .. })) => assert_eq!(mode, 0o666),
        other => panic!("{other:?}"),
    }
    name.options().any_owner(true).receiver().unwrap();
}

#[test]
fn who_does_not_create_finds_no_object() {
    let name = Name::new();
    let options = name.options().create(false);
    for result in [
        options.clone().sender().map(drop),
        options.clone().receiver().map(drop),
    ] {
        assert_matches!(result, Err(AttachError::Open(OpenError::NotFound { .. })));
    }
    assert!(!name.exists());
    let _sender = name.sender();
    options.receiver().unwrap();
}

#[test]
fn bad_names_are_refused() {
    let long = "x".repeat(256);
    for bad in ["", "/", "a/b", ".", "..", "sem.x", "a\0b", long.as_str()] {
        let result = Mailbox::options(bad).sender();
        assert_matches!(result, Err(AttachError::Name(_)), "{bad:?}");
    }
}

#[test]
fn slots_that_are_no_power_of_two_up_to_65536_are_refused() {
    let name = Name::new();
    for bad in [0, 3, 17, 65_535, 65_537, 1 << 17, u32::MAX] {
        match name.options().slots(bad).sender() {
            Err(AttachError::Slots { found }) => assert_eq!(found, bad),
            other => panic!("{other:?}"),
        }
    }
    assert!(!name.exists());
}

#[test]
fn hot_slots_that_are_no_power_of_two_up_to_the_slots_are_refused() {
    let name = Name::new();
    for bad in [0, 3, 8, u32::MAX] {
        match name.options().slots(4).hot_slots(bad).sender() {
            Err(AttachError::HotSlots { found, slots: 4 }) => assert_eq!(found, bad),
            other => panic!("{other:?}"),
        }
    }
    assert!(!name.exists());
}

#[test]
fn a_mailbox_has_its_room_whatever_part_of_it_is_hot() {
    for hot in [1, 2, 4, 8] {
        let name = Name::new();
        let mut sender = name.options().slots(8).hot_slots(hot).sender().unwrap();
        // Whoever attaches takes the mailbox as it is.
        let mut receiver = name.options().hot_slots(1).receiver().unwrap();
        for round in 0..3 {
            for number in round * 8..round * 8 + 8 {
                sender.try_send([number]).unwrap();
            }
            assert_matches!(sender.try_send(b"one more"), Err(SendError::Full));
            for number in round * 8..round * 8 + 8 {
                assert_eq!(take(&mut receiver), (u64::from(number), vec![number]));
            }
        }
    }
}

#[test]
fn a_second_holder_of_a_role_is_refused_and_told_the_first() {
    let name = Name::new();
    let (sender, receiver) = name.pair(4);
    let own = std::process::id();
    let at_once = || name.options().attach_timeout(Duration::ZERO);
    for (result, expected) in [
        (at_once().sender().map(drop), Role::Sender),
        (at_once().receiver().map(drop), Role::Receiver),
    ] {
        match result {
            Err(AttachError::RoleTaken { role, pid, .. }) => {
                assert_eq!((role, pid), (expected, Some(own)));
            }
            other => panic!("{other:?}"),
        }
    }
    drop(receiver);
    name.receiver();
    drop(sender);
    name.sender();
}

#[test]
fn attaching_succeeds_while_the_other_end_comes_and_goes() {
    const TIMES: u32 = 1000;
    let name = Name::new();
    let other = fork(|| {
        for _ in 0..TIMES {
            drop(name.receiver());
        }
    });
    for _ in 0..TIMES {
        drop(name.sender());
    }
    other.join();
    // Whoever was last: a receiver leaves what a sender has seen.
    drop(name.sender());
    assert!(!name.exists());
}

#[test]
fn threads_of_one_process_attach_at_once() {
    for _ in 0..100 {
        let name = Name::new();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| take(&mut name.receiver()));
            let mut sender = name.sender();
            sender.send(b"hello").unwrap();
            sender.drain(Some(LIMIT)).unwrap();
            assert_eq!(receiver.join().unwrap().1, b"hello");
        });
    }
}
