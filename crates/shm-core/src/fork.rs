//! Telling a forked child from the process it was forked from, without a system call.
//!
//! A page of private memory that the kernel wipes in every child of `fork` holds a number, the
//! generation: it is 0 right after a fork, and whoever asks first writes the next one. A
//! [`ProcessToken`] remembers the generation in which it was made.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use memmap2::MmapMut;

use crate::SystemError;

/// The word in the wiped page; null until the first token is made. A pointer and not a `OnceLock`:
/// a child forked while another thread initialises would find that locked forever.
static WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(ptr::null_mut());
/// The last generation that was given out in this process or one it was forked from.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The process that was current when it was made, by [`token`].
#[derive(Clone, Copy, Debug)]
pub struct ProcessToken {
    word: &'static AtomicU64,
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
/// The first call maps a page: `ENOMEM`, or `EINVAL` on kernels older than 4.14. Later calls make
/// no system call.
pub fn token() -> Result<ProcessToken, SystemError> {
    let word = word()?;
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
    /// Tells whether this process is the one that made the token, and not a child forked from it
    /// since. One relaxed load and a comparison.
    #[inline]
    pub fn is_current(self) -> bool {
        self.word.load(Ordering::Relaxed) == self.generation
    }
}

/// The word, mapped by whoever comes first.
fn word() -> Result<&'static AtomicU64, SystemError> {
    // Acquire: pairs with (W) below; the page is mapped and wiped on fork.
    let known = WORD.load(Ordering::Acquire);
    if let Some(known) = NonNull::new(known) {
        // SAFETY: only (W) stores here, a word that is never unmapped.
        return Ok(unsafe { known.as_ref() });
    }
    let system = |call| move |source| SystemError::without_object(call, source);
    let mut page = MmapMut::map_anon(size_of::<AtomicU64>()).map_err(system("mmap"))?;
    let address = NonNull::from(&mut page[0]);
    // SAFETY: the page was mapped just now, private and without a file, and 0 is the generation
    // that nobody has.
    unsafe { shm_sys::madvise_wipeonfork(address, page.len()) }.map_err(system("madvise"))?;
    let word = page.as_mut_ptr().cast::<AtomicU64>();
    // (W) Release publishes the advice; Acquire: pairs with itself in the thread that was faster.
    match WORD.compare_exchange(ptr::null_mut(), word, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => {
            // It has to stay for as long as there are tokens, and those are `'static`.
            std::mem::forget(page);
            // SAFETY: zeroed, aligned to a page, never unmapped, and nobody has another kind of
            // reference to it.
            Ok(unsafe { &*word })
        }
        // SAFETY: only (W) stores here, a word that is never unmapped. Our page is unmapped by its
        // drop.
        Err(faster) => Ok(unsafe { &*faster }),
    }
}
