//! What the next end makes of a mailbox that others have left, or that was made anew under its
//! name.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use shm_mailbox::{AttachError, Closed, Message, Peer, RecvError, SendError, Sender, Wait};

use crate::support::process::timed;
use crate::support::raw::RECEIVED;
use crate::support::{
    LIMIT, NOTICE, Name, PATIENCE, Raw, WAITS, assert_closed, assert_empty, assert_matches, die,
    take, told, with_each_wait,
};

/// Long enough for a check, at any wait, to have told what there is to tell.
const SLICES: Duration = Duration::from_millis(220);

/// A mailbox with nothing in it, whose sender has died or closed.
fn leave_empty(name: &Name, died: bool) {
    let (mut sender, mut receiver) = (name.sender(), name.receiver());
    sender.send(b"taken").unwrap();
    take(&mut receiver);
    if died {
        die(sender);
    } else {
        sender.keep().unwrap();
    }
    die(receiver);
}

#[test]
fn a_receiver_of_an_empty_leftover_waits_for_the_next_sender() {
    let waits = |died: bool, wait: Wait| {
        let name = Name::new();
        leave_empty(&name, died);
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        assert!(!receiver.created(), "{died}");
        let result = receiver.recv_timeout(&mut Message::new(), SLICES);
        assert_matches!(result, Err(RecvError::TimedOut), "{died}, {wait}");
        assert_empty(&mut receiver);
        let mut sender = name.sender();
        sender.send(b"new").unwrap();
        assert_eq!(take(&mut receiver).1, b"new");
        sender.close().unwrap();
        assert_closed(&mut receiver);
    };
    with_each_wait(|wait| {
        waits(false, wait);
        waits(true, wait);
    });
}

#[test]
fn a_sender_that_finds_a_full_leftover_waits_for_the_next_receiver() {
    let name = Name::new();
    let mut sender = name.options().slots(1).sender().unwrap();
    name.receiver().close().unwrap();
    sender.send(b"fits").unwrap();
    sender.keep().unwrap();
    let mut sender = name.sender();
    assert_eq!(sender.peer().unwrap(), Peer::Closed);
    let result = sender.send_timeout(b"does not", SLICES);
    assert_matches!(result, Err(SendError::TimedOut));
    // The one that comes and goes now is one that it has met.
    drop(name.receiver());
    let result = sender.send_timeout(b"does not", PATIENCE);
    assert_matches!(result, Err(SendError::Closed { .. }));
}

#[test]
fn who_has_read_the_messages_of_a_sender_is_told_how_it_left() {
    for died in [false, true] {
        let name = Name::new();
        let mut sender = name.sender();
        sender.send(b"left").unwrap();
        if died {
            die(sender);
        } else {
            sender.close().unwrap();
        }
        let mut receiver = name.receiver();
        assert_eq!(take(&mut receiver).1, b"left");
        let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
        if died {
            assert_matches!(result, Err(RecvError::PeerDied { .. }));
        } else {
            assert_matches!(result, Err(RecvError::Closed { .. }));
        }
    }
}

#[test]
fn pairs_that_start_over_a_leftover_at_the_same_time_meet() {
    let name = Name::new();
    for round in 0..100_u64 {
        leave_empty(&name, round % 2 == 1);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut receiver = name.receiver();
                assert_eq!(take(&mut receiver).1, b"new");
                assert_closed(&mut receiver);
            });
            let mut sender = name.sender();
            sender.send(b"new").unwrap();
            sender.drain(Some(LIMIT)).unwrap();
            assert_eq!(sender.close().unwrap(), Closed::Unlinked);
        });
    }
}

#[test]
fn an_end_that_is_dropped_by_a_panic_has_died() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(1);
    sender.send(b"left").unwrap();
    die(receiver);
    let result = sender.send_timeout(b"does not", PATIENCE);
    assert_matches!(result, Err(SendError::PeerDied { .. }));

    receiver = name.receiver();
    assert_eq!(take(&mut receiver).1, b"left");
    let (result, took) = timed(|| {
        die(sender);
        receiver.recv_timeout(&mut Message::new(), PATIENCE)
    });
    assert_matches!(result, Err(RecvError::PeerDied { .. }));
    assert!(took < NOTICE, "{took:?}");
    assert!(name.exists());
}

#[test]
fn an_aborted_stream_ends_as_that_of_a_killed_sender() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send(b"one").unwrap();
    assert_eq!(sender.abort().unwrap(), Closed::Kept { queued: 1 });
    assert_eq!(take(&mut receiver).1, b"one");
    assert_matches!(told(&mut receiver), Err(RecvError::PeerDied { .. }));
    // With nothing left in it, the object goes.
    assert_eq!(name.sender().abort().unwrap(), Closed::Unlinked);
    assert_matches!(told(&mut receiver), Err(RecvError::PeerDied { .. }));
    assert!(!name.exists());
}

