//! The two original C programs as they stand: one buffer, one flag, and a check every 100 ms.
//!
//! The writer:
//! `while (m->clr2send == 0) usleep(100000); strncpy(m->mbuf, mesg, K); m->clr2send = 0;`
//!
//! The reader: `m->clr2send++; while (m->clr2send > 0) usleep(100000);` and then it prints the
//! text; here it reads it.
//!
//! Their flag is a plain `int`. Here it is an atomic that is loaded and stored, which are the same
//! instructions.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicI32, Ordering};

use shm_cli::measure::number;

use super::Line;
use crate::harness::payload::STOP;
use crate::harness::{Answer, Ask, Shared, share};

const K: usize = 1024;

/// Microseconds between two checks.
const INTERVAL: libc::useconds_t = 100_000;

#[repr(C)]
struct Object {
    clear_to_send: AtomicI32,
    text: UnsafeCell<[u8; K]>,
    /// The last message of a slice that was read. The C programs have no such field.
    taken: Line,
}

// SAFETY: the text is the writer's while the flag is above 0, and else the reader's.
unsafe impl Sync for Object {}

// SAFETY: atomics, and bytes in an `UnsafeCell`.
unsafe impl Shared for Object {}

/// The two ends, to be taken to two processes: the writer leads.
pub fn pair() -> (impl Ask + 'static, impl Answer + 'static) {
    let object = share();
    let end = End { object, last: 0 };
    (end, end)
}

/// The writer, or the reader.
#[derive(Clone, Copy)]
struct End {
    object: &'static Object,
    /// The last word that was written, or read.
    last: u64,
}

impl Ask for End {
    fn ask(&mut self, word: u64) -> u64 {
        self.last = word & !STOP;
        let mut message = [0; K];
        number::put(&mut message, word);
        while self.object.clear_to_send.load(Ordering::Acquire) == 0 {
            sleep();
        }
        let text = self.object.text.get().cast();
        // SAFETY: both have `K` bytes, the message ends with a NUL, and the reader waits for the
        // flag.
        unsafe { libc::strncpy(text, message.as_ptr().cast(), K) };
        self.object.clear_to_send.store(0, Ordering::Release);
        word
    }

    fn stop(&mut self, word: u64) -> u64 {
        let word = self.ask(word | STOP);
        while self.object.taken.0.load(Ordering::Acquire) != self.last {
            sleep_a_little();
        }
        word
    }
}

impl Answer for End {
    fn answer(&mut self) -> (u64, u64) {
        let flag = &self.object.clear_to_send;
        flag.store(flag.load(Ordering::Relaxed) + 1, Ordering::Release);
        while flag.load(Ordering::Acquire) > 0 {
            sleep();
        }
        // SAFETY: the writer waits for the flag, and every byte pattern is a text.
        let text = unsafe { *self.object.text.get() };
        let word = number::get(&text).expect("a number");
        self.last = word & !STOP;
        (word, word)
    }

    fn finish(&mut self) {
        self.object.taken.0.store(self.last, Ordering::Release);
    }
}

fn sleep() {
    // SAFETY: only sleeps.
    unsafe { libc::usleep(INTERVAL) };
}

/// For the end of a slice, which is to be noticed soon after it was reached.
fn sleep_a_little() {
    // SAFETY: only sleeps.
    unsafe { libc::usleep(1_000) };
}
