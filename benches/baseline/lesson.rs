//! The lesson's two programs as they stand: one buffer, one flag, and a look every 100 ms.
//!
//! The writer: `while (m->clr2send == 0) usleep(100000); strncpy(m->mbuf, mesg, K); m->clr2send = 0;`
//!
//! The reader: `m->clr2send++; while (m->clr2send > 0) usleep(100000);` and then it prints the text; here it reads it.
//!
//! The lesson's flag is a plain `int`. Here it is an atomic that is loaded and stored, which are the same
//! instructions.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicI32, Ordering};

use super::{Line, Shared, share};
use crate::paired::{Follow, Lead};
use crate::payload::{self, STOP, TEXT};

const K: usize = 1024;

/// Microseconds between two looks.
const INTERVAL: libc::useconds_t = 100_000;

/// Instead of [`STOP`], which is too large for a text.
const LAST: u64 = STOP >> 1;

#[repr(C)]
struct Object {
    clear_to_send: AtomicI32,
    text: UnsafeCell<[u8; K]>,
    /// The last message of a slice that was read. Not the lesson's, which never learns of it.
    taken: Line,
}

// SAFETY: the text is the writer's while the flag is above 0, and else the reader's.
unsafe impl Sync for Object {}

// SAFETY: atomics, and bytes in an `UnsafeCell`.
unsafe impl Shared for Object {}

/// The two ends, to be taken to two processes: the writer leads.
pub fn pair() -> (impl Lead + 'static, impl Follow + 'static) {
    let object = share();
    let writer = Writer {
        object,
        count: 0,
        sum: 0,
    };
    (writer, Reader { object })
}

struct Writer {
    object: &'static Object,
    count: u64,
    sum: u64,
}

impl Writer {
    fn write(&mut self, flag: u64) {
        self.count += 1;
        let word = self.count | flag;
        let mut message = [0; K];
        message[..TEXT].copy_from_slice(&payload::to_text(word));
        while self.object.clear_to_send.load(Ordering::Acquire) == 0 {
            sleep();
        }
        let text = self.object.text.get().cast();
        // SAFETY: both have `K` bytes, the message ends with a NUL, and the reader waits for the flag.
        unsafe { libc::strncpy(text, message.as_ptr().cast(), K) };
        self.object.clear_to_send.store(0, Ordering::Release);
        self.sum = self.sum.wrapping_add(word);
    }
}

impl Lead for Writer {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.write(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.write(LAST);
        while self.object.taken.0.load(Ordering::Acquire) != self.count {
            sleep_a_little();
        }
        std::mem::take(&mut self.sum)
    }
}

struct Reader {
    object: &'static Object,
}

impl Follow for Reader {
    fn follow(&mut self) -> u64 {
        let mut sum = 0_u64;
        loop {
            let flag = &self.object.clear_to_send;
            flag.store(flag.load(Ordering::Relaxed) + 1, Ordering::Release);
            while flag.load(Ordering::Acquire) > 0 {
                sleep();
            }
            // SAFETY: the writer waits for the flag, and every byte pattern is a text.
            let text = unsafe { *self.object.text.get() };
            let word = payload::from_text(&text);
            sum = sum.wrapping_add(word);
            if word & LAST != 0 {
                self.object.taken.0.store(word & !LAST, Ordering::Release);
                return sum;
            }
        }
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
