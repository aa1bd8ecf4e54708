//! Closing, keeping, draining, coming back, and what is left in `/dev/shm`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::{Closed, Message, Peer, RecvError, SendError, Wait};

use crate::support::process::{thread_id, wait_until_on_futex};
use crate::support::{
    LIMIT, Name, PATIENCE, WAITS, assert_closed, assert_content, assert_matches, content, take,
};

#[test]
fn a_sender_that_closes_an_empty_mailbox_unlinks_it() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send(b"taken").unwrap();
    take(&mut receiver);
    assert_eq!(sender.close().unwrap(), Closed::Unlinked);
    assert!(!name.exists());
    assert_closed(&mut receiver);
}

#[test]
fn a_sender_unlinks_a_mailbox_that_the_receiver_made() {
    let name = Name::new();
    let receiver = name.receiver();
    assert!(receiver.created());
    assert_eq!(name.sender().close().unwrap(), Closed::Unlinked);
    assert!(!name.exists());
}

#[test]
fn messages_left_at_the_close_wait_for_the_next_receiver() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.send_batch(&["a", "b"]).unwrap();
    assert_eq!(sender.close().unwrap(), Closed::Kept { queued: 2 });
    let mut receiver = name.receiver();
    assert_eq!(take(&mut receiver), (0, b"a".to_vec()));
    assert_eq!(take(&mut receiver), (1, b"b".to_vec()));
    assert_closed(&mut receiver);
}

#[test]
fn a_sender_that_keeps_leaves_even_an_empty_mailbox() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send(b"taken").unwrap();
    take(&mut receiver);
    assert_eq!(sender.keep().unwrap(), Closed::Kept { queued: 0 });
    assert!(name.exists());
    assert_closed(&mut receiver);
    assert_eq!(name.sender().committed(), 1);
}

#[test]
fn a_dropped_sender_has_closed() {
    let name = Name::new();
    let (sender, mut receiver) = name.pair(4);
    drop(sender);
    assert!(!name.exists());
    assert_closed(&mut receiver);
}

#[test]
fn a_receiver_unlinks_what_it_made_if_no_sender_ever_came() {
    let name = Name::new();
    assert_eq!(name.receiver().close().unwrap(), Closed::Unlinked);
    drop(name.receiver());
    assert!(!name.exists());
}

#[test]
fn a_receiver_leaves_what_it_did_not_make_and_what_a_sender_has_seen() {
    let name = Name::new();
    let receiver = name.receiver();
    name.sender().keep().unwrap();
    assert_eq!(receiver.close().unwrap(), Closed::Kept { queued: 0 });
    let receiver = name.receiver();
    assert!(!receiver.created());
    assert_eq!(receiver.close().unwrap(), Closed::Kept { queued: 0 });
    assert!(name.exists());
}

#[test]
fn a_close_leaves_the_object_that_has_taken_the_name_since() {
    let name = Name::new();
    let sender = name.sender();
    name.unlink();
    name.fill(b"somebody else's");
    sender.close().unwrap();
    assert_eq!(name.bytes(), b"somebody else's");
}

#[test]
fn who_attaches_after_an_unlink_starts_again_from_0() {
    let name = Name::new();
    let (mut sender, mut old) = name.pair(4);
    sender.send(b"old").unwrap();
    take(&mut old);
    sender.close().unwrap();
    let (mut sender, mut receiver) = name.pair(4);
    assert!(sender.created());
    sender.send(b"new").unwrap();
    assert_eq!(take(&mut receiver), (0, b"new".to_vec()));
    let result = old.try_recv(&mut Message::new());
    assert!(result.is_err(), "{result:?}");
}

#[test]
fn a_full_mailbox_tells_its_sender_that_the_receiver_closed() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(2).wait(wait).sender().unwrap();
        drop(name.receiver());
        sender.send_batch(&["fits", "fits"]).unwrap();
        for result in [
            sender.send_timeout(b"does not", PATIENCE),
            sender.drain(Some(PATIENCE)),
        ] {
            assert_matches!(result, Err(SendError::Closed { .. }), "{wait}");
        }
        take(&mut name.receiver());
        sender.send(b"fits again").unwrap();
    }
}

