//! The guard against `SIGBUS`: memory that was cut off reads as zeros instead of ending the
//! process, and the mapping says that it is lost.
//!
//! A process that may write to an object may also truncate it, or punch a hole into it while
//! `/dev/shm` is full. The next touch of such a page is `SIGBUS`, and without a handler the end of
//! the process. [`install`] sets one, for the whole process. It is a choice of the program, since
//! handlers are the program's and not a library's; without it nothing here costs more than a few
//! words per mapping.
//!
//! A fault at an address in a [`Mapping`](crate::Mapping) of an object is cured: a private page of
//! zeros takes the place of the page that was touched, the mapping is marked, and the access is
//! made again. From then on [`Mapping::is_lost`](crate::Mapping::is_lost) stays true, and no other
//! process sees what is written to that page. So code that relies on the guard asks *after* the
//! accesses that matter. Every other `SIGBUS` goes to the handler that was there before.
//!
//! # Why it is sound
//!
//! **The page.** [`Shareable`](crate::Shareable) types are valid for any bytes, whichever process
//! writes them, and no other kind of reference to a mapping exists; to the program, the zeros are a
//! peer's doing. A private page is right: there is nothing left to share, and a shared one would
//! show children of `fork` a memory of its own kind. Only the page that was touched is replaced:
//! the others may still be the object's, and cure themselves when they are not.
//!
//! **Async-signal-safety.** The handler reads the registry (atomics that are never freed, see
//! `registry`), makes one `mmap`, and stores a flag. It takes no lock, allocates nothing, cannot
//! panic, and restores `errno`.
//!
//! **Whose fault.** Only `SIGBUS` with `BUS_ADRERR` (no memory behind the address) whose address
//! lies in the registry is ours. Broken hardware (`BUS_MCEERR_AR`), misalignment, and a signal that
//! a process sent are not, wherever they point.
//!
//! **The handler before ours** is kept with its flags and gets every fault that is not ours: with
//! three arguments or one, as `SA_SIGINFO` says, under its own mask, once only with `SA_RESETHAND`.
//! Where there was none, or the signal was ignored, the default is restored and the access faults
//! again, so that the process ends as it would have, with its core dump at the right place; the
//! kernel does not let a process ignore a fault. An ignored signal that a process sent stays
//! ignored. Which handler that is is recorded before ours is set, so there is no moment without
//! one. (Rust's own handler, which reports stack overflows, is usually the one.)
//!
//! **A handler installed later** replaces ours, as sigaction(2) has it. If it chains, as it should,
//! the guard still works; if not, the program is as without. We do not look again: to take the
//! signal back from a handler that chains to us would make a circle.
//!
//! **Threads and forks.** A fault is delivered to the thread that made it, on its alternate stack
//! if it has one. Two threads that fault in one page each put zeros there. A blocked `SIGBUS`
//! cannot be caught: the kernel ends the process. A child of `fork` has the handler, its own
//! registry and its own mappings; if it was forked while another thread was filling a slot, that
//! slot stays unused there. `exec` drops everything.
//!
//! **Limits.** If the kernel has no page to give (`RLIMIT_AS`, too many mappings), the
//! handler passes the fault on. A page that was cut off and is restored before any access has lost
//! its contents without a fault.

mod registry;

use crate::SystemError;
pub(crate) use registry::Entry;
use shm_sys::{
    BUS_ADRERR, SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SA_SIGINFO, SIG_DFL, SIG_IGN,
    SIGBUS, c_int, c_void, sigaction, siginfo_t,
};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// What was there before us; null before the first [`install`]. Never freed.
static PREVIOUS: AtomicPtr<sigaction> = AtomicPtr::new(ptr::null_mut());
/// Whether a previous handler with `SA_RESETHAND` has had its one call.
static RESET: AtomicBool = AtomicBool::new(false);
/// Whether [`install`] has done its work.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// In bytes; set before the handler is.
static PAGE: AtomicUsize = AtomicUsize::new(4096);

/// Installs the handler for this process, once; later calls do nothing.
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
/// object.set_size(0)?; // in real life, another process does
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
    let failed = |source| SystemError::without_object("sigaction", source);
    PAGE.store(shm_sys::page_size(), Ordering::Relaxed);
    // SAFETY: nothing is set.
    let found = unsafe { shm_sys::sigaction(SIGBUS, None) }.map_err(failed)?;
    // Of two threads that are here at the same time, the second may find the handler of the first.
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
    let Some((slot, prot)) = registry::find(address) else {
        return false;
    };
    // Before the page is there: a thread that reads the zeros finds the mark.
    slot.lost.store(true, Ordering::Release);
    let page = PAGE.load(Ordering::Relaxed);
    let start = ptr::with_exposed_provenance_mut(address & !(page - 1));
    let Some(start) = NonNull::new(start) else {
        return false;
    };
    // SAFETY: a page of a mapping of ours, with its access; it stays mapped during the call and may
    // have any contents: see the head of the file.
    unsafe { shm_sys::mmap_fixed_private_anonymous(start, page, prot) }.is_ok()
}

/// Leaves the signal to the handler that was there before us.
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

/// Restores the default, which ends the process: a fault comes again by itself, and what was sent
/// is sent again.
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
