//! What the mailbox is measured against: each as simple as can be, and without a line of the
//! library.
//!
//! | baseline | is |
//! |---|---|
//! | [`line`](mod@line) | round trips of one word, through one fixed line each way: a yardstick |
//! | [`slot`] | round trips of one message, through one slot each way: stamp, inlined copy |
//! | [`ring`] | a stream through an ideal plain ring: both counters cached, nothing checked |
//! | [`futex`] | round trips of one word, sleeping in the kernel in between |
//! | [`line::yielding_pair`] | the same, giving the core away in between |
//! | [`lesson`] | the two original C programs: a check every 100 ms |
//!
//! None of them survives a kill, knows about its peer, or checks what it finds.
//!
//! Here lives what is made of atomics and system calls alone. The mailbox is in `library`, which
//! baselines know nothing of.

pub mod futex;
pub mod lesson;
pub mod line;
pub mod ring;
pub mod slot;

use std::hint::spin_loop;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

use crate::harness::Shared;

/// A word that shares its cache line, and the one that the processor fetches beside it, with
/// nothing else.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct Line(AtomicU64);

// SAFETY: an atomic, for which 0 is a value.
unsafe impl Shared for Line {}

/// Looks until it is so.
#[inline(always)]
pub(crate) fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        spin_loop();
    }
}

/// Waits until `line` holds `number`.
#[inline(always)]
pub(crate) fn until_reached(line: &Line, number: u64) {
    until(|| line.0.load(Ordering::Acquire) == number);
}

/// As [`copy`], to where the other process has read before: asks for all lines at once if they are
/// many.
///
/// # Safety
///
/// As for [`copy`].
#[inline(always)]
pub(crate) unsafe fn copy_in(source: *const u8, target: *mut u8, from: usize, to: usize) {
    if to - from >= 448 {
        for at in (from..to).step_by(64) {
            prefetch_for_writing(target.wrapping_add(at));
        }
    }
    // SAFETY: the caller vouches for both sides.
    unsafe { copy(source, target, from, to) };
}

#[inline(always)]
fn prefetch_for_writing(line: *mut u8) {
    // SAFETY: a hint; nothing is touched that a program could see.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("prefetchw byte ptr [{0}]", in(reg) line, options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Copies the bytes `from..to` with the widest moves there are, inlined: a call of `memcpy` costs
/// more than it moves.
///
/// # Safety
///
/// Both sides have `to` bytes and do not overlap; nothing writes to the source or touches the
/// target during the copy.
#[inline(always)]
pub(crate) unsafe fn copy(source: *const u8, target: *mut u8, from: usize, to: usize) {
    const CHUNK: usize = 64;
    let mut at = from;
    while to - at >= CHUNK {
        let (source, target) = (source.wrapping_add(at), target.wrapping_add(at));
        // SAFETY: the caller vouches for both sides up to `to`.
        unsafe { ptr::copy_nonoverlapping(source, target, CHUNK) };
        // Otherwise the compiler finds out that this loop is a `memcpy`, and calls it.
        compiler_fence(Ordering::SeqCst);
        at += CHUNK;
    }
    let (source, target) = (source.wrapping_add(at), target.wrapping_add(at));
    // SAFETY: as above. Inlined too, where `to - at` is known to the compiler.
    unsafe { ptr::copy_nonoverlapping(source, target, to - at) };
}
