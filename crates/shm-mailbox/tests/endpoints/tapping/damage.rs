//! Objects that no correct peer writes: a tap shows messages or an error.

use shm_mailbox::bus::Bus;
use shm_mailbox::tap::{Start, Tap, TapError};
use shm_mailbox::{Message, observe};

use super::{ends, send, tap};
use crate::support::{Name, Random, Raw, assert_matches, raw, turn};

#[track_caller]
fn wrong(tap: &mut Tap) -> TapError {
    let mut message = Message::new();
    loop {
        match tap.try_next(&mut message) {
            Ok(true) => {}
            Ok(false) => panic!("nothing is wrong"),
            Err(error) => return error,
        }
    }
}

#[test]
fn a_message_that_is_missing_or_too_long_is_corrupt() {
    let _turn = turn();
    for (stamp, field) in [
        (0, "the number in a stamp is 0, expected 1 to 1"),
        (
            raw::stamp(7, 3),
            "the number in a stamp is 8, expected 1 to 1",
        ),
        (
            raw::stamp(0, 1025),
            "the length in a stamp is 1025, expected 0 to 1024",
        ),
    ] {
        let name = Name::new();
        let (mut sender, _receiver) = ends(&name, 4, 4);
        let mut tap = tap(&name, Start::Next);
        send(&mut sender, 0..1);
        Raw::new(&name).store(raw::stamp_offset(0), stamp);
        for _ in 0..2 {
            let error = wrong(&mut tap);
            assert_matches!(&error, TapError::Corrupt { .. });
            assert!(error.to_string().contains(field), "{error}");
        }
    }
}

#[test]
fn counts_that_no_peer_writes_are_corrupt() {
    let _turn = turn();
    for (before, after) in [(5, 1), (0, u64::MAX), (u64::MAX, 0)] {
        let name = Name::new();
        let _sender = name.sender();
        let words = Raw::new(&name);
        words.store(raw::SENT, before);
        for start in [Start::Next, Start::Oldest] {
            let mut tap = tap(&name, start);
            words.store(raw::SENT, after);
            assert_matches!(wrong(&mut tap), TapError::Corrupt { .. });
            words.store(raw::SENT, before);
        }
    }
}

#[test]
fn counts_of_two_lanes_that_no_peer_writes_are_corrupt() {
    let _turn = turn();
    let name = Name::new();
    let bus = Bus::options(name.as_str()).senders(2).receivers(1);
    let _senders = [(); 2].map(|()| bus.clone().sender().expect("a lane"));
    let words = Raw::new(&name);
    for lane in 0..2 {
        words.store(128 + 256 * lane, u64::MAX);
    }
    for start in [Start::Next, Start::Oldest, Start::First] {
        let mut tap = tap(&name, start);
        assert!(tap.position() < u64::MAX);
        assert_matches!(wrong(&mut tap), TapError::Corrupt { .. });
    }
}

/// Numbers at which arithmetic could go wrong, and some near them.
fn hostile(random: &mut Random) -> u64 {
    if random.below(2) == 0 {
        // One that could be there, or nearly so.
        return raw::stamp(random.below(8), random.below(2048));
    }
    let near = [0, 1 << 11, 1 << 53, 1 << 63, u64::MAX];
    near[random.index(near.len())]
        .wrapping_add(random.below(16))
        .wrapping_sub(8)
}

#[test]
fn whatever_stands_in_the_object_a_tap_shows_messages_or_an_error() {
    let _turn = turn();
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let name = Name::new();
        let slots = 1 << random.index(4);
        let count = u32::try_from(slots).expect("at most 8");
        let _ends = ends(&name, 1, count);
        let words = Raw::new(&name);
        let mut scribble = || {
            let place = match random.below(4) {
                0 => raw::SENT,
                1 => raw::RECEIVED,
                _ => raw::stamp_offset(random.index(slots)),
            };
            words.store(place, hostile(&mut random));
        };
        (0..8).for_each(|_| scribble());
        for start in [Start::Next, Start::Oldest, Start::First] {
            let mut tap = tap(&name, start);
            let mut message = Message::new();
            for _ in 0..40 {
                let position = tap.position();
                if let Ok(true) = tap.try_next(&mut message) {
                    assert_eq!(tap.position(), message.sequence() + 1);
                    assert!(message.len() <= 1024);
                }
                assert!(tap.position() >= position);
                scribble();
            }
        }
    }
}

#[test]
fn a_truncated_object_is_told() {
    let _turn = turn();
    for size in [0, 4096] {
        let name = Name::new();
        let (mut sender, receiver) = ends(&name, 8, 8);
        let mut tap = tap(&name, Start::Next);
        send(&mut sender, 0..6);
        let file = std::fs::File::options().write(true).open(name.path());
        let file = file.expect("it is ours");
        file.set_len(size).expect("it can be cut off");
        let error = wrong(&mut tap);
        assert_matches!(error, TapError::Truncated { found, .. } if found == size);
        // The ends are not told here: they would look at memory that is gone.
        std::mem::forget((sender, receiver));
    }
}

#[test]
fn what_is_no_mailbox_has_nothing_to_show() {
    let name = Name::new();
    for contents in [&b"foreign"[..], &[0; 1028]] {
        name.fill(contents);
        let object = observe::open(&name.shm_name()).expect("the object is there");
        let error = Tap::new(object, Start::Next).expect_err("it is none");
        assert_matches!(error, TapError::NotAMailbox { .. });
    }
}
