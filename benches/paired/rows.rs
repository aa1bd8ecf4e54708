//! The rows of the table: what is measured against what, and what is to be reached.

use std::time::Duration;

use shm_mailbox::Wait;

use super::comparison::Comparison;
use super::contender::Contender;
use super::placement::Placement::{self, Apart, Together, Unpinned};
use super::row::Row;
use crate::baseline::ring::{self, ROOMY};
use crate::baseline::{futex, lesson, line, slot};
use crate::library;

/// After this time at most the library's sleepers look after their peer.
const SLICE: Duration = Duration::from_millis(100);

/// All of them.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for placement in [Apart, Unpinned] {
        for slots in [16, 256] {
            rows.push(spinning_there_and_back::<8>(slots, placement));
            rows.push(spinning_there_and_back::<56>(slots, placement));
            rows.push(spinning_there_and_back::<64>(slots, placement));
            rows.push(spinning_there_and_back::<128>(slots, placement));
            rows.push(spinning_there_and_back::<1024>(slots, placement));
        }
        rows.push(stream::<16, 1024>(placement, Some(0.95), None));
        // On a processor on which a ring of 256 is as quick as one of 8 there is nothing to gain: the second misses.
        rows.push(stream::<256, 1024>(placement, Some(0.95), Some(2.0)));
        rows.push(stream::<16, 64>(placement, None, None));
        rows.push(stream::<256, 64>(placement, None, Some(1.0)));
        rows.push(batches(placement));
    }
    for placement in [Apart, Together, Unpinned] {
        rows.push(blocking(placement));
        rows.push(adaptive(placement));
    }
    for placement in [Apart, Unpinned] {
        rows.push(against_the_lesson(placement));
    }
    rows.push(idle(Wait::Block));
    rows.push(idle(Wait::Adaptive));
    rows
}

/// What the hardware does at this moment; every row that may spin logs it.
fn raw_line() -> Contender {
    Contender::baseline("line", line::pair())
}

fn spinning_there_and_back<const L: usize>(slots: u32, placement: Placement) -> Row {
    // What fixed slots cost with 64 and 128 bytes is shown, and has no target.
    let to_line = (L < 64).then_some(1.15);
    let to_slot = (L == 1024).then_some(1.25);
    Row {
        name: format!("round_trip/spin/{L}B/{slots}-slots"),
        placement,
        contenders: vec![
            raw_line(),
            Contender::baseline("one-slot copy", slot::pair::<L>()),
            library::ping_pong::<L>(Wait::Spin, slots),
        ],
        comparisons: vec![time(2, 0, to_line), time(2, 1, to_slot)],
    }
}

fn stream<const N: usize, const L: usize>(
    placement: Placement,
    to_small: Option<f64>,
    to_same: Option<f64>,
) -> Row {
    let slots = u32::try_from(N).expect("a few");
    let mut contenders = vec![
        raw_line(),
        library::stream::<L>(Wait::Spin, slots),
        Contender::baseline("ideal ring, 4 slots", ring::pair::<4, ROOMY, L>(1)),
        Contender::baseline("ideal ring, 8 slots", ring::pair::<8, ROOMY, L>(1)),
        Contender::baseline(
            format!("ideal ring, {N} slots"),
            ring::pair::<N, ROOMY, L>(1),
        ),
    ];
    let mut comparisons = vec![rate(1, &[2, 3], to_small), rate(1, &[4], to_same)];
    if L < 1024 {
        contenders.push(Contender::baseline(
            format!("dense ring, {N} slots"),
            ring::pair::<N, L, L>(1),
        ));
        comparisons.push(rate(1, &[5], None));
    }
    Row {
        name: format!("stream/spin/{L}B/{N}-slots"),
        placement,
        contenders,
        comparisons,
    }
}

