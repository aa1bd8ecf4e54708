//! Tapping from outside: what passes is shown whole, in order and once, what is missed is counted,
//! and nobody notices.
//!
//! What a correct peer writes is here; what no peer writes is in `damage`.

mod damage;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use shm_core::barrier;
use shm_mailbox::tap::{Start, Tap};
use shm_mailbox::{Message, Receiver, Sender, observe};

use test_support::skip;

use crate::support::{LIMIT, Name, Random, Raw, assert_content, content, raw, take, turn};

fn tap(name: &Name, start: Start) -> Tap {
    let object = observe::open(&name.shm_name()).expect("the object is there");
    Tap::new(object, start).expect("it is a mailbox")
}

/// Whether a tap can show what was taken; elsewhere than on x86-64 that takes a barrier in the
/// sender's process. Says `skipped: needs …` if not.
fn shows_what_was_taken() -> bool {
    let can = cfg!(target_arch = "x86_64") || barrier::heavy();
    if !can {
        skip("membarrier(2)");
    }
    can
}

fn ends(name: &Name, hot: u32, slots: u32) -> (Sender, Receiver) {
    let options = name.options().slots(slots).hot_slots(hot);
    let sender = options.sender().expect("the sender's role");
    (sender, name.receiver())
}

fn send(sender: &mut Sender, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let sent = sender.try_send(content(n, &mut [0; 1024]));
        sent.expect("there is room");
    }
}

/// The numbers of the messages that are shown now; each is whole.
#[track_caller]
fn shown(tap: &mut Tap) -> Vec<u64> {
    let mut message = Message::new();
    let mut numbers = Vec::new();
    loop {
        let position = tap.position();
        if tap.try_next(&mut message).expect("nothing is damaged") {
            assert_content(&message, message.sequence());
            numbers.push(message.sequence());
        } else if tap.position() == position {
            return numbers;
        }
    }
}

#[test]
fn what_is_sent_from_now_on_is_shown_taken_or_not() {
    if !shows_what_was_taken() {
        return;
    }
    let _turn = turn();
    let name = Name::new();
    let (mut sender, mut receiver) = ends(&name, 4, 8);
    send(&mut sender, 0..2);
    let mut next = tap(&name, Start::Next);
    let mut oldest = tap(&name, Start::Oldest);
    assert!(shown(&mut next).is_empty());
    assert_eq!(shown(&mut oldest), [0, 1]);
    for n in 0..2 {
        assert_eq!(take(&mut receiver).0, n);
    }
    send(&mut sender, 2..4);
    assert_eq!(take(&mut receiver).0, 2);
    for tap in [&mut next, &mut oldest] {
        assert_eq!(shown(tap), [2, 3]);
        assert!(shown(tap).is_empty());
        assert_eq!((tap.position(), tap.missed()), (4, 0));
    }
    assert_eq!(take(&mut receiver).0, 3);
}

#[test]
fn from_the_first_on_what_is_gone_is_missed() {
    if !shows_what_was_taken() {
        return;
    }
    let _turn = turn();
    let name = Name::new();
    let (mut sender, mut receiver) = ends(&name, 4, 4);
    for n in 0..10 {
        send(&mut sender, n..n + 1);
        take(&mut receiver);
    }
    let mut tap = tap(&name, Start::First);
    let found = shown(&mut tap);
    assert!(found.iter().all(|n| (7..10).contains(n)), "{found:?}");
    assert_eq!(found.last(), Some(&9));
    assert_eq!(found.len() as u64 + tap.missed(), 10);
}

#[test]
fn messages_are_found_in_hot_and_cold_slots_in_every_pattern() {
    let _turn = turn();
    for (hot, slots) in [(1, 1), (1, 2), (4, 4), (2, 8), (4, 16), (1, 16)] {
        for seed in 0..20 {
            let name = Name::new();
            let (mut sender, mut receiver) = ends(&name, hot, slots);
            let mut tap = tap(&name, Start::Next);
            let mut random = Random::new(seed);
            let mut sent = 0;
            for _ in 0..12 {
                let first = sent;
                for _ in 0..random.below(u64::from(slots) + 1) {
                    if sender.try_send(content(sent, &mut [0; 1024])).is_ok() {
                        sent += 1;
                    }
                }
                // Whatever is queued cannot be overwritten, so nothing is missed.
                assert!(shown(&mut tap).into_iter().eq(first..sent), "{hot}/{slots}");
                for _ in 0..random.below(u64::from(slots) + 1) {
                    if receiver.queued() > 0 {
                        take(&mut receiver);
                    }
                }
            }
            assert_eq!((tap.position(), tap.missed()), (sent, 0));
        }
    }
}

#[test]
fn a_message_is_missed_from_the_moment_when_its_slot_may_be_written_again() {
    if !shows_what_was_taken() {
        return;
    }
    let _turn = turn();
    for slots in [1, 2, 4, 8] {
        let name = Name::new();
        let (mut sender, mut receiver) = ends(&name, slots, slots);
        let mut tap = tap(&name, Start::Next);
        let slots = u64::from(slots);
        // One less than the slots: all are there.
        send(&mut sender, 0..slots - 1);
        (0..slots - 1).for_each(|n| assert_eq!(take(&mut receiver).0, n));
        assert!(shown(&mut tap).into_iter().eq(0..slots - 1), "{slots}");
        // As many as slots: the sender may have begun to write over the first.
        send(&mut sender, slots - 1..2 * slots - 1);
        (slots - 1..2 * slots - 1).for_each(|n| assert_eq!(take(&mut receiver).0, n));
        let found = shown(&mut tap);
        assert!(!found.contains(&(slots - 1)), "{slots}: {found:?}");
        assert!(slots == 1 || found.last() == Some(&(2 * slots - 2)));
        assert_eq!(tap.missed() + found.len() as u64, slots);
        assert_eq!(tap.position(), 2 * slots - 1);
    }
}

