//! Messages from one end to the other, in one process: order, lengths, batches, two-step receiving,
//! drafts.

use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, Peer, RecvError, SendError};

use crate::support::{
    LIMIT, Name, WAITS, assert_content, assert_empty, assert_matches, content, take,
};

#[test]
fn every_length_arrives_whole_with_any_bytes() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    for length in 0..=1024_usize {
        let bytes: Vec<u8> = (length..2 * length).map(|i| i.to_le_bytes()[0]).collect();
        sender.send(&bytes).unwrap();
        let (_, received) = take(&mut receiver);
        assert_eq!(received, bytes);
    }
}

#[test]
fn a_message_over_1024_bytes_is_refused_by_how_much_and_nothing_is_sent() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let long = [1; 1031];
    let results = [
        sender.send(long),
        sender.try_send(long),
        sender.send_timeout(long, LIMIT),
        sender.try_send_batch(&[&b"short"[..], &long]).map(|_| ()),
        sender
            .send_batch(&[&b"short"[..], &long])
            .map_err(|batch| batch.error),
    ];
    for result in results {
        match result {
            Err(SendError::TooLong { length, excess }) => assert_eq!((length, excess), (1031, 7)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sender.committed(), 0);
    assert_empty(&mut receiver);
}

#[test]
fn a_mailbox_of_any_size_has_room_for_exactly_its_slots() {
    for slots in (0..=16).map(|power| 1 << power) {
        let name = Name::new();
        let (mut sender, mut receiver) = name.pair(slots);
        assert_eq!((sender.capacity(), receiver.capacity()), (slots, slots));
        let mut buffer = [0; 1024];
        for number in 0..u64::from(slots) {
            sender.try_send(content(number, &mut buffer)).unwrap();
        }
        assert_matches!(sender.try_send(b""), Err(SendError::Full));
        let mut message = Message::new();
        for number in 0..u64::from(slots) {
            receiver.try_recv(&mut message).unwrap();
            assert_content(&message, number);
        }
        assert_empty(&mut receiver);
    }
}

#[test]
fn a_batch_goes_as_far_as_there_is_room() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let batch = ["a", "b", "c", "d", "e", "f"];
    assert_eq!(sender.try_send_batch::<&str>(&[]).unwrap(), 0);
    assert_eq!(sender.try_send_batch(&batch).unwrap(), 4);
    let result = sender.try_send_batch(&batch[4..]);
    assert_matches!(result, Err(SendError::Full));
    assert_eq!(take(&mut receiver), (0, b"a".to_vec()));
    assert_eq!(sender.try_send_batch(&batch[4..]).unwrap(), 1);
    for (number, text) in (1..).zip(&batch[1..5]) {
        assert_eq!(take(&mut receiver), (number, text.as_bytes().to_vec()));
    }
    assert_empty(&mut receiver);
}

#[test]
fn a_batch_uses_room_that_was_made_after_the_last_look() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send_batch(&["a", "b", "c"]).unwrap();
    for _ in 0..3 {
        take(&mut receiver);
    }
    let batch = ["d", "e", "f", "g"];
    assert_eq!(sender.try_send_batch(&batch).unwrap(), 4);
}

#[test]
fn a_batch_longer_than_the_ring_crosses_it_while_the_receiver_takes() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(4).wait(wait).sender().unwrap();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let taker = thread::spawn(move || {
            let mut message = Message::new();
            for number in 0..1000 {
                receiver.recv_timeout(&mut message, LIMIT).unwrap();
                assert_content(&message, number);
            }
        });
        let batch: Vec<Vec<u8>> = (0..1000)
            .map(|number| content(number, &mut [0; 1024]).to_vec())
            .collect();
        sender.send_batch(&batch).unwrap();
        assert_eq!(sender.committed(), 1000);
        taker.join().unwrap();
    }
}

#[test]
fn a_batch_may_be_nothing_yet() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let mut messages = vec![Message::new(); 3];
    let empty = receiver.try_recv_batch(&mut messages);
    assert!(matches!(empty, Err(RecvError::Empty)), "{empty:?}");
    let late = receiver.recv_batch_timeout(&mut messages, Duration::from_millis(1));
    assert!(matches!(late, Err(RecvError::TimedOut)), "{late:?}");
    sender.send_batch(&["a", "b", "c", "d"]).unwrap();
    assert_eq!(receiver.try_recv_batch(&mut messages).unwrap(), 3);
    let left = receiver.recv_batch_timeout(&mut messages, LIMIT);
    assert_eq!(left.unwrap(), 1);
    assert_eq!(messages[0].as_bytes(), b"d");
}

