//! A barrier in two halves: one costs nothing, the other pays for both.
//!
//! Two sides that each store a word and then load the other's can both miss the other's store,
//! because a processor may load before its store is seen. A full fence between store and load, on
//! *both* sides, forbids that. Where one side comes by a million times as often as the other, its
//! fence can be left out if the other side makes up for it: the frequent side calls [`light`], the
//! rare side [`heavy`], which has the kernel execute a fence on every processor that runs a
//! registered process (`membarrier(2)`). If the frequent side's store comes before that fence,
//! [`heavy`]'s caller sees it; if it comes after, so does the load, which then sees what the caller
//! stored before.

use std::sync::atomic::{Ordering, compiler_fence};

/// Registers this process, so that [`light`] is half a barrier in it; `false` if the kernel cannot.
///
/// Kernels since Linux 4.16 can do it, unless a filter of system calls forbids it.
#[must_use]
pub fn register() -> bool {
    shm_sys::membarrier_register_global_expedited().is_ok()
}

/// Executes the half of the side that needs the barrier often.
///
/// It keeps the compiler from moving accesses across it, and costs nothing.
///
/// Worth something only in a process for which [`register`] has returned true.
#[inline(always)]
pub fn light() {
    compiler_fence(Ordering::SeqCst);
}

/// Executes the half of the side that needs the barrier rarely.
///
/// It is a full fence here, and on every processor that runs a registered process.
///
/// False if the kernel could not do it; then it was none.
#[must_use]
pub fn heavy() -> bool {
    shm_sys::membarrier_global_expedited().is_ok()
}