#[test]
fn who_leaves_a_closed_empty_mailbox_last_takes_the_name_along() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.send(b"left").unwrap();
    assert_eq!(sender.close().unwrap(), Closed::Kept { queued: 1 });
    // With a message left it stays.
    assert_eq!(name.receiver().close().unwrap(), Closed::Kept { queued: 1 });
    let mut receiver = name.receiver();
    assert_eq!(take(&mut receiver).1, b"left");
    assert_eq!(receiver.close().unwrap(), Closed::Unlinked);
    assert!(!name.exists());
}

#[test]
fn what_a_sender_kept_or_died_with_or_is_attached_to_stays() {
    let take_all_and_close = |name: &Name| {
        let mut receiver = name.receiver();
        while receiver.try_recv(&mut Message::new()).is_ok() {}
        assert_eq!(receiver.close().unwrap(), Closed::Kept { queued: 0 });
        assert!(name.exists());
    };
    let name = Name::new();
    let sent = |mut sender: Sender| {
        sender.send(b"left").unwrap();
        sender
    };
    sent(name.sender()).keep().unwrap();
    take_all_and_close(&name);
    take_all_and_close(&name);
    die(sent(name.sender()));
    take_all_and_close(&name);
    let sender = sent(name.sender());
    take_all_and_close(&name);
    assert_eq!(sender.close().unwrap(), Closed::Unlinked);
}

#[test]
fn an_end_that_closes_says_what_became_of_the_object() {
    // The peer has unlinked it.
    let name = Name::new();
    let (sender, receiver) = name.pair(4);
    sender.close().unwrap();
    assert_eq!(receiver.close().unwrap(), Closed::Unlinked);
    // It was renamed, and stays.
    let (name, other) = (Name::new(), Name::new());
    let sender = name.sender();
    std::fs::rename(name.path(), other.path()).unwrap();
    assert_eq!(sender.close().unwrap(), Closed::Kept { queued: 0 });
    assert!(other.exists());
}

#[test]
fn a_sender_closes_by_its_own_count() {
    for received in [7, u64::MAX] {
        let name = Name::new();
        let mut sender = name.sender();
        sender.send(b"left").unwrap();
        let words = Raw::new(&name);
        words.store(crate::support::raw::SENT, 0);
        words.store(RECEIVED, received);
        sender.close().unwrap();
        assert!(name.exists(), "{received}");
    }
}

#[test]
fn both_ends_know_which_mailbox_it_is_and_the_next_is_another() {
    let name = Name::new();
    let (sender, receiver) = name.pair(4);
    let first = sender.id();
    assert_eq!(receiver.id(), first);
    let shown = first.to_string();
    assert_eq!(shown.len(), 32);
    assert!(shown.bytes().all(|byte| byte.is_ascii_hexdigit()));
    drop((sender, receiver));
    assert_ne!(name.sender().id(), first);
}

#[test]
fn a_message_that_was_announced_and_lost_is_told_before_the_end_of_the_stream() {
    for died in [false, true] {
        for met in [false, true] {
            let name = Name::new();
            let mut sender = name.options().slots(2).sender().unwrap();
            let mut receiver = met.then(|| name.receiver());
            sender.send_batch(&["1", "2"]).unwrap();
            if died {
                die(sender);
            } else {
                sender.close().unwrap();
            }
            name.resize(640);
            name.resize(4096);
            let receiver = receiver.get_or_insert_with(|| name.receiver());
            assert_matches!(
                told(receiver),
                Err(RecvError::Corrupt { .. }),
                "{died} {met}"
            );
        }
    }
}

#[test]
fn a_cut_within_the_first_page_is_told_to_who_waits() {
    for wait in WAITS {
        let name = Name::new();
        let options = name.options().slots(1).wait(wait);
        let (_sender, mut receiver) = (options.clone().sender(), options.receiver().unwrap());
        name.resize(64);
        name.resize(4096);
        assert_matches!(
            told(&mut receiver),
            Err(RecvError::Truncated { .. }),
            "{wait}"
        );
    }
}

#[test]
fn attaching_asks_again_for_a_role_for_as_long_as_it_is_told() {
    let name = Name::new();
    let sender = name.sender();
    let options = |limit| name.options().attach_timeout(limit);
    let (refused, took) = timed(|| options(SLICES).sender().map(drop));
    assert_matches!(refused, Err(AttachError::RoleTaken { .. }));
    assert!(took >= SLICES, "{took:?}");
    thread::scope(|scope| {
        let second = scope.spawn(|| options(LIMIT).sender().map(drop));
        sender.keep().unwrap();
        second.join().unwrap().unwrap();
    });
}

#[test]
fn the_holder_of_a_role_is_who_has_the_lock_whatever_the_header_says() {
    let name = Name::new();
    let _sender = name.sender();
    Raw::new(&name).half(268).store(1, Ordering::SeqCst);
    let refused = name.options().attach_timeout(Duration::ZERO).sender();
    let own = Some(std::process::id());
    assert_matches!(refused, Err(AttachError::RoleTaken { pid, .. }) if pid == own);
}
