//! Messages written in place: nothing of them is seen before the commit.

use std::io::Write;

use shm_mailbox::SendError;

use crate::support::{LIMIT, Name, assert_empty, take};

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
