//! Round trips of one word, asleep in the kernel in between: a futex each way, and nothing but the
//! futex.

use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::harness::{Answer, Ask, Shared, share};

/// One way: a word, and whether it is there.
#[derive(Debug)]
#[repr(C, align(128))]
struct Way {
    full: AtomicU32,
    word: AtomicU64,
}

impl Way {
    fn put(&self, word: u64) {
        self.word.store(word, Ordering::Relaxed);
        self.full.store(1, Ordering::Release);
        // SAFETY: the address is that of a living word; a wake touches nothing.
        unsafe { libc::syscall(libc::SYS_futex, &raw const self.full, libc::FUTEX_WAKE, 1) };
    }

    fn take(&self, limit: Limit) -> u64 {
        let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        while self.full.load(Ordering::Acquire) == 0 {
            let word = &raw const self.full;
            // SAFETY: the addresses are those of a living word and of a time or none; the sleep
            // ends when the peer wakes us, or the time is over.
            unsafe { libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAIT, 0, limit) };
        }
        let word = self.word.load(Ordering::Relaxed);
        // The peer does not put the next before it has our answer to this.
        self.full.store(0, Ordering::Relaxed);
        word
    }
}

#[derive(Debug)]
#[repr(C)]
struct Ways {
    there: Way,
    back: Way,
}

// SAFETY: atomics only.
unsafe impl Shared for Ways {}

/// The longest sleep; `None`: until woken.
type Limit = Option<libc::timespec>;

/// The two halves, to be taken to two processes. They sleep for `limit` at most, if there is one: a
/// process that is to notice the death of its peer has to wake up now and then, and pays the kernel
/// for the timer, each time.
pub fn pair(limit: Option<Duration>) -> (impl Ask + 'static, impl Answer + 'static) {
    let ways = share();
    let limit = limit.map(|limit| libc::timespec {
        tv_sec: limit.as_secs().cast_signed(),
        tv_nsec: limit.subsec_nanos().into(),
    });
    (End { ways, limit }, End { ways, limit })
}

struct End {
    ways: &'static Ways,
    limit: Limit,
}

impl Ask for End {
    fn ask(&mut self, word: u64) -> u64 {
        self.ways.there.put(word);
        self.ways.back.take(self.limit)
    }
}

impl Answer for End {
    fn answer(&mut self) -> (u64, u64) {
        let word = self.ways.there.take(self.limit);
        self.ways.back.put(word);
        (word, word)
    }
}
