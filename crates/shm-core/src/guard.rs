//! The guard against `SIGBUS`: memory that was cut off reads as zeros instead of ending the process,
//! and the mapping says that it is lost.
//!
//! Whoever may write to an object may also truncate it, or punch a hole into it while `/dev/shm` is
//! full. The next touch of such a page is `SIGBUS`, and without a handler the end of the process.
//! [`install`] sets one, for the whole process. It is a choice of the program, since handlers are
//! the program's and not a library's; without it nothing here costs more than a few words per
//! mapping.
//!
//! A fault at an address in a [`Mapping`](crate::Mapping) of an object is cured: a private page of
//! zeros takes the place of the page that was touched, the mapping is marked, and the access is
//! made again. From then on [`Mapping::is_lost`](crate::Mapping::is_lost) is true, for good, and
//! what is written to that page is seen by nobody. So whoever relies on the guard asks *after* the
//! accesses that matter. Every other `SIGBUS` goes to whoever had it before.
//!
//! # Why it is sound
//!
//! **The page.** [`Shareable`](crate::Shareable) types are valid for any bytes, whoever writes them,
//! and nobody holds another kind of reference to a mapping; to the program, the zeros are a peer's
//! doing. A private page is right: there is nothing left to share, and a shared one would show
//! children of `fork` a memory of its own kind. Only the page that was touched is replaced: the
//! others may still be the object's, and cure themselves when they are not.
//!
//! **Async-signal-safety.** The handler reads atomics that are never freed, makes one `mmap`, and
//! stores a flag. It takes no lock, allocates nothing, cannot panic, and restores `errno`.
//!
//! **The registry** is a list of blocks of slots that only grows; a slot is used again, a block is
//! never freed. A slot's `version` makes it a seqlock with one writer: 4k is free, 4k + 1 is being
//! filled by the thread that took it with a compare-exchange, 4k + 2 holds a mapping, and the next
//! free state is 4k + 4. The handler believes a range only if it read one and the same 4k + 2
//! before and after, so it never mixes the ranges of two mappings. A mapping enters before anybody
//! can touch it, and leaves before it is unmapped. The one that a thread faults in cannot leave
//! meanwhile, because that thread borrows it; and no address in the registry can belong to another's
//! memory, because it is still mapped by us.
//!
//! **Whose fault.** Only `SIGBUS` with `BUS_ADRERR` (no memory behind the address) whose address lies
//! in the registry is ours. Broken hardware (`BUS_MCEERR_AR`), misalignment, and a signal that a
//! process sent are not, wherever they point.
//!
//! **The handler before ours** is kept with its flags and gets every fault that is not ours: with
//! three arguments or one, as `SA_SIGINFO` says, under its own mask, once only with `SA_RESETHAND`.
//! Where there was none, or the signal was ignored, the default is restored and the access faults
//! again, so that the process ends as it would have, with its core dump at the right place; the
//! kernel does not let anybody ignore a fault. An ignored signal that a process sent stays ignored.
//! Which handler that is is recorded before ours is set, so there is no moment without one. (Rust's
//! own handler, which reports stack overflows, is usually the one.)
//!
//! **A handler installed later** replaces ours, as sigaction(2) has it. If it chains, as it should, the
//! guard still works; if not, the program is as without. We do not look again: to take the signal
//! back from a handler that chains to us would make a circle.
//!
//! **Threads and forks.** A fault is delivered to the thread that made it, on its alternate stack if it
//! has one. Two threads that fault in one page each put zeros there. A blocked `SIGBUS` cannot be
//! caught: the kernel ends the process. A child of `fork` has the handler, its own registry and its
//! own mappings; if it was forked while another thread was filling a slot, that slot stays unused
//! there. `exec` drops everything.
//!
//! **What it cannot do.** If the kernel refuses the page (`RLIMIT_AS`, too many mappings), the fault
//! is passed on. A page that was cut off and is there again before anybody touched it has lost its
//! contents without a fault.

