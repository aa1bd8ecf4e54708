//! Every state of a small model: all bridges killed between any two steps, every question late,
//! repeated or lost, the end announced at any moment, and another stream at the same key. The
//! decisions are those of the real `Ledger`; the rest is modelled.
//!
//! Here lives the search. How large a model is belongs to `size`, what may come next to `world`.

mod size;
mod world;

use std::collections::{HashSet, VecDeque};

use test_support::is_torture;

use size::{Fault, Size};
use world::World;

const ONE: Size = Size {
    streams: 1,
    messages: 3,
    batch: 2,
    under_way: 2,
    new_stream: false,
};
const TWO: Size = Size {
    streams: 2,
    messages: 2,
    under_way: 1,
    ..ONE
};
/// What a search of a few seconds can do.
const SIZES: [Size; 3] = [
    ONE,
    TWO,
    Size {
        messages: 1,
        new_stream: true,
        ..TWO
    },
];
/// What takes minutes, and is searched with `SHM_TORTURE=1`.
const LARGE: [Size; 2] = [
    Size {
        messages: 1,
        under_way: 2,
        ..TWO
    },
    Size {
        new_stream: true,
        ..TWO
    },
];

/// How many states there are, or what is wrong in one of them.
fn search(size: Size, fault: Fault) -> Result<usize, String> {
    let mut seen = HashSet::new();
    // In this order the shortest way to a fault is found first.
    let mut left = VecDeque::from([World::new(size)]);
    let mut done = false;
    while let Some(world) = left.pop_front() {
        world.check()?;
        let mut near = world.near.iter().enumerate();
        done |= near.all(|(at, near)| near.acknowledged == size.messages(at));
        for next in world.next(size, fault) {
            if seen.insert(next.clone()) {
                left.push_back(next);
            }
        }
    }
    assert!(done, "the messages never arrive");
    Ok(seen.len())
}

#[test]
fn no_kill_and_no_late_question_loses_or_doubles_a_message() {
    let large = if is_torture() { &LARGE[..] } else { &[] };
    for &size in SIZES.iter().chain(large) {
        let states = search(size, Fault::None).unwrap();
        println!("bridges: {size:?}: {states} states, 0 lost, 0 doubled, 0 reordered");
        assert!(states > 10_000);
    }
}

#[test]
fn the_search_notices_each_broken_rule() {
    for (size, fault) in [
        (ONE, Fault::NoteLate),
        (ONE, Fault::OneToken),
        (ONE, Fault::TakesAgain),
        (ONE, Fault::AcknowledgesAll),
        (ONE, Fault::EndUnchecked),
        (ONE, Fault::StartRemovesNote),
        (TWO, Fault::Replaces),
    ] {
        assert!(search(size, fault).is_err(), "{fault:?}");
    }
}
