//! Peers that connect threads: both halves are in the leading process, and the following one only
//! passes orders on.
//!
//! So the mailbox, between its two processes, and the peer, between its two threads, take turns in
//! one row. The thread runs where the following process would. Between its slices it sleeps; that
//! it has to be woken adds some 50 µs to every turn.

use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::thread;

use benches::harness::{Contender, Follow, Lead, Shared, share};
use nix::sched::{sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, gettid};
use shm_core::futex;

/// What the following process and the thread have in common.
#[repr(C, align(128))]
struct Relay {
    /// The thread's id, as soon as it runs.
    thread: AtomicI32,
    /// Counts slices.
    order: AtomicU32,
    /// The last slice that is over.
    done: AtomicU32,
    /// Of the words in it.
    sum: AtomicU64,
}

// SAFETY: atomics, for which 0 is a value.
unsafe impl Shared for Relay {}

/// A contender whose halves are two threads of the leading process.
pub(crate) fn contender(
    name: &str,
    lead: impl FnOnce() -> Box<dyn Lead> + 'static,
    follow: impl FnOnce() -> Box<dyn Follow> + Send + 'static,
) -> Contender {
    let relay = share::<Relay>();
    let lead = move || {
        thread::spawn(move || {
            let run = AssertUnwindSafe(|| relay.run(follow));
            if panic::catch_unwind(run).is_err() {
                // It has said why. The other half would wait for ever.
                process::exit(1);
            }
        });
        while relay.thread.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        lead()
    };
    let follow = move || -> Box<dyn Follow> {
        relay.place_thread();
        Box::new(Passing(relay))
    };
    Contender::new(name, lead, follow)
}

impl Relay {
    /// In the thread.
    fn run(&self, follow: impl FnOnce() -> Box<dyn Follow>) {
        let mut half = follow();
        self.thread.store(gettid().as_raw(), Ordering::Release);
        let mut last = 0;
        loop {
            last = next(&self.order, last);
            self.sum.store(half.follow(), Ordering::Relaxed);
            self.done.store(last, Ordering::Release);
            futex::wake(&self.done, 1).expect("wake the other process");
        }
    }

    /// In the following process: puts the thread onto the cores of this process.
    fn place_thread(&self) {
        let thread = Pid::from_raw(self.thread.load(Ordering::Acquire));
        let cores = sched_getaffinity(Pid::from_raw(0));
        let placed = cores.and_then(|cores| sched_setaffinity(thread, &cores));
        placed.expect("place the thread");
    }
}

/// In the following process.
struct Passing(&'static Relay);

impl Follow for Passing {
    fn follow(&mut self) -> u64 {
        let Self(relay) = self;
        let last = relay.order.fetch_add(1, Ordering::Release);
        futex::wake(&relay.order, 1).expect("wake the thread");
        next(&relay.done, last);
        relay.sum.load(Ordering::Relaxed)
    }
}

/// Sleeps until `word` is another number than `last`; that number.
fn next(word: &AtomicU32, last: u32) -> u32 {
    loop {
        // Acquire: pairs with the Release of the thread that counted.
        let now = word.load(Ordering::Acquire);
        if now != last {
            return now;
        }
        // Whatever ended the sleep, the loop looks.
        let _ = futex::wait(word, last, None);
    }
}
