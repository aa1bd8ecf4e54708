//! Which mappings there are, for a signal handler to read at any moment.
//!
//! A list of blocks of slots that only grows; a slot is used again, a block is never freed. A
//! slot's `version` makes it a seqlock with one writer: 4k is free, 4k + 1 is being filled by the
//! thread that took it with a compare-exchange, 4k + 2 holds a mapping, and the next free state is
//! 4k + 4. The handler believes a range only if it read one and the same 4k + 2 before and after,
//! so it never mixes the ranges of two mappings. A mapping enters before any thread can touch it,
//! and leaves before it is unmapped. The one that a thread faults in cannot leave during the fault,
//! because that thread borrows it; and no address in the registry can belong to another's memory,
//! because it is still mapped by us.

use std::ptr::{self, NonNull};
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
};

use shm_sys::{PROT_READ, PROT_WRITE, c_int};

/// A place in the registry.
#[derive(Debug)]
pub(super) struct Slot {
    /// 4k free, 4k + 1 being filled, 4k + 2 holds a mapping.
    version: AtomicU64,
    start: AtomicUsize,
    len: AtomicUsize,
    writable: AtomicBool,
    /// Whether a page of it was replaced. Reset when the slot is filled.
    pub(super) lost: AtomicBool,
}

const FREE: u64 = 0;
const HELD: u64 = 2;

const fn state(version: u64) -> u64 {
    version % 4
}

/// Slots, and where there are more.
struct Block {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Self>,
}

/// Mappings of which a usual program has fewer.
const SLOTS: usize = 32;

static FIRST: Block = Block::new();

impl Block {
    const fn new() -> Self {
        Self {
            slots: [const { Slot::new() }; SLOTS],
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn next(&self) -> Option<&'static Self> {
        // Acquire: pairs with the Release in `grow`.
        let next = self.next.load(Ordering::Acquire);
        // SAFETY: null, or leaked by `grow`.
        unsafe { next.as_ref() }
    }

    /// The next block, made if there is none.
    fn grow(&self) -> &'static Self {
        let made = Box::into_raw(Box::new(Self::new()));
        let (null, success) = (ptr::null_mut(), Ordering::Release);
        let exchanged = self
            .next
            .compare_exchange(null, made, success, Ordering::Acquire);
        match exchanged {
            // SAFETY: leaked above.
            Ok(_) => unsafe { &*made },
            Err(faster) => {
                // SAFETY: made above, and seen by nobody.
                drop(unsafe { Box::from_raw(made) });
                // SAFETY: leaked by the faster thread.
                unsafe { &*faster }
            }
        }
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            version: AtomicU64::new(FREE),
            start: AtomicUsize::new(0),
            len: AtomicUsize::new(0),
            writable: AtomicBool::new(false),
            lost: AtomicBool::new(false),
        }
    }

    /// Takes the slot for these bytes, if it is free.
    fn fill(&self, start: usize, len: usize, writable: bool) -> bool {
        let version = self.version.load(Ordering::Relaxed);
        if state(version) != FREE {
            return false;
        }
        // Acquire: pairs with the Release in `Entry::drop`.
        let taken = self.version.compare_exchange(
            version,
            version + 1,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        if taken.is_err() {
            return false;
        }
        // Release: who reads one of the stores below finds the version changed; pairs with the
        // fence in `find`.
        fence(Ordering::Release);
        self.start.store(start, Ordering::Relaxed);
        self.len.store(len, Ordering::Relaxed);
        self.writable.store(writable, Ordering::Relaxed);
        self.lost.store(false, Ordering::Relaxed);
        // Release: pairs with the Acquire in `find`.
        self.version.store(version + 2, Ordering::Release);
        true
    }
}

/// The slot of the mapping that this address is in, and the access that the mapping has.
pub(super) fn find(address: usize) -> Option<(&'static Slot, c_int)> {
    let mut block = &FIRST;
    loop {
        for slot in &block.slots {
            // Acquire: pairs with the Release at the end of `fill`.
            let version = slot.version.load(Ordering::Acquire);
            if state(version) != HELD {
                continue;
            }
            let start = slot.start.load(Ordering::Relaxed);
            let len = slot.len.load(Ordering::Relaxed);
            let writable = slot.writable.load(Ordering::Relaxed);
            // Acquire: pairs with the fence in `fill`.
            fence(Ordering::Acquire);
            let unchanged = slot.version.load(Ordering::Relaxed) == version;
            if unchanged && address.wrapping_sub(start) < len {
                let prot = if writable {
                    PROT_READ | PROT_WRITE
                } else {
                    PROT_READ
                };
                return Some((slot, prot));
            }
        }
        block = block.next()?;
    }
}

/// A mapping's place in the registry, for as long as it is mapped.
#[derive(Debug)]
pub(crate) struct Entry(&'static Slot);

impl Entry {
    /// Registers the `len` bytes from `start` on. Drop it before they are unmapped.
    pub(crate) fn new(start: NonNull<u8>, len: usize, writable: bool) -> Self {
        // The handler finds its way back to the page by the number alone.
        let start = start.as_ptr().expose_provenance();
        let mut block = &FIRST;
        loop {
            let filled = block
                .slots
                .iter()
                .find(|slot| slot.fill(start, len, writable));
            if let Some(slot) = filled {
                return Self(slot);
            }
            block = match block.next() {
                Some(next) => next,
                None => block.grow(),
            };
        }
    }

    /// Whether a page was replaced, as seen by the thread that touched it.
    #[inline]
    pub(crate) fn is_lost(&self) -> bool {
        // Relaxed: the handler runs in the thread that made the access, at the access: all that is
        // needed is that the compiler asks after it.
        compiler_fence(Ordering::SeqCst);
        self.0.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // From 4k + 2 to 4(k + 1). Release: pairs with the Acquire in `fill`.
        self.0.version.fetch_add(2, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that no mapping has: multiples of 16 below the first page.
    fn entry(start: usize, len: usize) -> Entry {
        let start = NonNull::new(ptr::without_provenance_mut(start)).expect("not 0");
        Entry::new(start, len, true)
    }

    fn is_known(address: usize) -> bool {
        find(address).is_some()
    }

    #[test]
    fn an_address_is_known_from_the_first_byte_to_the_last() {
        let range = entry(0x100, 0x10);
        assert!(!is_known(0xFF) && is_known(0x100) && is_known(0x10F) && !is_known(0x110));
        drop(range);
        assert!(!is_known(0x100));
    }

    #[test]
    fn more_mappings_than_a_block_holds_are_all_known_and_then_forgotten() {
        let start = |number: usize| 0x400 + number * 16;
        let entries: Vec<Entry> = (0..150).map(|number| entry(start(number), 16)).collect();
        assert!((0..150).all(|number| is_known(start(number) + 15)));
        drop(entries);
        assert!((0..150).all(|number| !is_known(start(number))));
    }

    #[test]
    fn a_slot_that_is_used_again_is_not_lost() {
        for _ in 0..3 {
            let entry = entry(0x200, 16);
            assert!(!entry.is_lost());
            entry.0.lost.store(true, Ordering::Relaxed);
            assert!(entry.is_lost());
        }
    }

    #[test]
    fn a_range_is_never_mixed_from_two() {
        // Two threads register short ranges far apart; between them nothing is ever known.
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (low, high) in [(0xE00, 0xF00), (0xE10, 0xF10)] {
                let done = &done;
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        drop(entry(low, 0x10));
                        drop(entry(high, 0x80));
                    }
                });
            }
            for _ in 0..200_000 {
                assert!(!is_known(0xE40) && !is_known(0xE20));
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
