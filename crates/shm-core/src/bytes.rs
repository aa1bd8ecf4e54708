//! The one copy between private and shared memory, sound while another process writes to the shared
//! side.
//!
//! A copy in Rust (`memcpy`, a slice) from memory that changes during the copy is a data race, and
//! undefined. These copies are moves written in assembly, which the compiler does not look into: a
//! racing peer can make the bytes a mixture of old and new, and no more than that. They are
//! inlined, call nothing and allocate nothing, in ascending order except that the last move may
//! overlap the one before it. They order nothing: the caller's atomics with Acquire and Release do,
//! before a [`load`] and after a [`store`].
//!
//! What the other side has read last is still in its cache, and each line has to be taken back
//! before it can be written. A [`store`] of some length asks for all its lines at once, so that
//! they come side by side instead of one after the other.
//!
//! [`portable`] does the same with relaxed atomics, for comparison and for ports.

#[cfg_attr(target_arch = "x86_64", path = "bytes/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "bytes/aarch64.rs")]
mod moves;
pub mod portable;

use std::arch::asm;
use std::ops::RangeInclusive;

use moves::{
    move_1, move_2, move_4, move_8, move_16, move_32, move_64, prefetch_for_reading,
    prefetch_for_writing,
};

/// The lengths, in bytes, for which it pays to ask for the lines first: fewer lines come as fast by
/// themselves, and more would push each other out of the cache. (A message of 512 bytes without its
/// first line is one of the least.)
const PREFETCHED: RangeInclusive<usize> = 448..=4096;

const LINE: usize = 64;

/// Copies `len` bytes from shared memory, which others may be writing to, into private memory.
///
/// # Safety
///
/// `src` is valid for reads of `len` bytes and `dst` for writes (it need not be initialised); the
/// two do not overlap; no other thread accesses `dst` during the call.
#[inline(always)]
pub unsafe fn load(dst: *mut u8, src: *const u8, len: usize) {
    // SAFETY: the caller vouches for both sides.
    unsafe { copy(dst, src, len) }
}

/// Copies `len` bytes from private memory into shared memory, which others may be reading or
/// writing.
///
/// # Safety
///
/// `src` is valid for reads of `len` bytes and `dst` for writes; the two do not overlap; no
/// thread writes to `src` during the call, and no plain reference to bytes of `dst` exists.
#[inline(always)]
pub unsafe fn store(dst: *mut u8, src: *const u8, len: usize) {
    if PREFETCHED.contains(&len) {
        prefetch_lines(dst, len);
    }
    // SAFETY: the caller vouches for both sides.
    unsafe { copy(dst, src, len) }
}

/// Asks for the cache line at `src`, which will be loaded soon. It touches nothing.
#[inline(always)]
pub fn prefetch(src: *const u8) {
    prefetch_for_reading(src);
}

/// Asks for every line of the `len` bytes from `dst` on, without touching one.
#[inline(always)]
fn prefetch_lines(dst: *mut u8, len: usize) {
    let skew = dst.addr() % LINE;
    let first = dst.wrapping_sub(skew);
    let mut line = 0;
    while line < skew + len {
        prefetch_for_writing(first.wrapping_add(line));
        line += LINE;
    }
}

/// Every move lies within the `len` bytes on both sides. A length known at compile time leaves only
/// the moves it needs.
#[inline(always)]
unsafe fn copy(dst: *mut u8, src: *const u8, len: usize) {
    let (mut dst, mut src, mut left) = (dst, src, len);
    while left >= LINE {
        // SAFETY: so many bytes are left on both sides.
        unsafe { move_64(dst, src) };
        dst = dst.wrapping_add(LINE);
        src = opaque(src.wrapping_add(LINE));
        left -= LINE;
    }
    // SAFETY: these are left.
    unsafe { copy_short(dst, src, left) };
}

/// As [`copy`], of less than 64 bytes.
#[inline(always)]
unsafe fn copy_short(dst: *mut u8, src: *const u8, len: usize) {
    // Two moves of one size, the second ending at the end, cover every length up to twice that
    // size.
    let both_ends = |step: unsafe fn(*mut u8, *const u8), size: usize| {
        let (last_dst, last_src) = (dst.wrapping_add(len - size), src.wrapping_add(len - size));
        // SAFETY: `size <= len`, so the move lies within both sides.
        unsafe { step(dst, src) };
        // SAFETY: it ends where the two sides end.
        unsafe { step(last_dst, last_src) };
    };
    if len < 16 {
        match len {
            8.. => both_ends(move_8, 8),
            4.. => both_ends(move_4, 4),
            2.. => both_ends(move_2, 2),
            // SAFETY: one byte on both sides.
            1 => unsafe { move_1(dst, src) },
            0 => {}
        }
    } else {
        match len {
            32.. => both_ends(move_32, 32),
            _ => both_ends(move_16, 16),
        }
    }
}

/// `address`, which the compiler can no longer compute from a length.
///
/// The length of a message comes with its stamp. An address that depends on it can be read only
/// when the stamp is there; one that follows from the addresses before it is read ahead, side by
/// side with the stamp, by every processor that guesses branches.
#[inline(always)]
fn opaque(address: *const u8) -> *const u8 {
    let mut address = address;
    // SAFETY: no instruction at all.
    unsafe {
        asm!(
            "/* {address} */",
            address = inout(reg) address,
            options(nostack, preserves_flags),
        );
    }
    address
}
