//! Messages written in place: nothing of them is seen before the commit.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::io::Write;
use std::time::Duration;

use shm_mailbox::SendError;
use support::{LIMIT, Name, assert_empty, assert_matches, take};

#[test]
fn a_draft_is_sent_when_it_is_committed() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    let mut draft = sender.reserve().unwrap();
    assert_eq!((draft.len(), draft.remaining()), (0, 1024));
    draft.append(b"one ").unwrap();
    draft.append(b"").unwrap();
    draft.append(b"two").unwrap();
    assert_eq!((draft.len(), draft.remaining()), (7, 1017));
    assert_empty(&mut receiver);
    draft.commit().unwrap();
    assert_eq!(take(&mut receiver), (0, b"one two".to_vec()));
}

#[test]
fn an_empty_draft_is_an_empty_message() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    let draft = sender.try_reserve().unwrap();
    assert!(draft.is_empty());
    draft.commit().unwrap();
    assert_eq!(take(&mut receiver), (0, Vec::new()));
}

#[test]
fn a_draft_takes_formatted_text_until_it_is_full() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    let mut draft = sender.reserve_timeout(LIMIT).unwrap();
    write!(draft, "order {:05}", 7).unwrap();
    draft.flush().unwrap();
    assert_eq!(draft.write(&[b'x'; 2000]).unwrap(), 1024 - 11);
    assert_eq!(draft.write(b"more").unwrap(), 0);
    let error = draft.write_all(b"more").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WriteZero);
    draft.commit().unwrap();
    let (_, bytes) = take(&mut receiver);
    assert_eq!(bytes.len(), 1024);
    assert!(bytes.starts_with(b"order 00007xxx"));
}

#[test]
fn what_does_not_fit_into_a_draft_leaves_it_as_it_was() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    let mut draft = sender.reserve().unwrap();
    draft.append(&[b'a'; 1000]).unwrap();
    match draft.append(&[b'b'; 30]) {
        Err(SendError::TooLong { length, excess }) => assert_eq!((length, excess), (1030, 6)),
        other => panic!("{other:?}"),
    }
    assert_eq!(draft.len(), 1000);
    draft.append(&[b'c'; 24]).unwrap();
    draft.commit().unwrap();
    let expected = [&[b'a'; 1000][..], &[b'c'; 24]].concat();
    assert_eq!(take(&mut receiver), (0, expected));
}

#[test]
fn a_draft_that_is_dropped_leaves_the_mailbox_as_it_was() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    sender.send(b"before").unwrap();
    sender.reserve().unwrap().append(&[b'x'; 1024]).unwrap();
    assert_eq!((sender.committed(), sender.queued()), (1, 1));
    sender.send(b"after").unwrap();
    assert_eq!(take(&mut receiver), (0, b"before".to_vec()));
    assert_eq!(take(&mut receiver), (1, b"after".to_vec()));
    assert_empty(&mut receiver);
}

#[test]
fn a_draft_of_a_killed_sender_is_not_seen() {
    let name = Name::new();
    let mut receiver = name.receiver();
    let shared = support::Shared::new();
    let ready = shared.number(0);
    let child = support::fork(|| {
        let mut sender = name.sender();
        sender.send(b"whole").unwrap();
        let mut draft = sender.reserve().unwrap();
        draft.append(b"half").unwrap();
        ready.store(1, std::sync::atomic::Ordering::SeqCst);
        support::process::sleep_for_ever();
    });
    support::until("the draft is written", || {
        ready.load(std::sync::atomic::Ordering::SeqCst) == 1
    });
    child.kill();
    assert_eq!(take(&mut receiver), (0, b"whole".to_vec()));
    let mut sender = name.sender();
    assert_eq!(sender.committed(), 1);
    assert_empty(&mut receiver);
    sender.send(b"next").unwrap();
    assert_eq!(take(&mut receiver), (1, b"next".to_vec()));
}

#[test]
fn a_full_mailbox_has_no_slot_to_reserve() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(1);
    sender.send(b"first").unwrap();
    let result = sender.try_reserve();
    assert_matches!(result, Err(SendError::Full));
    let result = sender.reserve_timeout(Duration::from_millis(5));
    assert_matches!(result, Err(SendError::TimedOut));
    take(&mut receiver);
    sender.try_reserve().unwrap().commit().unwrap();
    assert_eq!(take(&mut receiver), (1, Vec::new()));
}
