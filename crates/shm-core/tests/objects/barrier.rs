//! Two sides that each store and then load: with half a barrier on each, one of them sees the
//! other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_core::barrier;

/// A word alone on its lines, so that a store to it takes its time.
#[repr(align(128))]
struct Word(AtomicU64);

/// The number of no round.
const OVER: u64 = u64::MAX;

/// Ends the other side, also when this one panics.
struct End<'a>(&'a Word);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.0.store(OVER, Ordering::Release);
    }
}

/// What both sides have done together.
#[derive(Clone, Copy, Default)]
struct Rounds {
    made: u64,
    /// In which neither saw the other.
    missed: u64,
}

/// Both sides store the number of the round in their word and load the other's, for as long as
/// `goes_on`.
fn play(frequent: fn(), rare: fn(), goes_on: impl Fn(Rounds) -> bool) -> Rounds {
    let [one, other] = [const { Word(AtomicU64::new(0)) }; 2];
    let [begun, done] = [const { Word(AtomicU64::new(0)) }; 2];
    let seen = Word(AtomicU64::new(0));
    let await_at_least = |word: &Word, round| {
        while word.0.load(Ordering::Acquire) < round {
            // The two may have to share a core.
            thread::yield_now();
        }
    };
    let mut rounds = Rounds::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1.. {
                await_at_least(&begun, round);
                if begun.0.load(Ordering::Relaxed) == OVER {
                    return;
                }
                one.0.store(round, Ordering::Relaxed);
                frequent();
                seen.0
                    .store(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
                done.0.store(round, Ordering::Release);
            }
        });
        let _end = End(&begun);
        while goes_on(rounds) {
            let round = rounds.made + 1;
            begun.0.store(round, Ordering::Release);
            // As long as the other side needs to notice, more or less.
            for _ in 0..round % 64 {
                std::hint::spin_loop();
            }
            other.0.store(round, Ordering::Relaxed);
            rare();
            let found = one.0.load(Ordering::Relaxed);
            await_at_least(&done, round);
            let missed = found < round && seen.0.load(Ordering::Relaxed) < round;
            rounds.missed += u64::from(missed);
            rounds.made = round;
        }
    });
    rounds
}

#[test]
fn of_two_that_store_and_look_one_sees_the_other() {
    // A quiet machine needs a tenth of a second for all of it.
    const PATIENCE: Duration = Duration::from_secs(10);
    const ROUNDS: u64 = 20_000;
    assert!(barrier::register(), "membarrier(2) is there");
    // A busy machine may never run the two at the same moment. So first they have to miss one
    // another without the barrier, as often as that takes.
    let start = Instant::now();
    let without = play(barrier::light, barrier::light, |rounds| {
        (rounds.missed == 0 || rounds.made < ROUNDS) && start.elapsed() < PATIENCE
    });
    if without.missed == 0 {
        println!("skipped: needs two processors that have time at the same moment");
        return;
    }
    let heavy = || assert!(barrier::heavy());
    let start = Instant::now();
    let with = play(barrier::light, heavy, |rounds| {
        rounds.made < 2 * without.made && start.elapsed() < PATIENCE
    });
    assert_eq!(with.missed, 0, "of {}", with.made);
}
