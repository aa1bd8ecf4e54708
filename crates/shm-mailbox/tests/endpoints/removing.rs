//! Removing objects: only what nobody uses, and never what somebody is just coming to.

use shm_core::{Lock, ObjectOptions, Unlink};
use shm_mailbox::{Closed, Removal, RemoveError, Role, remove};

use crate::support::raw::SENT;
use crate::support::{Name, Raw, assert_matches, take};

#[test]
fn a_mailbox_that_nobody_holds_is_removed() {
    let name = Name::new();
    name.sender().keep().expect("closes");
    let removed = remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(removed, Ok(Unlink::Done));
    assert!(!name.exists());
}

#[test]
fn a_message_that_its_sender_could_not_count_is_not_removed() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.send(b"hello").expect("there is room");
    sender.keep().expect("closes");
    Raw::new(&name).store(SENT, 0);
    let refused = remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(refused, Err(RemoveError::Messages { queued: 1, .. }));
}

#[test]
fn a_mailbox_in_use_is_removed_only_by_force_and_its_ends_go_on() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    for removal in [Removal::Stale, Removal::StaleWithMessages, Removal::Unused] {
        let refused = remove(&name.shm_name(), None, removal);
        assert_matches!(
            refused,
            Err(RemoveError::InUse {
                role: Role::Sender,
                ..
            })
        );
    }
    let removed = remove(&name.shm_name(), None, Removal::Any);
    assert_matches!(removed, Ok(Unlink::Done));
    sender.send(b"still here").expect("there is room");
    assert_eq!(take(&mut receiver).1, b"still here");
    let again = remove(&name.shm_name(), None, Removal::Any);
    assert_matches!(again, Err(RemoveError::Open(_)));
}

#[test]
fn who_is_stopped_while_it_attaches_or_closes_is_no_obstacle_to_force() {
    let name = Name::new();
    let _sender = name.sender();
    let object = ObjectOptions::new().open(&name.shm_name()).expect("there");
    assert_eq!(object.try_lock(0).expect("INIT"), Lock::Taken);
    let removed = remove(&name.shm_name(), None, Removal::Any);
    assert_matches!(removed, Ok(Unlink::Done));
    assert!(!name.exists());
}

#[test]
fn a_name_that_has_changed_hands_is_left_alone() {
    let (name, other) = (Name::new(), Name::new());
    let seen = {
        name.sender().keep().expect("closes");
        let object = ObjectOptions::new().open(&name.shm_name()).expect("there");
        object.id()
    };
    other.sender().keep().expect("closes");
    std::fs::rename(other.path(), name.path()).expect("a name can be taken over");
    for removal in [
        Removal::Stale,
        Removal::StaleWithMessages,
        Removal::Unused,
        Removal::Any,
    ] {
        let removed = remove(&name.shm_name(), Some(seen), removal);
        assert_matches!(removed, Ok(Unlink::Replaced));
        assert!(name.exists());
    }
}

#[test]
fn a_receiver_alone_is_a_user_too() {
    let name = Name::new();
    let receiver = name.receiver();
    let refused = remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(
        refused,
        Err(RemoveError::InUse {
            role: Role::Receiver,
            ..
        })
    );
    // What was taken on the way has been given back.
    name.sender().keep().expect("closes");
    receiver.close().expect("closes");
}

#[test]
fn messages_are_removed_only_on_request() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.send(b"hello").expect("there is room");
    assert_eq!(sender.close().expect("closes"), Closed::Kept { queued: 1 });
    let refused = remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(refused, Err(RemoveError::Messages { queued: 1, .. }));
    assert!(name.exists());
    remove(&name.shm_name(), None, Removal::StaleWithMessages).expect("it may be removed");
    assert!(!name.exists());
}

#[test]
fn what_is_no_mailbox_is_never_stale() {
    let name = Name::new();
    for contents in [&b""[..], b"five\n", &[0; 1028]] {
        std::fs::write(name.path(), contents).expect("an object can be made");
        let refused = remove(&name.shm_name(), None, Removal::StaleWithMessages);
        assert_matches!(refused, Err(RemoveError::NotAMailbox { .. }));
        assert_eq!(std::fs::read(name.path()).expect("it is there"), contents);
        remove(&name.shm_name(), None, Removal::Unused).expect("asked for by name");
        assert!(!name.exists());
    }
}

#[test]
fn an_object_that_is_being_attached_to_is_left_alone() {
    let name = Name::new();
    name.sender().keep().expect("closes");
    let object = ObjectOptions::new().open(&name.shm_name()).expect("there");
    assert_eq!(object.try_lock(0).expect("INIT"), Lock::Taken);
    let refused = remove(&name.shm_name(), None, Removal::Stale);
    assert_matches!(refused, Err(RemoveError::InitBusy { .. }));
    assert!(name.exists());
}

#[test]
fn of_a_remover_and_a_sender_that_race_neither_is_harmed() {
    let name = Name::new();
    for _ in 0..300 {
        name.sender().keep().expect("closes");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let result = remove(&name.shm_name(), None, Removal::Stale);
                assert!(
                    matches!(
                        result,
                        Ok(_) | Err(RemoveError::InUse { .. } | RemoveError::Open(_))
                    ),
                    "{result:?}"
                );
            });
            let mut sender = name.sender();
            assert!(name.exists(), "who is attached has an object with a name");
            sender.send(b"hello").expect("there is room");
            let mut receiver = name.receiver();
            assert_eq!(take(&mut receiver).1, b"hello");
            receiver.close().expect("closes");
            sender.keep().expect("closes");
        });
    }
}
