//! Memory that forked processes share.

use std::num::NonZeroUsize;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

/// What two processes may have in common.
///
/// # Safety
///
/// All bytes zero is a value, and everything that changes is an atomic or in an `UnsafeCell`.
pub unsafe trait Shared {}

/// Memory that this process shares with those that it forks, all zero at first. It is never
/// unmapped.
///
/// # Panics
///
/// If there is no memory.
pub fn share<T: Shared>() -> &'static T {
    let length = NonZeroUsize::new(size_of::<T>()).expect("something to share");
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_POPULATE;
    // SAFETY: no address is asked for, so no existing mapping is replaced.
    let address = unsafe { mmap_anonymous(None, length, access, flags) };
    let address = address.expect("map memory");
    // SAFETY: mapped just now, until the process ends, aligned to a page, and all zero, which
    // `Shared` makes a value.
    unsafe { address.cast().as_ref() }
}
