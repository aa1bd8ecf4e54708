//! How long a cache line takes between the two cores: what no way of waiting can be quicker than.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_cli::measure::placement::{self, Cores};

/// Times measured at one go. What is reported is their median, since others may run in between.
const TIMES: usize = 32;
/// Round trips in each: some 20 µs.
const WORDS: u64 = 200;
/// An answer that takes longer comes from a thread that does not run.
const LATE: Duration = Duration::from_millis(20);

/// A word with two cache lines for itself: processors fetch them in pairs.
#[repr(align(128))]
struct Word(AtomicU64);

/// Nanoseconds of a word to the other core and back; `None` if there is but one, or it has other
/// things to do.
///
/// This thread has to be on its core already.
pub(super) fn measure(cores: Cores) -> Option<f64> {
    let (Some(here), Some(peer)) = (cores.here, cores.peer) else {
        return None;
    };
    if here == peer {
        return None;
    }
    let (there, back) = (Word(AtomicU64::new(0)), Word(AtomicU64::new(0)));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            // If pinning fails, it is too late to report that, and the times are those without it.
            let _ = placement::pin(Some(peer));
            let mut last = 0;
            while !over.load(Ordering::Relaxed) {
                let word = there.0.load(Ordering::Relaxed);
                if word != last {
                    back.0.store(word, Ordering::Relaxed);
                    last = word;
                }
                spin_loop();
            }
        });
        let mut count = 0;
        let mut times = Vec::new();
        // The first one waits for the thread to begin, and may take as long as that.
        let begun = exchange(&there, &back, &mut count, 1, Duration::from_secs(1));
        while begun.is_some() && times.len() < TIMES {
            match exchange(&there, &back, &mut count, WORDS, LATE) {
                Some(time) => times.push(time.as_secs_f64() * 1e9 / WORDS as f64),
                None => break,
            }
        }
        over.store(true, Ordering::Relaxed);
        times.sort_by(f64::total_cmp);
        (times.len() == TIMES).then(|| times[TIMES / 2])
    })
}

/// Makes round trips of a word; how long they took, or `None` if one did not come back in time.
fn exchange(
    there: &Word,
    back: &Word,
    count: &mut u64,
    words: u64,
    late: Duration,
) -> Option<Duration> {
    let begin = Instant::now();
    for _ in 0..words {
        *count += 1;
        there.0.store(*count, Ordering::Relaxed);
        let mut looks: u32 = 0;
        while back.0.load(Ordering::Relaxed) != *count {
            spin_loop();
            looks = looks.wrapping_add(1);
            // Reading the clock takes as long as the line itself.
            if looks.is_multiple_of(4096) && begin.elapsed() > late {
                return None;
            }
        }
    }
    Some(begin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_core_has_no_line_to_pass() {
        for (here, peer) in [(Some(0), Some(0)), (None, None)] {
            assert_eq!(measure(Cores { here, peer }), None);
        }
    }

    #[test]
    fn a_thread_that_never_answers_is_given_up() {
        let (there, back) = (Word(AtomicU64::new(0)), Word(AtomicU64::new(0)));
        let late = Duration::from_millis(1);
        assert_eq!(exchange(&there, &back, &mut 0, 1, late), None);
    }
}
