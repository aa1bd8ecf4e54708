//! Lets an observer copy messages while the sender writes on, is killed and comes back.
//!
//! The model is the tap of the mailbox and the ring that it looks at, with one access to shared
//! memory a step:
//!
//! ```text
//!   sender    room? ─ word 0 ─ word 1 ─ stamp ─ sent
//!   receiver  received
//!   tap       sent ─ (stamps) ─ stamp, word 0, word 1 in any order ─ sent ─ received ─ shows
//!      ╰ not in its hot slot: the same for the cold one    ╰ too late: passes over some
//! ```
//!
//! The sender may know late of what was received. The receiver is a number: what it copies is the
//! other search's business. A weak memory shows the sender's store of `sent` after words of the
//! next message, unless the tap has a barrier executed there. A near miss breaks one rule, and the
//! search has to notice each of them.

mod observer;
mod world;

use world::{Fault, Miss, Order, State, World};

use crate::searches::engine::{Outcome, search};

fn world(hot: u8, slots: u8, messages: u8) -> World {
    World {
        hot,
        slots,
        messages,
        order: Order::Strong,
        miss: None,
    }
}

/// Visits every state; a tap that never shows what it is for breaks a promise, too.
fn explore(world: &World) -> Outcome<Fault> {
    let (mut all, mut late, mut missed) = (false, false, false);
    let mut outcome = search(world, |s: &State| {
        all |= s.tap.next() == world.messages && !s.has_missed;
        late |= s.tap.is_late;
        missed |= s.has_missed;
    });
    // What was taken may be shown only if one can tell that its slot is as it was.
    late |= world.order == Order::WeakWithoutBarrier || world.slots == 1;
    if outcome.fault.is_none() && !(all && late && missed) {
        let story = format!("all {all}, late {late}, missed {missed}\n");
        outcome.fault = Some((Fault::Blind, story));
    }
    outcome
}

fn must_hold(world: World) {
    explore(&world).must_hold(&world);
}

fn must_fail(world: World, misses: &[(Miss, Fault)]) {
    for &(miss, expected) in misses {
        let miss = Some(miss);
        let world = World { miss, ..world };
        explore(&world).must_fail(miss, expected);
    }
}

#[test]
fn no_tap_of_a_plain_ring_shows_a_mixture() {
    must_hold(world(1, 1, 4));
    must_hold(world(2, 2, 5));
}

#[test]
fn no_tap_of_a_ring_with_cold_slots_shows_a_mixture() {
    must_hold(world(1, 2, 5));
}

/// A deeper one.
#[test]
fn no_tap_of_a_deeper_ring_shows_a_mixture() {
    if crate::support::is_torture() {
        must_hold(world(2, 4, 6));
    } else {
        must_hold(world(1, 4, 5));
    }
}

#[test]
fn no_tap_shows_a_mixture_where_stores_are_seen_out_of_order() {
    for order in [Order::Weak, Order::WeakWithoutBarrier] {
        for world in [world(1, 1, 4), world(2, 2, 4), world(1, 2, 4)] {
            must_hold(World { order, ..world });
        }
    }
}

#[test]
fn a_near_miss_of_the_tap_is_noticed() {
    must_fail(
        world(1, 2, 5),
        &[
            (Miss::OneLate, Fault::Torn),
            (Miss::ColdForHot, Fault::Torn),
            (Miss::SentBeforeTheCopy, Fault::Torn),
            (Miss::StampAgain, Fault::Torn),
            (Miss::QueuedOneMore, Fault::Torn),
            (Miss::ReceivedBeforeTheCopy, Fault::Torn),
            (Miss::NotCommitted, Fault::Torn),
            (Miss::HotAlone, Fault::FalseCorrupt),
        ],
    );
}

#[test]
fn a_tap_without_the_barrier_that_weak_memory_needs_is_noticed() {
    let order = Order::Weak;
    for world in [world(1, 1, 4), world(1, 2, 4)] {
        must_fail(World { order, ..world }, &[(Miss::NoBarrier, Fault::Torn)]);
    }
}

#[test]
fn a_tap_that_shows_nothing_that_was_taken_is_noticed() {
    must_fail(world(2, 2, 4), &[(Miss::OnlyQueued, Fault::Blind)]);
}