use crate::SystemError;
use shm_sys::{
    BUS_ADRERR, PROT_READ, PROT_WRITE, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART,
    SA_SIGINFO, SIG_DFL, SIG_IGN, SIGBUS, c_int, c_void, sigaction, siginfo_t,
};
use std::ptr::{self, NonNull};
use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence,
};

/// What was there before us; null before the first [`install`]. Never freed.
static PREVIOUS: AtomicPtr<sigaction> = AtomicPtr::new(ptr::null_mut());
/// Whether a previous handler with `SA_RESETHAND` has had its one call.
static RESET: AtomicBool = AtomicBool::new(false);
/// Whether [`install`] has done its work.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// In bytes; set before the handler is.
static PAGE: AtomicUsize = AtomicUsize::new(4096);

/// Sets the handler, for this process, once: later calls do nothing.
///
/// Mappings made before and after are guarded alike.
///
/// ```
/// use shm_core::{Mapping, ObjectOptions, ShmName, guard};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// guard::install()?;
/// let name = ShmName::new(&format!("shm-core-guard-{}", std::process::id()))?;
/// let object = ObjectOptions::new().create_new(&name)?;
/// object.reserve(4096)?;
/// let mapping = Mapping::shared(&object)?;
/// object.unlink()?;
///
/// object.set_size(0)?; // in real life: somebody else does
/// let word = mapping.view::<AtomicU32>(0)?.load(Ordering::Relaxed); // no SIGBUS
/// assert_eq!(word, 0);
/// assert!(mapping.is_lost());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SystemError`], in practice never.
pub fn install() -> Result<(), SystemError> {
    // Relaxed: says nothing about other memory.
    if INSTALLED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let failed = |source| SystemError {
        call: "sigaction",
        name: None,
        source,
    };
    PAGE.store(shm_sys::page_size(), Ordering::Relaxed);
    // SAFETY: nothing is set.
    let found = unsafe { shm_sys::sigaction(SIGBUS, None) }.map_err(failed)?;
    // Of two threads that are here at the same time, the second may find the first one's handler.
    if !is_ours(&found) {
        remember(found);
        let ours = action(&found);
        // SAFETY: see the head of the file for what `on_sigbus` does.
        let replaced = unsafe { shm_sys::sigaction(SIGBUS, Some(&ours)) }.map_err(failed)?;
        if !is_ours(&replaced) && replaced.sa_sigaction != found.sa_sigaction {
            remember(replaced);
        }
    }
    INSTALLED.store(true, Ordering::Relaxed);
    Ok(())
}

/// Leaked: a handler may be reading the one before.
fn remember(action: sigaction) {
    // Release: pairs with the Acquire in `pass_on`.
    PREVIOUS.store(Box::leak(Box::new(action)), Ordering::Release);
}

/// Our handler, with the mask that the one before it would have run under.
fn action(previous: &sigaction) -> sigaction {
    let mut ours = *previous;
    ours.sa_sigaction = address_of_handler();
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | (previous.sa_flags & SA_NODEFER);
    ours
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == address_of_handler()
}

fn address_of_handler() -> usize {
    on_sigbus as Handler as usize
}

/// With `SA_SIGINFO`.
type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
/// Without.
type PlainHandler = extern "C" fn(c_int);

extern "C" fn on_sigbus(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    shm_sys::preserving_errno(|| {
        // SAFETY: the kernel passes a valid structure.
        let told = unsafe { &*info };
        if told.si_code == BUS_ADRERR {
            // SAFETY: with this code there is an address.
            let address = unsafe { told.si_addr() }.addr();
            if cure(address) {
                return;
            }
        }
        pass_on(signal, info, context, told.si_code);
    });
}

/// Puts zeros where memory is missing, if that is in a mapping of ours.
fn cure(address: usize) -> bool {
    let Some((slot, prot)) = find(address) else {
        return false;
    };
    // Before the page is there: whoever reads the zeros finds the mark.
    slot.lost.store(true, Ordering::Release);
    let page = PAGE.load(Ordering::Relaxed);
    let start = ptr::with_exposed_provenance_mut(address & !(page - 1));
    let Some(start) = NonNull::new(start) else {
        return false;
    };
    // SAFETY: a page of a mapping of ours, with its access; it stays mapped meanwhile and may have
    // any contents: see the head of the file.
    unsafe { shm_sys::mmap_fixed_private_anonymous(start, page, prot) }.is_ok()
}

