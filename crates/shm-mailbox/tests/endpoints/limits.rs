//! Durations, deadlines and what may be sent: the forms in which the calls take their arguments.

use std::time::{Duration, Instant};

use shm_mailbox::{
    AttachError, BatchError, Limit, Mailbox, Message, RecvError, SendError, ShmName,
};

use crate::support::{LIMIT, Name, take};

/// Long enough to be a time-out, and no longer.
const SHORT: Duration = Duration::from_millis(2);

#[test]
fn a_call_ends_after_a_duration_at_an_instant_or_not_at_all() {
    let (mut sender, mut receiver) = Mailbox::options("limits").slots(1).pair().unwrap();
    let message = &mut Message::new();
    let deadline = Instant::now() + SHORT;
    assert_eq!(
        receiver.recv_timeout(message, deadline),
        Err(RecvError::TimedOut)
    );
    assert!(Instant::now() >= deadline);
    assert_eq!(
        receiver.peek_timeout(message, SHORT),
        Err(RecvError::TimedOut)
    );
    let none = receiver.recv_batch_timeout(&mut [Message::new()], deadline);
    assert_eq!(none, Err(RecvError::TimedOut));

    sender.send_timeout("one", None).unwrap();
    assert_eq!(
        sender.send_timeout("two", deadline),
        Err(SendError::TimedOut)
    );
    assert_eq!(
        sender.reserve_timeout(SHORT).err(),
        Some(SendError::TimedOut)
    );
    assert_eq!(sender.drain(SHORT), Err(SendError::TimedOut));
    assert_eq!(sender.drain(Instant::now()), Err(SendError::TimedOut));
    assert_eq!(sender.drain(Some(SHORT)), Err(SendError::TimedOut));
    receiver.recv_timeout(message, Limit::Never).unwrap();
    sender.drain(None).unwrap();
}

#[test]
fn a_deadline_that_has_passed_still_takes_what_is_there() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    let passed = Instant::now();
    sender.send_timeout("one", passed).unwrap();
    let mut message = Message::new();
    receiver.recv_timeout(&mut message, passed).unwrap();
    assert_eq!(message, "one");
}

#[test]
fn a_batch_that_is_out_of_time_says_how_many_are_sent() {
    let (mut sender, receiver) = Mailbox::options("batch").slots(2).pair().unwrap();
    let begun = Instant::now();
    let result = sender.send_batch_timeout(&["one", "two", "three"], SHORT);
    assert!(
        matches!(
            result,
            Err(BatchError {
                sent: 2,
                error: SendError::TimedOut,
                ..
            })
        ),
        "{result:?}"
    );
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(receiver.queued(), 2);
}

#[test]
fn the_time_of_a_batch_counts_once_and_not_for_each_message() {
    const TIMES: u32 = 5;
    let (mut sender, mut receiver) = Mailbox::options("batch").slots(1).pair().unwrap();
    let limit = Duration::from_millis(100);
    let begun = Instant::now();
    let taking = std::thread::spawn(move || {
        // Takes one message each time that much of the limit has passed: in all, several limits.
        let mut message = Message::new();
        let mut taken = 0;
        for time in 1..=2 * TIMES {
            let next = begun + limit * time * 3 / 4;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            taken += u32::from(receiver.try_recv(&mut message).is_ok());
        }
        taken
    });
    let result = sender.send_batch_timeout(&["x"; 2 * TIMES as usize], limit);
    let error = result
        .expect_err("a limit that began anew would be long enough")
        .error;
    assert_eq!(error, SendError::TimedOut);
    drop(sender);
    assert!(taking.join().unwrap() < TIMES);
}

#[test]
fn a_batch_with_time_enough_is_sent_whole() {
    let (mut sender, receiver) = Mailbox::options("batch").slots(1).pair().unwrap();
    let receiving =
        std::thread::spawn(move || receiver.into_iter().map(Result::unwrap).collect::<Vec<_>>());
    sender
        .send_batch_timeout(&["one", "two", "three"], LIMIT)
        .unwrap();
    sender
        .send_batch_timeout(&["four"], Instant::now() + LIMIT)
        .unwrap();
    drop(sender);
    assert_eq!(receiving.join().unwrap(), ["one", "two", "three", "four"]);
}

#[test]
fn whatever_is_bytes_can_be_sent() {
    let (mut sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send("text").unwrap();
    sender.send(format!("number {}", 7)).unwrap();
    sender.send(b"bytes").unwrap();
    sender.send([1, 2]).unwrap();
    sender.send(vec![3; 3]).unwrap();
    sender.try_send(&b"slice"[..]).unwrap();
    let expected: [&[u8]; 6] = [b"text", b"number 7", b"bytes", &[1, 2], &[3; 3], b"slice"];
    let mut message = Message::new();
    for expected in expected {
        receiver.recv(&mut message).unwrap();
        assert_eq!(message, expected);
    }
    // What was received can be passed on.
    sender.send(&message).unwrap();
}

#[test]
fn a_name_is_a_text_or_a_checked_name() {
    let name = Name::new();
    let checked: ShmName = name.shm_name();
    let mut sender = Mailbox::options(&checked).sender().unwrap();
    let mut receiver = Mailbox::options(format!("/{checked}")).receiver().unwrap();
    assert_eq!(receiver.name(), name.as_str());
    sender.send("hello").unwrap();
    assert_eq!(take(&mut receiver), (0, b"hello".to_vec()));
    let taken = Mailbox::options(checked).sender();
    assert!(
        matches!(taken, Err(AttachError::RoleTaken { .. })),
        "{taken:?}"
    );
}