#[test]
fn a_message_is_shown_if_it_is_queued_however_many_came_after_it() {
    let _turn = turn();
    let name = Name::new();
    let (mut sender, _receiver) = ends(&name, 1, 8);
    let mut tap = tap(&name, Start::Next);
    // The first is in the one hot slot, and the others in all cold ones but one.
    send(&mut sender, 0..8);
    assert!(shown(&mut tap).into_iter().eq(0..8));
}

#[test]
fn a_message_that_its_sender_did_not_live_to_count_is_shown_once() {
    let _turn = turn();
    let name = Name::new();
    let (mut sender, _receiver) = ends(&name, 4, 4);
    let mut tap = tap(&name, Start::Next);
    send(&mut sender, 0..2);
    let words = Raw::new(&name);
    words.store(raw::SENT, 1);
    assert_eq!(shown(&mut tap), [0, 1]);
    assert!(shown(&mut tap).is_empty());
    words.store(raw::SENT, 2);
    send(&mut sender, 2..3);
    assert_eq!(shown(&mut tap), [2]);
}

/// Sends and receives as fast as one thread can while a tap looks, then stops, and compares what
/// was shown with what was sent.
fn tap_at_full_speed(hot: u32, slots: u32, wanted: u64) {
    let name = Name::new();
    let (mut sender, mut receiver) = ends(&name, hot, slots);
    let mut tap = tap(&name, Start::Next);
    let done = AtomicBool::new(false);
    let (mut seen, mut last) = (0_u64, None);
    thread::scope(|scope| {
        // Both ends in one thread, so that they move on while the tap looks, also on two cores.
        let passing = scope.spawn(|| {
            let mut message = Message::new();
            let mut random = Random::new(u64::from(slots));
            let mut n = 0;
            let mut buffer = [0; 1024];
            while !done.load(Ordering::Relaxed) {
                let most = random.below(u64::from(slots)) + 1;
                for _ in 0..most {
                    if sender.try_send(content(n, &mut buffer)).is_ok() {
                        n += 1;
                    }
                }
                while receiver.queued() > most / 2 {
                    receiver.try_recv(&mut message).expect("one is queued");
                }
            }
            n
        });
        let begin = Instant::now();
        let mut message = Message::new();
        let mut buffer = [0; 1024];
        let mut fault = None;
        let mut check = |tap: &mut Tap| {
            let some = tap.try_next(&mut message).expect("nothing is damaged");
            if some {
                let n = message.sequence();
                seen += 1;
                if message.as_bytes() != content(n, &mut buffer) || last.is_some_and(|m| m >= n) {
                    fault = Some((last, n));
                }
                last = Some(n);
            }
            (some, seen, fault)
        };
        loop {
            let (_, seen, fault) = check(&mut tap);
            if seen >= wanted || fault.is_some() || begin.elapsed() > LIMIT {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        let sent = passing.join().expect("both ends go well");
        let mut rest = || {
            check(&mut tap);
            tap.position()
        };
        while rest() < sent {}
        assert!(fault.is_none(), "{hot}/{slots}: after {fault:?}");
        assert!(seen >= wanted, "{hot}/{slots}: {seen} in {LIMIT:?}");
        assert_eq!(tap.position(), sent);
        assert_eq!(seen + tap.missed(), sent);
        println!("{hot}/{slots}: {seen} shown, {} missed", tap.missed());
    });
}

#[test]
fn messages_at_full_speed_are_shown_whole_in_order_once_and_the_rest_is_counted() {
    if !shows_what_was_taken() {
        return;
    }
    let _turn = turn();
    // Few slots are written again before they can be looked at.
    for (hot, slots, wanted) in [
        (1, 8, 100),
        (2, 8, 200),
        (8, 64, 2000),
        (64, 64, 20_000),
        (256, 256, 20_000),
    ] {
        tap_at_full_speed(hot, slots, wanted);
    }
}

#[test]
fn a_tap_changes_nothing_in_the_object() {
    let _turn = turn();
    let name = Name::new();
    let (mut sender, mut receiver) = ends(&name, 2, 8);
    send(&mut sender, 0..6);
    take(&mut receiver);
    let before = name.bytes();
    let mut tap = tap(&name, Start::Oldest);
    assert_eq!(shown(&mut tap).len(), 5);
    assert!(name.bytes() == before, "not a byte has changed");
    assert!(!tap.object().is_writable());
}

#[test]
fn a_tap_stays_with_its_object_and_keeps_nobody_out() {
    let _turn = turn();
    let name = Name::new();
    let (mut sender, receiver) = ends(&name, 4, 4);
    let mut tap = tap(&name, Start::Next);
    send(&mut sender, 0..1);
    assert_eq!(shown(&mut tap), [0]);
    drop(receiver);
    take(&mut name.receiver());
    sender.close().expect("it is empty");
    assert!(!name.exists());
    let (mut other, _receiver) = ends(&name, 4, 4);
    send(&mut other, 0..1);
    assert!(shown(&mut tap).is_empty());
}
