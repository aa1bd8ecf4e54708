//! A forked child has a copy of its parent's endpoints: it cannot use them, and does them no harm.

use nix::sys::stat::{Mode, umask};
use shm_mailbox::{AttachError, CloseError, Message, Peer, RecvError, SendError};

use crate::support::process::sleep_for_ever;
use crate::support::{LIMIT, Name, assert_matches, fork, take, until};

#[track_caller]
fn assert_forked<T: std::fmt::Debug>(result: Result<T, SendError>) {
    assert_matches!(result, Err(SendError::Forked { .. }));
}

#[test]
fn a_child_cannot_send_with_its_parents_sender() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    fork(|| {
        assert_forked(sender.send(b"no"));
        assert_forked(sender.try_send(b"no"));
        assert_forked(sender.send_timeout(b"no", LIMIT));
        assert_forked(sender.try_send_batch(&["no"]));
        let batch = sender.send_batch(&["no"]);
        assert_forked(batch.map_err(|batch| batch.error));
        assert_forked(sender.try_reserve().map(drop));
        assert_forked(sender.reserve().map(drop));
        assert_forked(sender.drain(None));
        assert!(sender.peer().is_err());
    })
    .join();
    assert_eq!(sender.committed(), 0);
    sender.send(b"yes").unwrap();
    assert_eq!(take(&mut receiver), (0, b"yes".to_vec()));
}

#[test]
fn a_child_cannot_write_or_commit_its_parents_draft() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let mut draft = sender.reserve().unwrap();
    draft.append(b"of the parent").unwrap();
    let mut shared_draft = Some(draft);
    fork(|| {
        let mut draft = shared_draft.take().unwrap();
        assert_forked(draft.append(b", of the child"));
        assert_forked(draft.commit());
    })
    .join();
    crate::support::assert_empty(&mut receiver);
    shared_draft.take().unwrap().commit().unwrap();
    assert_eq!(take(&mut receiver), (0, b"of the parent".to_vec()));
}

#[test]
fn a_child_cannot_receive_with_its_parents_receiver() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send_batch(&["a", "b"]).unwrap();
    receiver.peek(&mut Message::new()).unwrap();
    fork(|| {
        let mut message = Message::new();
        for result in [
            receiver.recv(&mut message),
            receiver.try_recv(&mut message),
            receiver.recv_timeout(&mut message, LIMIT),
            receiver.peek(&mut message),
            receiver.try_peek(&mut message),
            receiver.peek_timeout(&mut message, LIMIT),
            receiver.ack(),
            receiver
                .recv_batch(std::slice::from_mut(&mut message))
                .map(drop),
        ] {
            assert_matches!(result, Err(RecvError::Forked { .. }));
        }
        assert!(receiver.peer().is_err());
    })
    .join();
    assert_eq!((receiver.acknowledged(), receiver.queued()), (0, 2));
    assert_eq!(take(&mut receiver), (1, b"b".to_vec()));
}

#[test]
fn a_child_that_drops_or_closes_its_copies_closes_nothing() {
    let name = Name::new();
    let (sender, receiver) = name.pair(4);
    let (mut sender, mut receiver) = (Some(sender), Some(receiver));
    for close in [false, true] {
        fork(|| {
            let (sender, receiver) = (sender.take().unwrap(), receiver.take().unwrap());
            if close {
                for result in [sender.close(), receiver.close()] {
                    assert_matches!(result, Err(CloseError::Forked { .. }));
                }
            }
        })
        .join();
    }
    let (mut sender, mut receiver) = (sender.unwrap(), receiver.unwrap());
    assert!(name.exists());
    assert_eq!(sender.peer().unwrap(), Peer::Attached);
    assert_eq!(receiver.peer().unwrap(), Peer::Attached);
    for result in [
        name.options().sender().map(drop),
        name.options().receiver().map(drop),
    ] {
        assert_matches!(result, Err(AttachError::RoleTaken { .. }));
    }
    sender.send(b"still there").unwrap();
    assert_eq!(take(&mut receiver).1, b"still there");
}

#[test]
fn a_child_that_lives_on_does_not_keep_the_roles_its_parent_gave_up() {
    let name = Name::new();
    let (sender, receiver) = name.pair(4);
    let child = fork(|| sleep_for_ever());
    sender.keep().unwrap();
    let observer = name.sender();
    drop(receiver);
    assert_eq!(observer.peer().unwrap(), Peer::Closed);
    name.receiver();
    drop(child);
}

#[test]
fn a_child_may_attach_on_its_own() {
    let name = Name::new();
    let mut sender = name.sender();
    let child = fork(|| {
        let mut receiver = name.receiver();
        assert_eq!(take(&mut receiver), (0, b"to the child".to_vec()));
    });
    until("the child is there", || {
        sender.peer().unwrap() == Peer::Attached
    });
    sender.send(b"to the child").unwrap();
    sender.drain(Some(LIMIT)).unwrap();
    child.join();
}

#[test]
fn a_new_object_has_exactly_the_mode_that_was_asked_for() {
    for mask in [0o022, 0o077] {
        for mode in [0o600, 0o640, 0o660, 0o666] {
            let name = Name::new();
            // In a child, since all threads of a process share one umask.
            fork(|| {
                umask(Mode::from_bits_truncate(mask));
                name.options().mode(mode).sender().unwrap().keep().unwrap();
            })
            .join();
            let found = name.mode();
            assert_eq!(found & 0o7777, mode, "umask {mask:o}: {found:o}");
        }
    }
}

#[test]
fn a_child_is_told_to_attach_by_itself() {
    let name = Name::new();
    let mut sender = name.sender();
    fork(|| {
        let text = format!(
            "this endpoint of object {:?} belongs to the parent process; attach again in the child",
            name.as_str()
        );
        assert_eq!(sender.send(b"b").unwrap_err().to_string(), text);
        assert_eq!(sender.close().unwrap_err().to_string(), text);
    })
    .join();
}
