//! Coming to a mailbox: who creates, with which mode and size, and what is refused before anything
//! is opened.

use std::thread;
use std::time::Duration;

use shm_core::OpenError;
use shm_mailbox::{AttachError, Mailbox, Peer, Role, SendError};

use crate::support::{LIMIT, Name, assert_matches, leaks, take};

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
fn the_default_mode_is_for_the_owner_alone() {
    let name = Name::new();
    let _sender = name.sender();
    assert_eq!(name.mode() & 0o7777, 0o600);
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
    let (mut sender, mut receiver) = name.pair(4);
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
    // Those that were refused have taken nothing along.
    sender.send(b"still here").unwrap();
    assert_eq!(take(&mut receiver).1, b"still here");
    drop(receiver);
    assert_eq!(sender.peer().unwrap(), Peer::Closed);
    name.receiver();
    drop(sender);
    leaks::assert_none(&name.path(), "attached twice");
    name.sender();
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

#[test]
fn a_sender_that_asks_for_more_room_than_there_is_gets_an_error() {
    let name = Name::new();
    let _receiver = name.options().slots(16).receiver().unwrap();
    let asked = name.options().slots(256).sender();
    let expected = AttachError::OtherSlots {
        name: name.shm_name(),
        found: 16,
        expected: 256,
    };
    assert_eq!(asked.err(), Some(expected));
    // Less is there, too, and whoever says so takes what there is.
    let sender = name.options().slots(8).sender().unwrap();
    assert_eq!(sender.capacity(), 16);
    sender.keep().unwrap();
    let sender = name.options().slots(256).exact(false).sender().unwrap();
    assert_eq!(sender.capacity(), 16);
}

#[test]
fn who_insists_on_a_number_of_slots_takes_no_other() {
    let name = Name::new();
    let _receiver = name.options().slots(16).receiver().unwrap();
    for (slots, is_taken) in [(8, false), (16, true), (32, false)] {
        match name.options().slots(slots).exact(true).sender() {
            Ok(sender) => {
                assert!(is_taken, "{slots}");
                sender.keep().unwrap();
            }
            Err(AttachError::OtherSlots {
                found, expected, ..
            }) => assert_eq!((found, expected, is_taken), (16, slots, false)),
            Err(error) => panic!("{error}"),
        }
    }
    // Who insists on no number takes any.
    assert_eq!(name.options().exact(true).sender().unwrap().capacity(), 16);
}
