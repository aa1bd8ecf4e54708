//! A forked child has a copy of its parent's endpoints: it cannot use them, and does them no harm.

#![cfg(not(shm_mailbox_loom))]

mod support;

use shm_mailbox::{AttachError, CloseError, Message, Peer, RecvError, SendError};
use support::process::sleep_for_ever;
use support::{LIMIT, Name, Shared, assert_matches, fork, take, until};

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
    support::assert_empty(&mut receiver);
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
    let (name, shared) = (Name::new(), Shared::new());
    let mut sender = name.sender();
    let gate = shared.number(0);
    let child = fork(|| {
        let mut receiver = name.receiver();
        gate.store(1, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(take(&mut receiver), (0, b"to the child".to_vec()));
    });
    until("the child is there", || {
        gate.load(std::sync::atomic::Ordering::SeqCst) == 1
    });
    assert_eq!(sender.peer().unwrap(), Peer::Attached);
    sender.send(b"to the child").unwrap();
    sender.drain(Some(LIMIT)).unwrap();
    child.join();
}