/// Leaves the signal to whoever had it before us.
fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void, code: c_int) {
    // Positive: a fault. Otherwise a process has sent the signal.
    let is_fault = code > 0;
    // Acquire: pairs with the Release in `remember`.
    let previous = PREVIOUS.load(Ordering::Acquire);
    // SAFETY: null, or leaked and never changed.
    let Some(previous) = (unsafe { previous.as_ref() }) else {
        return end(signal, is_fault);
    };
    let handler = previous.sa_sigaction;
    let used_up = previous.sa_flags & SA_RESETHAND != 0 && RESET.swap(true, Ordering::Relaxed);
    if handler == SIG_IGN && !is_fault {
        // It stays ignored.
    } else if handler == SIG_DFL || handler == SIG_IGN || used_up {
        end(signal, is_fault);
    } else if previous.sa_flags & SA_SIGINFO != 0 {
        // SAFETY: neither of the two numbers above, so a function, with these arguments as the
        // flag says.
        let call = unsafe { std::mem::transmute::<usize, Handler>(handler) };
        call(signal, info, context);
    } else {
        // SAFETY: as above, with one argument.
        let call = unsafe { std::mem::transmute::<usize, PlainHandler>(handler) };
        call(signal);
    }
}

/// Restores the default, which ends the process: a fault comes again by itself, and what was sent is
/// sent again.
fn end(signal: c_int, is_fault: bool) {
    // SAFETY: asks only.
    let Ok(mut action) = (unsafe { shm_sys::sigaction(signal, None) }) else {
        return;
    };
    action.sa_sigaction = SIG_DFL;
    action.sa_flags = 0;
    // SAFETY: no handler.
    let set = unsafe { shm_sys::sigaction(signal, Some(&action)) };
    if set.is_ok() && !is_fault {
        // It fails for no signal that was just handled.
        let _ = shm_sys::raise(signal);
    }
}

/// A place in the registry.
#[derive(Debug)]
struct Slot {
    /// 4k free, 4k + 1 being filled, 4k + 2 holds a mapping.
    version: AtomicU64,
    start: AtomicUsize,
    len: AtomicUsize,
    writable: AtomicBool,
    /// Whether a page of it was replaced. Reset when the slot is filled.
    lost: AtomicBool,
}

const FREE: u64 = 0;
const HELD: u64 = 2;

const fn state(version: u64) -> u64 {
    version % 4
}

/// Slots, and where there are more.
struct Block {
    slots: [Slot; SLOTS],
    next: AtomicPtr<Block>,
}

/// Mappings of which a usual program has fewer.
const SLOTS: usize = 32;

static FIRST: Block = Block::new();

impl Block {
    const fn new() -> Block {
        Block {
            slots: [const { Slot::new() }; SLOTS],
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    fn next(&self) -> Option<&'static Block> {
        // Acquire: pairs with the Release in `grow`.
        let next = self.next.load(Ordering::Acquire);
        // SAFETY: null, or leaked by `grow`.
        unsafe { next.as_ref() }
    }

    /// The next block, made if there is none.
    fn grow(&self) -> &'static Block {
        let made = Box::into_raw(Box::new(Block::new()));
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
    const fn new() -> Slot {
        Slot {
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
fn find(address: usize) -> Option<(&'static Slot, c_int)> {
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
    pub(crate) fn new(start: NonNull<u8>, len: usize, writable: bool) -> Entry {
        // The handler finds its way back to the page by the number alone.
        let start = start.as_ptr().expose_provenance();
        let mut block = &FIRST;
        loop {
            let filled = block
                .slots
                .iter()
                .find(|slot| slot.fill(start, len, writable));
            if let Some(slot) = filled {
                return Entry(slot);
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
        // Relaxed: the handler runs in the thread that made the access, at the access: all that is needed is
        // that the compiler asks after it.
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

    /// Addresses that are nobody's: multiples of 16 below the first page.
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
