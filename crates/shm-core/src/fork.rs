//! Telling a forked child from the process it was forked from, without a system call.
//!
//! A page of private memory that the kernel wipes in every child of `fork` holds a number, the
//! generation: it is 0 right after a fork, and the first caller writes the next one. A
//! [`ProcessToken`] remembers the generation in which it was made.
//!
//! **Where the kernel does not wipe**, a token remembers the process number instead, and each
//! question costs a `getpid(2)`. Such a system either refuses the advice (Linux before 4.14, some
//! sandboxes), or takes it and does nothing: qemu-user 7.2 returns 0 for any advice. So success is
//! believed only where the kernel rejects advice that does not exist, as every Linux does. The page
//! serves all children, those of a raw `clone(2)` included, which is why no handler of
//! `pthread_atfork(3)` is behind it: that one would see the children of `fork(3)` alone. Nor is a
//! child forked to try it out: a library must not do that to a program with threads and a `SIGCHLD`
//! handler of its own.
//!
//! A process number can be used again: on a system that does not wipe, a child passes for its
//! ancestor if that has ended and the child was given its number, or if each is the first process
//! of its own pid namespace.

use std::process;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use memmap2::MmapMut;

use crate::SystemError;

/// The word in the wiped page; null until the first token is made. A pointer and not a `OnceLock`:
/// a child forked while another thread initialises would find that locked forever.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
/// In the place of that word where nothing is wiped: never written, so that no token's generation
/// is in it.
static NEVER_WIPED: AtomicU64 = AtomicU64::new(0);
/// The last generation that was given out in this process or one it was forked from.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The process that was current when it was made, by [`token`].
#[derive(Clone, Copy, Debug)]
pub struct ProcessToken {
    word: &'static AtomicU64,
    /// What was in the word; the process number if the word is [`NEVER_WIPED`].
    generation: u64,
}

/// Makes a token of the process that calls this.
///
/// ```
/// let token = shm_core::fork::token()?;
/// assert!(token.is_current()); // in a forked child it would be false
/// # Ok::<(), shm_core::SystemError>(())
/// ```
///
/// # Errors
///
/// The first call maps a page: `ENOMEM`. Later calls make no system call, except where the kernel
/// does not wipe the page.
pub fn token() -> Result<ProcessToken, SystemError> {
    let word = word()?;
    if ptr::eq(word, &raw const NEVER_WIPED) {
        let generation = u64::from(process::id());
        return Ok(ProcessToken { word, generation });
    }
    // Relaxed, here and below: the number says nothing about other memory.
    let current = word.load(Ordering::Relaxed);
    if current != 0 {
        return Ok(ProcessToken {
            word,
            generation: current,
        });
    }
    let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let generation = match word.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => next,
        Err(another_thread_s) => another_thread_s,
    };
    Ok(ProcessToken { word, generation })
}

impl ProcessToken {
    /// Returns whether this process made the token; `false` in a child that was forked since.
    ///
    /// It costs one relaxed load and a comparison, where the kernel wipes the page.
    #[inline]
    pub fn is_current(&self) -> bool {
        self.word.load(Ordering::Relaxed) == self.generation || self.is_current_by_number()
    }

    /// For a child, and for everyone where nothing is wiped. By reference, as its caller: what only
    /// this reads again then costs the usual case no instruction.
    #[cold]
    #[inline(never)]
    fn is_current_by_number(&self) -> bool {
        ptr::eq(self.word, &raw const NEVER_WIPED) && self.generation == u64::from(process::id())
    }
}

/// The word, mapped by the first caller.
fn word() -> Result<&'static AtomicU64, SystemError> {
    // Acquire: pairs with (W) below; the page is mapped and wiped on fork.
    let known = WORD.load(Ordering::Acquire);
    if let Some(known) = NonNull::new(known) {
        // SAFETY: only (W) stores here, a word that is never unmapped.
        return Ok(unsafe { known.as_ref() });
    }
    let mut page = MmapMut::map_anon(size_of::<AtomicU64>())
        .map_err(|source| SystemError::without_object("mmap", source))?;
    let word = if is_wiped(&mut page) {
        page.as_mut_ptr().cast::<AtomicU64>()
    } else {
        (&raw const NEVER_WIPED).cast_mut()
    };
    // (W) Release publishes the advice; Acquire: pairs with itself in the thread that was faster.
    match WORD.compare_exchange(ptr::null_mut(), word, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            // It has to stay for as long as there are tokens, and those are `'static`.
            std::mem::forget(page);
            // SAFETY: a static, or zeroed, aligned to a page, never unmapped, and nobody has
            // another kind of reference to it.
            Ok(unsafe { &*word })
        }
        // SAFETY: only (W) stores here, a word that is never unmapped. Our page is unmapped by its
        // drop.
        Err(faster) => Ok(unsafe { &*faster }),
    }
}

/// Whether children find zeros in the page: the kernel has taken the advice, and does not take just
/// any.
fn is_wiped(page: &mut MmapMut) -> bool {
    let address = NonNull::from(&mut page[0]);
    // SAFETY: the page was mapped just now, private and without a file, and 0 is the generation
    // that nobody has.
    let advised = unsafe { shm_sys::madvise_wipeonfork(address, page.len()) };
    // SAFETY: the page was mapped just now, and nothing is in it.
    let unknown = unsafe { shm_sys::madvise_unknown(address, page.len()) };
    advised.is_ok() && unknown.is_err()
}
