//! Every state of a small model: all bridges killed between any two steps, every question late,
//! repeated or lost, the end told at any moment, and another stream at the same key. The decisions
//! are those of the real `Ledger`; the rest is modelled.
//!
//! Here lives how large a model is, and the search. What may come next belongs to `world`.

mod world;

use std::collections::{HashSet, VecDeque};

use test_support::is_torture;

use world::World;

/// How large a model is.
#[derive(Clone, Copy, Debug)]
struct Size {
    /// Near mailboxes, each with a bridge of its own: 1 or 2. The second has one message, and its
    /// questions arrive at once or never: what is late is the first one's.
    streams: usize,
    /// Messages of the first, and the most in a question.
    messages: u64,
    batch: u64,
    /// Questions that may arrive later, as often as the network likes, beside those that do so at
    /// once.
    under_way: usize,
    /// The far bridge may be started with `--new-stream`, as long as no stream was replaced.
    new_stream: bool,
}

impl Size {
    fn messages(self, stream: usize) -> u64 {
        if stream == 0 { self.messages } else { 1 }
    }
}

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
const LARGE: [Size; 3] = [
    Size {
        under_way: 3,
        ..ONE
    },
    Size {
        under_way: 2,
        ..TWO
    },
    Size {
        new_stream: true,
        ..TWO
    },
];

/// Breaks one rule, to see that the search would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// The note is written after the messages.
    NoteLate,
    /// Tokens are the same for each hello.
    OneToken,
    /// The far bridge takes what it has already.
    TakesAgain,
    /// The near bridge acknowledges what it has asked, whatever the answer.
    AcknowledgesAll,
    /// The far bridge takes an end without asking whether the messages before it are all.
    EndUnchecked,
    /// A start of the far bridge that fails removes the note.
    StartRemovesNote,
    /// The far bridge replaces a stream that has not ended, and nobody has asked for it.
    Replaces,
}

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