fn batches(placement: Placement) -> Row {
    const BATCH: usize = 16;
    let batch = BATCH as u64;
    Row {
        name: "stream/spin/16x8B/256-slots".to_owned(),
        placement,
        contenders: vec![
            raw_line(),
            library::batches::<8, BATCH>(Wait::Spin, 256),
            Contender::baseline("ideal ring, batches", ring::pair::<256, ROOMY, 8>(batch)),
            Contender::baseline("dense ring, batches", ring::pair::<256, 8, 8>(batch)),
        ],
        comparisons: vec![rate(1, &[2], None), rate(1, &[3], None)],
    }
}

fn blocking(placement: Placement) -> Row {
    Row {
        name: "round_trip/block/8B/16-slots".to_owned(),
        placement,
        contenders: vec![
            Contender::baseline("raw futex", futex::pair(None)),
            library::ping_pong::<8>(Wait::Block, 16),
            Contender::baseline("raw futex, 100ms", futex::pair(Some(SLICE))),
        ],
        comparisons: vec![time(1, 0, Some(1.1)), time(1, 2, None)],
    }
    .beside_the_line()
}

fn adaptive(placement: Placement) -> Row {
    let on = |this: Placement, limit: f64| (placement == this).then_some(limit);
    let mut contenders = vec![
        Contender::baseline("raw futex", futex::pair(None)),
        Contender::baseline("sched_yield", line::yielding_pair()),
        library::ping_pong::<8>(Wait::Adaptive, 16),
    ];
    let mut comparisons = vec![
        time(2, 0, on(Together, 1.0)),
        time(2, 1, on(Together, 1.15)),
    ];
    if placement != Together {
        // On one core a round trip with pure spinning takes two time slices of the scheduler.
        contenders.push(library::ping_pong::<8>(Wait::Spin, 16));
        comparisons.push(time(2, 3, on(Apart, 1.05)));
    }
    Row {
        name: "round_trip/adaptive/8B/16-slots".to_owned(),
        placement,
        contenders,
        comparisons,
    }
    .beside_the_line()
}

fn against_the_lesson(placement: Placement) -> Row {
    // A slice of a few milliseconds would hold no message of the lesson's.
    let slice = Duration::from_secs(1);
    Row {
        name: "messages/lesson-100ms/1024B/16-slots".to_owned(),
        placement,
        contenders: vec![
            Contender::baseline("lesson, 100ms", lesson::pair()).slices_of(slice),
            library::stream::<1024>(Wait::Spin, 16),
            library::stream::<1024>(Wait::Adaptive, 16),
            library::stream::<1024>(Wait::Block, 16),
            library::stream::<1024>(Wait::Yield, 16),
        ],
        comparisons: vec![
            rate(1, &[0], Some(100_000.0)),
            rate(2, &[0], None),
            rate(3, &[0], None),
            rate(4, &[0], None),
        ],
    }
    .beside_the_line()
}

fn idle(wait: Wait) -> Row {
    // So long that the message that ends it, for which the receiver wakes, spins and goes to sleep, hardly counts.
    let pause = Duration::from_secs(4);
    Row {
        name: format!("idle/{wait}"),
        placement: Unpinned,
        contenders: vec![library::idle(wait, pause).slices_of(pause)],
        comparisons: vec![Comparison::Processor {
            subject: 0,
            at_most: 0.1,
        }],
    }
}

fn time(subject: usize, against: usize, at_most: Option<f64>) -> Comparison {
    Comparison::Time {
        subject,
        against: vec![against],
        at_most,
    }
}

fn rate(subject: usize, against: &[usize], at_least: Option<f64>) -> Comparison {
    Comparison::Rate {
        subject,
        against: against.to_vec(),
        at_least,
    }
}

impl Row {
    /// With the raw line beside the others, unless both processes share a core, where it takes milliseconds.
    fn beside_the_line(mut self) -> Self {
        if self.placement != Together {
            self.contenders.push(raw_line());
        }
        self
    }
}
