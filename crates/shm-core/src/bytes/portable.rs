//! The same copies with relaxed atomics on the shared side: whole words where it is aligned, single
//! bytes at its ends.
//!
//! About twice as slow at 1 KiB. In Rust's memory model two racing accesses to one byte must have
//! the same size; here they differ only if a peer, against the protocol, writes a message of
//! another length or place while this one is read, and across processes the model says nothing.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

const WORD: usize = size_of::<u64>();

/// Copies `len` bytes from shared memory, which others may be writing to, into private memory.
///
/// # Safety
///
/// As for [`bytes::load`](super::load).
pub unsafe fn load(dst: *mut u8, src: *const u8, len: usize) {
    for step in steps(src.addr(), len) {
        match step {
            Step::Byte(at) => {
                // SAFETY: in bounds of the shared side.
                let shared = unsafe { &*src.wrapping_add(at).cast::<AtomicU8>() };
                let value = shared.load(Ordering::Relaxed);
                // SAFETY: in bounds of the private side.
                unsafe { dst.wrapping_add(at).write(value) };
            }
            Step::Word(at) => {
                // SAFETY: in bounds of the shared side, and aligned there.
                let shared = unsafe { &*src.wrapping_add(at).cast::<AtomicU64>() };
                let value = shared.load(Ordering::Relaxed);
                // SAFETY: in bounds of the private side.
                unsafe { dst.wrapping_add(at).cast::<u64>().write_unaligned(value) };
            }
        }
    }
}

/// Copies `len` bytes from private memory into shared memory, which others may be reading or
/// writing.
///
/// # Safety
///
/// As for [`bytes::store`](super::store).
pub unsafe fn store(dst: *mut u8, src: *const u8, len: usize) {
    for step in steps(dst.addr(), len) {
        match step {
            Step::Byte(at) => {
                // SAFETY: in bounds of the private side.
                let value = unsafe { src.wrapping_add(at).read() };
                // SAFETY: in bounds of the shared side.
                let shared = unsafe { &*dst.wrapping_add(at).cast::<AtomicU8>() };
                shared.store(value, Ordering::Relaxed);
            }
            Step::Word(at) => {
                // SAFETY: in bounds of the private side.
                let value = unsafe { src.wrapping_add(at).cast::<u64>().read_unaligned() };
                // SAFETY: in bounds of the shared side, and aligned there.
                let shared = unsafe { &*dst.wrapping_add(at).cast::<AtomicU64>() };
                shared.store(value, Ordering::Relaxed);
            }
        }
    }
}

/// One access, at this offset from the start.
enum Step {
    Byte(usize),
    Word(usize),
}

/// The accesses that cover `len` bytes from `address` on, each aligned.
fn steps(address: usize, len: usize) -> impl Iterator<Item = Step> {
    let head = address.wrapping_neg() % WORD;
    let head = head.min(len);
    let words = (len - head) / WORD;
    let tail = head + words * WORD;
    (0..head)
        .map(Step::Byte)
        .chain((0..words).map(move |word| Step::Word(head + word * WORD)))
        .chain((tail..len).map(Step::Byte))
}
