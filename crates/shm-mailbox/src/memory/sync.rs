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

/// Orders the loads before it before those after it, as all processors see them.
///
/// It pairs with a full fence between a store and a load: a process that does not see that store
/// here has loaded nothing before it that is newer than what is loaded there. C++ promises that for
/// a full fence on this side alone, and so loom gets one. Both supported machines promise it for
/// loads in order: on neither does a store become visible to one processor before another ("Intel
/// 64 and IA-32 Architectures Software Developer's Manual", volume 3, "Memory Ordering"; "Arm
/// Architecture Reference Manual", "multi-copy atomicity"). A full fence would wait until the
/// stores of the last messages are seen, each time that a sender looks for room.
#[inline(always)]
pub(crate) fn load_fence() {
    #[cfg(shm_mailbox_loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(shm_mailbox_loom))]
    fence(Ordering::Acquire);
}

pub(crate) use std::sync::atomic::compiler_fence;

#[cfg(shm_mailbox_loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(shm_mailbox_loom))]
pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
