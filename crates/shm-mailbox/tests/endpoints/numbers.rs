//! The counts that a restart relies on: which are believed, and what comes after the last message
//! number.

use shm_mailbox::{AttachError, Field, Message, SendError};

use crate::support::raw::{LAST_MESSAGE, RECEIVED, SENT, stamp, stamp_offset};
use crate::support::{LIMIT, Name, PATIENCE, assert_closed, assert_matches, raw, take};

/// Attaches to a mailbox of 4 slots with these counts, and with this stamp in the slot of message
/// `sent`.
fn attach(sent: u64, received: u64, bits: u64) -> [Result<u64, (Field, u64)>; 2] {
    let name = Name::new();
    let mut image = raw::image(4);
    raw::put(&mut image, SENT, sent);
    raw::put(&mut image, RECEIVED, received);
    raw::put(&mut image, stamp_offset((sent % 4) as usize), bits);
    name.fill(&image);
    let field = |error| match error {
        AttachError::Corrupt { corrupt, .. } => (corrupt.field(), corrupt.found()),
        other => panic!("{other}"),
    };
    let sender = name.options().sender();
    let sender = sender.map(|sender| sender.committed()).map_err(field);
    name.fill(&image);
    let receiver = name.options().receiver();
    let receiver = receiver.map(|receiver| receiver.acknowledged());
    [sender, receiver.map_err(field)]
}

#[test]
fn counts_that_cannot_be_are_found_when_attaching() {
    const END: u64 = LAST_MESSAGE + 1;
    let sent = |found| Err((Field::Sent, found));
    let received = |found| Err((Field::Received, found));
    let newer = |found| Err((Field::Stamp, found));
    for (counts, expected) in [
        ((0, 0, 0), [Ok(0), Ok(0)]),
        ((4, 0, 0), [Ok(4), Ok(0)]),
        ((5, 0, 0), [received(0), Ok(0)]),
        ((0, 1, 0), [received(1), Ok(1)]),
        // Killed between stamp and count, and received already.
        ((0, 1, stamp(0, 3)), [Ok(1), Ok(1)]),
        ((7, 7, stamp(3, 3)), [Ok(7), Ok(7)]),
        ((7, 7, stamp(7, 3)), [Ok(8), Ok(7)]),
        ((7, 7, stamp(8, 3)), [newer(9), Ok(7)]),
        ((7, 7, u64::MAX), [newer(END), Ok(7)]),
        ((7, u64::MAX, 0), [received(u64::MAX), received(u64::MAX)]),
        ((7, END, 0), [received(END), Ok(END)]),
        ((END, END, 0), [Ok(END), Ok(END)]),
        ((END, END - 5, 0), [received(END - 5), Ok(END - 5)]),
        ((END + 1, END, 0), [sent(END + 1), Ok(END)]),
        ((END, END + 1, 0), [received(END + 1), received(END + 1)]),
        (
            (u64::MAX, u64::MAX, 0),
            [sent(u64::MAX), received(u64::MAX)],
        ),
    ] {
        assert_eq!(attach(counts.0, counts.1, counts.2), expected, "{counts:?}");
    }
}

#[test]
fn the_numbers_end_without_wrapping() {
    for slots in [1, 4] {
        let name = Name::new();
        raw::create_at(&name, raw::image(slots), LAST_MESSAGE - 2);
        let (mut sender, mut receiver) = name.pair(slots);
        for number in LAST_MESSAGE - 2..=LAST_MESSAGE {
            sender.send_timeout(b"one of the last", LIMIT).unwrap();
            assert_eq!(take(&mut receiver), (number, b"one of the last".to_vec()));
        }
        for _ in 0..2 {
            for result in [
                sender.send_timeout(b"none left", PATIENCE),
                sender.try_send(b"none left"),
                sender.reserve_timeout(PATIENCE).map(drop),
                sender.try_send_batch(&["none left"]).map(drop),
            ] {
                assert_matches!(result, Err(SendError::Exhausted { .. }));
            }
            sender.keep().unwrap();
            assert_closed(&mut receiver);
            receiver.close().unwrap();
            (sender, receiver) = name.pair(slots);
            assert_eq!(sender.committed(), LAST_MESSAGE + 1);
        }
    }
}

#[test]
fn a_batch_ends_with_the_numbers() {
    let name = Name::new();
    raw::create_at(&name, raw::image(8), LAST_MESSAGE - 1);
    let (mut sender, mut receiver) = name.pair(8);
    let batch = sender.send_batch(&["a", "b", "c"]).unwrap_err();
    assert_eq!(batch.sent, 2);
    assert_matches!(batch.error, SendError::Exhausted { .. });
    assert_eq!(take(&mut receiver), (LAST_MESSAGE - 1, b"a".to_vec()));
    assert_eq!(take(&mut receiver), (LAST_MESSAGE, b"b".to_vec()));
}

#[test]
fn the_next_sender_knows_how_long_the_last_message_was() {
    let name = Name::new();
    let options = || name.options().slots(4).hot_slots(2);
    let mut receiver = options().receiver().unwrap();
    let mut sender = options().sender().unwrap();
    assert_eq!(sender.last_length(), None);
    // In hot slots, then in cold ones, then taken.
    for length in [1024, 0, 7, 1024] {
        sender.send(vec![b'x'; length]).unwrap();
        assert_eq!(sender.last_length(), Some(length));
        sender.close().unwrap();
        sender = options().sender().unwrap();
        assert_eq!(sender.last_length(), Some(length));
    }
    while receiver.try_recv(&mut Message::new()).is_ok() {}
    assert_eq!(sender.last_length(), Some(1024));
}
