//! The one place atomics come from, so that loom can stand in for them.

/// Half a barrier, for a publisher in a registered process; the sleeper makes up for the other
/// half.
///
/// Loom knows no barrier on another thread's behalf, and gets a whole one here: that half a one and
/// `membarrier(2)` are as good is the kernel's promise.
#[inline(always)]
pub(crate) fn light_fence() {
    #[cfg(shm_mailbox_loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(shm_mailbox_loom))]
    shm_core::barrier::light();
}

pub(crate) use std::sync::atomic::compiler_fence;

#[cfg(shm_mailbox_loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(shm_mailbox_loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
