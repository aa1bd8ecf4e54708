//! Observers: what they see of each kind of object, and that nobody notices them.

use std::sync::atomic::{AtomicBool, Ordering};

use shm_mailbox::observe::{self, Content, Lesson};
use shm_mailbox::{Closed, Message, Peer, classic::Classic};

use crate::support::{LIMIT, Name, Raw, assert_matches, looked_at, raw, seen, take};

#[test]
fn counts_and_roles_are_seen_as_they_change() {
    let name = Name::new();
    let mut sender = name
        .options()
        .slots(128)
        .sender()
        .expect("the sender's role");
    let at_first = seen(&name);
    assert_eq!((at_first.slots, at_first.hot_slots), (128, 8));
    assert_eq!(at_first.version, 1);
    assert_eq!(at_first.sender.state, Peer::Attached);
    assert_eq!(at_first.sender.pid, std::process::id());
    assert_eq!(at_first.sender.epoch, 1);
    assert_eq!(at_first.receiver.state, Peer::NeverSeen);
    assert_eq!(at_first.receiver.pid, 0);
    assert!(!at_first.is_stale());

    for _ in 0..3 {
        sender.send(b"hello").expect("there is room");
    }
    let mut receiver = name.receiver();
    take(&mut receiver);
    let busy = seen(&name);
    assert_eq!((busy.sent, busy.received, busy.queued), (3, 1, 2));
    assert_eq!(busy.receiver.state, Peer::Attached);

    receiver.close().expect("closes");
    let left = sender.close().expect("closes");
    assert_eq!(left, Closed::Kept { queued: 2 });
    let closed = seen(&name);
    assert_eq!(closed.sender.state, Peer::Closed);
    assert_eq!(closed.receiver.state, Peer::Closed);
    assert!(closed.is_stale());
}

#[test]
fn a_message_whose_sender_was_killed_before_it_counted_is_seen() {
    // In a hot slot, in each cold one, and in the first of them again.
    for sent in 1..=7 {
        let name = Name::new();
        let options = name.options();
        let mut sender = options.slots(4).hot_slots(2).sender().expect("a sender");
        let mut receiver = name.receiver();
        for number in 0..sent {
            if number >= 4 {
                take(&mut receiver);
            }
            sender.send(b"hello").expect("there is room");
        }
        let before = seen(&name);
        let view = Raw::new(&name);
        view.store(raw::SENT, sent - 1);
        assert_eq!(seen(&name), before, "{sent}");
        view.store(raw::SENT, sent);
    }
}

#[test]
fn somebody_who_attaches_or_closes_is_seen() {
    let name = Name::new();
    name.sender().keep().expect("closes");
    let object = shm_core::ObjectOptions::new().open(&name.shm_name());
    let object = object.expect("the object is there");
    let lock = object.try_lock(0).expect("INIT can be locked");
    assert_eq!(lock, shm_core::Lock::Taken);
    assert!(seen(&name).changing && !seen(&name).is_stale());
    drop(object);
    assert!(!seen(&name).changing && seen(&name).is_stale());
}

#[test]
fn queued_stays_within_the_slots_whatever_the_counts_say() {
    let name = Name::new();
    name.sender().keep().expect("closes");
    let raw = Raw::new(&name);
    for (sent, received, queued) in [(0, 1, 0), (u64::MAX, 0, 64), (5, u64::MAX, 0)] {
        raw.store(raw::SENT, sent);
        raw.store(raw::RECEIVED, received);
        assert_eq!(seen(&name).queued, queued);
    }
}

#[test]
fn of_a_large_object_of_another_program_little_is_read() {
    let read = || {
        let io = std::fs::read_to_string("/proc/thread-self/io").expect("/proc is there");
        let line = io.lines().find_map(|line| line.strip_prefix("rchar: "));
        line.expect("it counts").parse::<u64>().expect("a number")
    };
    let name = Name::new();
    let file = std::fs::File::create(name.path()).expect("an object can be made");
    file.set_len(68 << 20).expect("holes take no memory");
    let before = read();
    assert_matches!(looked_at(&name), Content::Foreign);
    // What was asked for: reading the counter is a part of it.
    assert!(read() - before < 64 << 10);
}

#[test]
fn other_objects_are_told_apart() {
    let name = Name::new();
    let fill = |bytes: &[u8]| std::fs::write(name.path(), bytes).expect("an object can be made");
    fill(b"");
    assert_matches!(looked_at(&name), Content::Foreign);
    fill(&[0; 4096]);
    assert_matches!(looked_at(&name), Content::Foreign);
    fill(&[1; 4096]);
    assert_matches!(looked_at(&name), Content::Foreign);
    fill(b"five\n");
    assert_matches!(looked_at(&name), Content::Foreign);
    let mut message = [0; 1028];
    message[0] = 1;
    fill(&message);
    let lesson = Lesson {
        flag: 1,
        writer: false,
        reader: false,
    };
    assert_matches!(looked_at(&name), Content::Classic(found) if found == lesson);
    name.unlink();
    name.sender().keep().expect("closes");
    Raw::new(&name)
        .half(raw::VERSION)
        .store(9, Ordering::SeqCst);
    let Content::Unknown(error) = looked_at(&name) else {
        panic!("version 9 is not known")
    };
    assert!(error.to_string().contains("version 9"), "{error}");
}

#[test]
fn the_lessons_roles_are_seen_if_they_are_ours() {
    let name = Name::new();
    let writer = Classic::options(name.as_str()).writer().expect("writes");
    let Content::Classic(lesson) = looked_at(&name) else {
        panic!("the lesson's object")
    };
    assert!(lesson.writer && !lesson.reader);
    writer.keep();
}

/// Sets a flag when it is dropped, also in a panic: who waits for the flag is not kept.
struct SetAtTheEnd<'a>(&'a AtomicBool);

impl Drop for SetAtTheEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn watching_all_the_time_changes_nothing_for_the_two_ends() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    let object = observe::open(&name.shm_name()).expect("the object is there");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20_000 {
                let sent = sender.send_timeout(b"hello", LIMIT);
                sent.expect("the receiver takes it");
            }
        });
        scope.spawn(|| {
            let _done = SetAtTheEnd(&done);
            let mut message = Message::new();
            for number in 0..20_000 {
                let received = receiver.recv_timeout(&mut message, LIMIT);
                received.expect("the sender sends it");
                assert_eq!(message.sequence(), number);
            }
        });
        let mut last = 0;
        while !done.load(Ordering::SeqCst) {
            let Ok(Content::Mailbox(seen)) = observe::look(&object) else {
                panic!("it stays a mailbox")
            };
            assert!(seen.queued <= 4 && seen.sent >= last, "{seen:?}");
            last = seen.sent;
        }
    });
    sender.close().expect("closes");
    assert!(!name.exists());
}
