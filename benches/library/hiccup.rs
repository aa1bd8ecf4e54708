//! A receiver that stops once, for 200 µs, and how long the stream takes to be as quick as before.
//!
//! The receiver keeps the time, and counts what it receives in each tenth of a millisecond: 10 ms
//! of usual traffic, the last 5 of which tell the usual rate; the stop; 30 ms afterwards.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;
use shm_cli::measure::clock;

use super::one_way::one_way;
use super::{Incoming, Kind, Outgoing};
use crate::harness::payload::STOP;
use crate::harness::statistics::Summary;
use crate::harness::{Contender, Follow, Shared, share};

/// How long the receiver stops, in nanoseconds.
const STOPPED: u64 = 200_000;
/// Before that: all traffic, and the part of it that counts.
const BEFORE: u64 = 10_000_000;
const USUAL: u64 = 5_000_000;
/// Afterwards.
const BINS: usize = 300;
const BIN: u64 = 100_000;
const BINS_IN_A_MILLISECOND: usize = 10;
/// All of it, with some time to spare.
const SLICE: Duration = Duration::from_millis(45);
/// Messages between two looks at the clock, which takes 25 ns.
const STRIDE: u64 = 16;
/// More than any run asks for.
const ROUNDS: usize = 256;
/// Usual again: at most so many times the usual time a message, for this many bins.
const NEAR: f64 = 1.1;
const LASTING: usize = 5;

/// What the receiver has counted; memory that both processes have.
#[repr(C)]
#[derive(Debug)]
pub struct Log {
    /// Slices so far, the one that warms up included.
    slices: AtomicUsize,
    rounds: [Round; ROUNDS],
}

#[repr(C)]
#[derive(Debug)]
struct Round {
    /// Messages in the 5 ms before the stop.
    usual: AtomicU64,
    /// Messages in each bin.
    bins: [AtomicU64; BINS],
}

// SAFETY: atomics only.
unsafe impl Shared for Log {}

/// What became of the stops of one mailbox.
#[derive(Debug, Serialize)]
pub struct Hiccup {
    /// Slots of the mailbox.
    pub slots: u32,
    /// Bytes in a message.
    pub bytes: usize,
    /// Nanoseconds a message before the stop.
    pub usual: f64,
    /// Nanoseconds a message in each millisecond afterwards: of all rounds the one in the middle.
    pub afterwards: Vec<f64>,
    /// The tenth of a millisecond from which on it takes no more than a tenth more than usual; none
    /// within 30 ms is `None`.
    pub usual_after_milliseconds: Option<f64>,
}

/// A stream of messages of `L` bytes whose receiver stops once in a slice.
pub fn stream<const L: usize>(slots: u32) -> (Contender, &'static Log) {
    let log: &'static Log = share();
    let kind = Kind::used(slots);
    let sending = Outgoing::<L>::new;
    let stopping = move |receiver| -> Box<dyn Follow> {
        let incoming = Incoming::<L>::emptied(receiver, kind.stale());
        Box::new(Stopping { incoming, log })
    };
    let contender = one_way(kind, sending, stopping);
    let contender = contender.called(format!("hiccup, {slots} slots, {L} bytes"));
    (contender.slices_of(SLICE), log)
}

struct Stopping<const L: usize> {
    incoming: Incoming<L>,
    log: &'static Log,
}

impl<const L: usize> Follow for Stopping<L> {
    fn follow(&mut self) -> u64 {
        let slice = self.log.slices.fetch_add(1, Ordering::Relaxed);
        let round = &self.log.rounds[slice % ROUNDS];
        let mut total = 0_u64;
        let begun = clock::monotonic();
        let mut resumed = None;
        loop {
            for _ in 0..STRIDE {
                let (word, sum) = self.incoming.receive();
                total = total.wrapping_add(sum);
                if word & STOP != 0 {
                    return total;
                }
            }
            let now = clock::monotonic();
            if let Some(resumed) = resumed {
                if let Some(bin) = bin(now - resumed) {
                    round.bins[bin].fetch_add(STRIDE, Ordering::Relaxed);
                }
            } else if now - begun >= BEFORE {
                let until = now + STOPPED;
                while clock::monotonic() < until {}
                resumed = Some(clock::monotonic());
            } else if now - begun >= BEFORE - USUAL {
                round.usual.fetch_add(STRIDE, Ordering::Relaxed);
            }
        }
    }
}

fn bin(elapsed: u64) -> Option<usize> {
    let bin = usize::try_from(elapsed / BIN).ok()?;
    (bin < BINS).then_some(bin)
}

impl Log {
    /// What came out of those rounds; nothing if they were not logged.
    pub fn summarise(&self, slots: u32, bytes: usize, rounds: &[usize]) -> Option<Hiccup> {
        // The first slice warms up.
        let rounds = rounds.iter().map(|round| self.rounds.get(round + 1));
        let rounds: Vec<&Round> = rounds.collect::<Option<_>>()?;
        let time = |nanoseconds: u64, messages: u64| nanoseconds as f64 / messages.max(1) as f64;
        let median = |values: &dyn Fn(&Round) -> f64| {
            (!rounds.is_empty()).then(|| Summary::of(rounds.iter().copied().map(values)).median)
        };
        let usual = median(&|round| time(USUAL, round.usual.load(Ordering::Relaxed)))?;
        let mut bins = Vec::new();
        for bin in 0..BINS {
            bins.push(median(&|round| {
                time(BIN, round.bins[bin].load(Ordering::Relaxed))
            })?);
        }
        let mut afterwards = Vec::new();
        for first in (0..BINS).step_by(BINS_IN_A_MILLISECOND) {
            afterwards.push(median(&|round| {
                let bins = &round.bins[first..first + BINS_IN_A_MILLISECOND];
                let messages = bins.iter().map(|bin| bin.load(Ordering::Relaxed)).sum();
                time(1_000_000, messages)
            })?);
        }
        let is_usual = |bins: &[f64]| bins.iter().all(|time| *time <= NEAR * usual);
        let again = bins.windows(LASTING).position(is_usual);
        Some(Hiccup {
            slots,
            bytes,
            usual,
            afterwards,
            usual_after_milliseconds: again.map(|bin| bin as f64 / BINS_IN_A_MILLISECOND as f64),
        })
    }
}