#[test]
fn a_batch_is_received_at_once_and_acknowledged() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let mut messages = vec![Message::new(); 6];
    assert_eq!(receiver.recv_batch(&mut []).unwrap(), 0);
    sender.send_batch(&["a", "b", "c"]).unwrap();
    assert_eq!(receiver.recv_batch(&mut messages[..2]).unwrap(), 2);
    assert_eq!(messages[1].as_bytes(), b"b");
    assert_eq!(sender.queued(), 1);
    assert_eq!(receiver.recv_batch(&mut messages).unwrap(), 1);
    sender.send_batch(&["d", "e", "f", "g"]).unwrap();
    assert_eq!(receiver.recv_batch(&mut messages).unwrap(), 4);
    assert_eq!(messages[3].as_bytes(), b"g");
    assert_eq!(messages[3].sequence(), 6);
    assert_eq!((sender.queued(), receiver.acknowledged()), (0, 7));
}

#[test]
fn an_acknowledgement_covers_what_was_shown_and_a_rewind_shows_the_rest_again() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send_batch(&["a", "b", "c", "d"]).unwrap();
    let mut message = Message::new();
    receiver.peek(&mut message).unwrap();
    receiver.try_peek(&mut message).unwrap();
    assert_eq!((message.as_bytes(), message.sequence()), (&b"b"[..], 1));
    assert_eq!((receiver.acknowledged(), receiver.queued()), (0, 4));
    assert_matches!(sender.try_send(b"e"), Err(SendError::Full));

    receiver.ack().unwrap();
    assert_eq!((receiver.acknowledged(), receiver.queued()), (2, 2));
    receiver.peek_timeout(&mut message, LIMIT).unwrap();
    assert_eq!((message.as_bytes(), message.sequence()), (&b"c"[..], 2));

    receiver.rewind();
    receiver.ack().unwrap();
    assert_eq!(receiver.acknowledged(), 2);
    assert_eq!(take(&mut receiver), (2, b"c".to_vec()));
    assert_eq!(take(&mut receiver), (3, b"d".to_vec()));
}

#[test]
fn a_look_past_the_last_slot_asks_for_an_acknowledgement_first() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(2);
    sender.send_batch(&["a", "b"]).unwrap();
    let mut message = Message::new();
    receiver.peek(&mut message).unwrap();
    receiver.peek(&mut message).unwrap();
    for result in [
        receiver.peek(&mut message),
        receiver.try_peek(&mut message),
        receiver.recv(&mut message),
        receiver.try_recv(&mut message),
        receiver.peek_timeout(&mut message, LIMIT),
    ] {
        assert_matches!(result, Err(RecvError::Unacknowledged { shown: 2 }));
    }
    receiver.ack().unwrap();
    sender.try_send(b"c").unwrap();
    assert_eq!(take(&mut receiver), (2, b"c".to_vec()));
}

#[test]
fn both_ends_tell_how_things_stand() {
    let name = Name::new();
    let mut sender = name.options().slots(8).sender().unwrap();
    assert_eq!(sender.name(), name.as_str());
    assert!(sender.created());
    assert_eq!(sender.peer().unwrap(), Peer::NeverSeen);
    sender.send_batch(&["a", "b", "c"]).unwrap();
    assert_eq!((sender.committed(), sender.queued()), (3, 3));

    let mut receiver = name.receiver();
    assert!(!receiver.created());
    assert_eq!(receiver.name(), name.as_str());
    assert_eq!((receiver.capacity(), receiver.queued()), (8, 3));
    assert_eq!(receiver.peer().unwrap(), Peer::Attached);
    assert_eq!(sender.peer().unwrap(), Peer::Attached);
    take(&mut receiver);
    assert_eq!((sender.committed(), sender.queued()), (3, 2));
    assert_eq!((receiver.acknowledged(), receiver.queued()), (1, 2));

    receiver.close().unwrap();
    assert_eq!(sender.peer().unwrap(), Peer::Closed);
}
