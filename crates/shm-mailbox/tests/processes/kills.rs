//! What killed processes leave: of a draft and of a loop, seen by the next end, or by an observer.

use shm_mailbox::{Message, Peer};

use crate::processes::deaths::sitting_sender;
use crate::support::process::{sleep_for_ever, wait_until_it_pauses};
use crate::support::{
    Name, Random, WAITS, assert_content, assert_empty, content, fork, seen, take, until,
};

#[test]
fn a_draft_and_a_batch_killed_at_random_are_whole_or_not_there() {
    let name = Name::new();
    let options = name.options().slots(8).await_peer(true);
    let mut receiver = options.receiver().unwrap();
    let mut random = Random::new(0xDAF7);
    let mut messages = vec![Message::new(); 5];
    let mut next = 0;
    for wait in WAITS.into_iter().cycle().take(48) {
        let child = fork(|| {
            let mut sender = name.options().wait(wait).sender().unwrap();
            let mut buffer = [0; 1024];
            loop {
                let bytes = content(sender.committed(), &mut buffer);
                let (start, end) = bytes.split_at(bytes.len() / 2);
                let mut draft = sender.reserve().unwrap();
                draft.append(start).unwrap();
                draft.append(end).unwrap();
                draft.commit().unwrap();
                let first = sender.committed();
                let batch: Vec<Vec<u8>> = (first..first + 5)
                    .map(|number| content(number, &mut buffer).to_vec())
                    .collect();
                sender.send_batch(&batch).unwrap();
            }
        });
        let target = next + random.below(100);
        until("messages have come", || {
            let count = receiver.recv_batch(&mut messages).unwrap();
            for message in &messages[..count] {
                assert_content(message, next);
                next += 1;
            }
            next > target
        });
        random.dawdle(20_000);
        child.kill();
    }
}

#[test]
fn a_draft_of_a_killed_sender_is_not_seen() {
    let name = Name::new();
    let mut receiver = name.receiver();
    let child = fork(|| {
        let mut sender = name.sender();
        sender.send(b"whole").unwrap();
        let mut draft = sender.reserve().unwrap();
        draft.append(b"half").unwrap();
        sleep_for_ever();
    });
    wait_until_it_pauses(&child);
    child.kill();
    assert_eq!(take(&mut receiver), (0, b"whole".to_vec()));
    let mut sender = name.sender();
    assert_eq!(sender.committed(), 1);
    assert_empty(&mut receiver);
    sender.send(b"next").unwrap();
    assert_eq!(take(&mut receiver), (1, b"next".to_vec()));
}

#[test]
fn a_process_that_dies_in_the_body_of_a_loop_leaves_the_message() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.send_batch(&["one", "two", "three"]).unwrap();
    let child = fork(|| {
        for message in name.receiver() {
            if message.unwrap() == "two" {
                sleep_for_ever();
            }
        }
    });
    wait_until_it_pauses(&child);
    child.kill();
    let first = name.receiver().into_iter().next().unwrap().unwrap();
    assert_eq!((first.sequence(), &first[..]), (1, &b"two"[..]));
}

#[test]
fn a_killed_sender_is_seen_as_dead_and_its_messages_are_counted() {
    let name = Name::new();
    let child = sitting_sender(&name, &["hello"]);
    assert_eq!(seen(&name).sender.state, Peer::Attached);
    child.kill();
    let seen = seen(&name);
    assert_eq!(seen.sender.state, Peer::Died);
    assert_eq!((seen.sent, seen.queued), (1, 1));
    assert!(seen.is_stale());
}