#[test]
fn that_the_sender_closed_is_told_each_time() {
    for wait in WAITS {
        let name = Name::new();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let message = &mut Message::new();
        name.sender().keep().unwrap();
        // Who asks has not been told by a call that waits.
        assert_eq!(receiver.peer().unwrap(), Peer::Closed);
        for _ in 0..2 {
            for result in [
                receiver.try_recv(message),
                receiver.recv_timeout(message, Duration::ZERO),
                receiver.recv(message),
            ] {
                assert_matches!(result, Err(RecvError::Closed { .. }), "{wait}");
            }
        }
        // Until there is another one.
        let mut sender = name.sender();
        assert_matches!(receiver.try_recv(message), Err(RecvError::Empty), "{wait}");
        sender.send(b"here").unwrap();
        assert_eq!(take(&mut receiver).1, b"here");
    }
}

#[test]
fn that_the_receiver_closed_is_told_each_time() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
        name.receiver().close().unwrap();
        sender.send(b"fits").unwrap();
        for _ in 0..2 {
            for result in [
                sender.try_send(b"does not"),
                sender.send_timeout(b"does not", Duration::ZERO),
                sender.send(b"does not"),
                sender.drain(Some(Duration::ZERO)),
            ] {
                assert_matches!(result, Err(SendError::Closed { .. }), "{wait}");
            }
        }
        let _receiver = name.receiver();
        assert_matches!(sender.try_send(b"does not"), Err(SendError::Full), "{wait}");
    }
}

#[test]
fn a_drain_ends_when_everything_was_acknowledged() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().wait(wait).sender().unwrap();
        sender.drain(Some(PATIENCE)).unwrap();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let mut buffer = [0; 1024];
        for number in 0..16 {
            sender.send(content(number, &mut buffer)).unwrap();
        }
        let taker = thread::spawn(move || {
            let mut message = Message::new();
            for number in 0..16 {
                receiver.recv(&mut message).unwrap();
                assert_content(&message, number);
            }
        });
        sender.drain(Some(LIMIT)).unwrap();
        assert_eq!(sender.queued(), 0);
        assert_eq!(sender.close().unwrap(), Closed::Unlinked);
        taker.join().unwrap();
    }
}

#[test]
fn messages_that_are_still_queued_keep_the_object_while_the_receiver_takes_them() {
    const COUNT: u64 = 4096;
    for _ in 0..50 {
        let name = Name::new();
        let mut sender = name.options().slots(4096).sender().unwrap();
        let mut receiver = name.options().wait(Wait::Spin).receiver().unwrap();
        for _ in 0..COUNT {
            sender.try_send(b"queued").unwrap();
        }
        let received = Arc::new(AtomicU64::new(0));
        let counter = received.clone();
        let taker = thread::spawn(move || {
            let mut message = Message::new();
            for number in 1..=COUNT {
                receiver.recv(&mut message).unwrap();
                counter.store(number, Ordering::SeqCst);
            }
        });
        while received.load(Ordering::SeqCst) == 0 {
            std::hint::spin_loop();
        }
        let closed = sender.close().unwrap();
        // The last message may be acknowledged and not yet counted.
        let left = COUNT - 1 - received.load(Ordering::SeqCst).min(COUNT - 1);
        match closed {
            Closed::Unlinked => assert_eq!(left, 0, "unlinked with messages in it"),
            Closed::Kept { queued } => assert!(queued >= left, "{queued}, but {left} left"),
            other => panic!("{other:?}"),
        }
        taker.join().unwrap();
    }
}

#[test]
fn a_sleeping_end_is_woken_by_a_close() {
    // Without a wake it would be told at the end of its slice, 100 ms after it went to sleep.
    let fastest = (0..20)
        .map(|_| {
            let name = Name::new();
            let sender = name.sender();
            let mut receiver = name.options().wait(Wait::Block).receiver().unwrap();
            let thread = AtomicI32::new(0);
            let (closed_at, (result, told_at)) = thread::scope(|scope| {
                let told = scope.spawn(|| {
                    thread.store(thread_id(), Ordering::SeqCst);
                    let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
                    (result, Instant::now())
                });
                wait_until_on_futex(&thread);
                let closed_at = Instant::now();
                sender.close().unwrap();
                (closed_at, told.join().unwrap())
            });
            assert_matches!(result, Err(RecvError::Closed { .. }));
            told_at - closed_at
        })
        .min();
    assert!(fastest < Some(Duration::from_millis(10)), "{fastest:?}");
}
