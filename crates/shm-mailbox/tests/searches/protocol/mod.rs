//! Kills both sides of the ring between any two accesses to shared memory, and restarts them.
//!
//! The model is the protocol of the mailbox with one access a step, over sequentially consistent
//! memory, for a bounded number of messages and any number of kills:
//!
//! ```text
//!   sender    room? ─ word 0 ─ word 1 ─ stamp ─ sent ─┬─ parked? ─ clear ─ wake
//!      ╰ full: announce ─ look again ─ wait           ╰─ the next of a batch
//!      ╰ all sent: likewise, until all is acknowledged
//!   receiver  stamp? ─ word 0 ─ word 1 ─┬─ received ─ parked? ─ clear ─ wake
//!      ╰ empty: announce ─ look again   ╰─ peek at the next
//!             ─ wait
//!   attach    find one's own number (repair `sent`) ─ clear one's own parked
//!             ─ clear the peer's ─ wake it
//! ```
//!
//! A ring takes N messages, in H hot slots and N cold ones; H = N is the plain ring. A sender may
//! know late of what was received. No wait ends by itself, so that a lost wake-up cannot hide
//! behind a time-out; a signal may end it at any time. A near miss breaks one rule, and the search
//! has to notice each of them.

mod receiver;
mod ring;
mod sender;

use ring::{Bed, Fault, Miss, Ring, State};

use crate::searches::engine::{Outcome, search};

/// The plain ring.
fn plain(slots: u8, messages: u8) -> Ring {
    Ring {
        hot: slots,
        slots,
        messages,
        peeks: true,
        beds: &[Bed::Futex],
        miss: None,
    }
}

/// The plain ring whose sides sleep on their bells, or now here, now there.
fn with_bells(slots: u8, messages: u8, beds: &'static [Bed]) -> Ring {
    Ring {
        beds,
        ..plain(slots, messages)
    }
}

const BELL: &[Bed] = &[Bed::Bell];
const BOTH: &[Bed] = &[Bed::Futex, Bed::Bell];

/// A ring for `slots` messages, with so many hot slots.
fn hot(hot: u8, slots: u8, messages: u8) -> Ring {
    Ring {
        hot,
        ..plain(slots, messages)
    }
}

/// Visits every state; a ring that is never full breaks a promise, too.
fn explore(ring: &Ring) -> Outcome<Fault> {
    let mut full = false;
    let mut all = false;
    let mut outcome = search(ring, |s: &State| {
        full |= s.committed - s.received.min(s.committed) == ring.slots;
        all |= s.received == ring.messages;
    });
    if outcome.fault.is_none() && !(full && all) {
        outcome.fault = Some((Fault::Capacity, format!("{} states\n", outcome.states)));
    }
    outcome
}

fn must_hold(ring: Ring) {
    explore(&ring).must_hold(&ring);
}

fn must_fail(ring: Ring, misses: &[(Miss, Fault)]) {
    for &(miss, expected) in misses {
        let ring = Ring {
            miss: Some(miss),
            ..ring
        };
        explore(&ring).must_fail(miss, expected);
    }
}

#[test]
fn no_kill_breaks_the_plain_ring() {
    must_hold(plain(1, 5));
    must_hold(plain(2, 6));
    must_hold(plain(4, 6));
}

#[test]
fn no_kill_breaks_the_one_step_receive() {
    must_hold(Ring {
        peeks: false,
        ..plain(1, 5)
    });
    must_hold(Ring {
        peeks: false,
        ..plain(2, 6)
    });
}

#[test]
fn a_near_miss_of_the_commit_is_noticed() {
    must_fail(
        plain(2, 5),
        &[
            (Miss::StampBeforePayload, Fault::Replaced),
            (Miss::SentBeforeStamp, Fault::Skipped),
            (Miss::SentNowAndThen, Fault::Recommitted),
            (Miss::RestartTrustsSent, Fault::Recommitted),
            (Miss::RestartLeavesSent, Fault::Recommitted),
            (Miss::RestartForgetsReceived, Fault::FalseCorrupt),
            (Miss::RestartAtSent, Fault::Lost),
            (Miss::RestartOneBack, Fault::Repeated),
            (Miss::AckBeforeCopy, Fault::Replaced),
            (Miss::OneTooMany, Fault::FalseCorrupt),
        ],
    );
}

#[test]
fn a_near_miss_of_the_copy_is_noticed() {
    // With one slot the old payload and the new one share their words.
    must_fail(
        plain(1, 3),
        &[
            (Miss::StampBeforePayload, Fault::Replaced),
            (Miss::AckBeforeCopy, Fault::Torn),
        ],
    );
}

#[test]
fn a_near_miss_of_the_parking_is_noticed() {
    must_fail(
        plain(2, 4),
        &[
            (Miss::WaitElsewhere, Fault::Asleep),
            (Miss::NoSecondLook, Fault::Asleep),
            (Miss::LookAtParkedFirst, Fault::Asleep),
            (Miss::WakeWithoutClear, Fault::Asleep),
            (Miss::NoWakeAtAttach, Fault::Asleep),
            (Miss::BatchBlocksFirst, Fault::Asleep),
        ],
    );
}

#[test]
fn no_kill_keeps_a_bell_from_ringing() {
    must_hold(with_bells(1, 3, BELL));
    must_hold(with_bells(2, 4, BELL));
    must_hold(with_bells(1, 3, BOTH));
    must_hold(with_bells(2, 4, BOTH));
}

#[test]
fn a_near_miss_of_the_bells_is_noticed() {
    for beds in [BELL, BOTH] {
        must_fail(
            with_bells(2, 4, beds),
            &[
                (Miss::RingBeforeClear, Fault::Asleep),
                (Miss::AnswerAfterLook, Fault::Asleep),
                (Miss::SilentDeath, Fault::Asleep),
                (Miss::NoSecondLook, Fault::Asleep),
                (Miss::LookAtParkedFirst, Fault::Asleep),
            ],
        );
    }
    must_fail(
        with_bells(2, 4, BOTH),
        &[(Miss::ClearWithoutExchange, Fault::Asleep)],
    );
}

#[test]
fn a_slot_that_is_never_used_is_noticed() {
    must_fail(plain(2, 3), &[(Miss::OneTooFew, Fault::Asleep)]);
    let outcome = explore(&plain(2, 1));
    assert_eq!(outcome.fault.map(|(fault, _)| fault), Some(Fault::Capacity));
}

#[test]
fn no_kill_breaks_the_hot_ring() {
    must_hold(hot(1, 2, 5));
    must_hold(hot(1, 4, 6));
    must_hold(hot(2, 4, 8));
}

/// A deeper one: half a minute.
#[test]
fn no_kill_breaks_a_deeper_hot_ring() {
    if crate::support::is_torture() {
        must_hold(hot(4, 8, 13));
    } else {
        must_hold(hot(2, 8, 11));
    }
}

#[test]
fn a_near_miss_of_the_hot_ring_is_noticed() {
    must_fail(
        hot(2, 4, 9),
        &[
            (Miss::HotOneTooMany, Fault::FalseCorrupt),
            (Miss::ColdTooFew, Fault::FalseCorrupt),
            (Miss::OnlyHotBeforeParking, Fault::Asleep),
            (Miss::ReceiverForgetsCold, Fault::Asleep),
            (Miss::SenderForgetsCold, Fault::Recommitted),
            (Miss::SentNowAndThen, Fault::Recommitted),
            (Miss::SentBeforeStamp, Fault::Skipped),
            (Miss::OneTooMany, Fault::FalseCorrupt),
        ],
    );
}
