//! Two sides that each store and then load: with half a barrier on each, one of them sees the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_core::barrier;

/// A word alone on its lines, so that a store to it takes its time.
#[repr(align(128))]
struct Word(AtomicU64);

/// Both sides store the number of the round in their word and load the other's; the rounds in which neither saw
/// the other.
fn rounds_that_both_miss(rounds: u64, frequent: fn(), rare: fn()) -> u64 {
    let [one, other] = [const { Word(AtomicU64::new(0)) }; 2];
    let [begun, done] = [const { Word(AtomicU64::new(0)) }; 2];
    let seen = Word(AtomicU64::new(0));
    let start = Instant::now();
    let await_at_least = |word: &Word, round| {
        while word.0.load(Ordering::Acquire) < round {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing moves");
            // The two may have to share a core.
            thread::yield_now();
        }
    };
    let mut missed = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=rounds {
                await_at_least(&begun, round);
                one.0.store(round, Ordering::Relaxed);
                frequent();
                seen.0
                    .store(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
                done.0.store(round, Ordering::Release);
            }
        });
        for round in 1..=rounds {
            begun.0.store(round, Ordering::Release);
            // As long as the other side needs to notice, more or less.
            for _ in 0..round % 64 {
                std::hint::spin_loop();
            }
            other.0.store(round, Ordering::Relaxed);
            rare();
            let found = one.0.load(Ordering::Relaxed);
            await_at_least(&done, round);
            missed += u64::from(found < round && seen.0.load(Ordering::Relaxed) < round);
        }
    });
    missed
}

#[test]
fn of_two_that_store_and_look_one_sees_the_other() {
    const ROUNDS: u64 = 20_000;
    assert!(barrier::register(), "membarrier(2) is there");
    // A busy machine may never run the two at the same moment. So first they have to miss one another without the
    // barrier, as often as that takes.
    let Some(tries) =
        (1..=50).find(|_| rounds_that_both_miss(ROUNDS, barrier::light, barrier::light) > 0)
    else {
        println!("skipped: needs two processors that have time at the same moment");
        return;
    };
    let heavy = || assert!(barrier::heavy());
    let missed = rounds_that_both_miss(2 * tries * ROUNDS, barrier::light, heavy);
    assert_eq!(missed, 0);
}
