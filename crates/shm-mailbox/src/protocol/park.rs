//! Going to sleep and waking a sleeping peer, so that no wake-up is lost; see the module's own
//! page.

use std::cell::Cell;

use crate::memory::layout::{AWAKE, PARKED, Presence, SLEEPER_FENCES};
use crate::memory::sync::{AtomicU32, Ordering, compiler_fence, fence, light_fence};

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slept<T> {
    /// What was waited for is there.
    Found(T),
    /// It is not there, for all that somebody woke us.
    InVain,
    /// The time was up. Nobody has looked, and the memory may be gone; the sleep stays announced.
    Expired,
}

/// What has ended a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The flag is not, or no longer, [`PARKED`]; or anything else, after which the memory is
    /// there.
    Up,
    /// The time was up.
    TimeUp,
}

/// Announces the owner's sleep on its flag `own`, executes `barrier` if the publisher leaves that
/// to us, looks once more, and if there is nothing, sleeps, and looks again if that did not just
/// expire.
///
/// An error of `sleep` means that the memory may be gone, and nothing in it is touched any more.
///
/// After a time that was up the flag stays as it is, `announced` says so, and the next sleep goes
/// on with it: whoever publishes meanwhile finds it, and clears it, and then there is no sleep. So
/// an idle endpoint announces itself once, and not in every slice.
#[inline]
pub(crate) fn park<T, E>(
    own: &AtomicU32,
    announced: &Cell<bool>,
    barrier: impl FnOnce(),
    mut look: impl FnMut() -> Result<Option<T>, E>,
    sleep: impl FnOnce(&AtomicU32) -> Result<Wake, E>,
) -> Result<Slept<T>, E> {
    if !announced.get() {
        // Relaxed: ordered by the fence.
        own.store(PARKED, Ordering::Relaxed);
        // (W) SeqCst: pairs with (P) in `take_parked`.
        fence(Ordering::SeqCst);
        barrier();
    }
    let mut found = look();
    if let Ok(None) = found {
        if sleep(own)? == Wake::TimeUp {
            announced.set(true);
            return Ok(Slept::Expired);
        }
        found = look();
    }
    withdraw(own, announced);
    Ok(found?.map_or(Slept::InVain, Slept::Found))
}

/// Takes back the announcement of a sleep.
pub(crate) fn withdraw(own: &AtomicU32, announced: &Cell<bool>) {
    announced.set(false);
    // Relaxed: spares the peer a needless wake; nothing depends on when it is seen.
    own.store(AWAKE, Ordering::Relaxed);
}

/// After publishing: whether the peer sleeps on its flag and has to be woken now. `registered` says
/// that a peer that fences for both reaches us.
#[inline]
#[must_use]
pub(crate) fn take_parked(peer: &Presence, registered: bool) -> bool {
    // Not before the stamp: the compiler may not move the load of `fences` up. The processor may,
    // which a new owner's barrier takes care of.
    compiler_fence(Ordering::SeqCst);
    // Relaxed: a new owner makes sure that its word is seen before it counts.
    if registered && peer.fences.load(Ordering::Relaxed) == SLEEPER_FENCES {
        light_fence();
    } else {
        // (P) SeqCst: pairs with (W) in `park`; comes after (S), (C) or (R).
        fence(Ordering::SeqCst);
    }
    let peer = &peer.parked;
    // Relaxed: ordered by the fence.
    if peer.load(Ordering::Relaxed) != PARKED {
        return false;
    }
    // Relaxed: ordered by the wake that follows, a system call.
    peer.store(AWAKE, Ordering::Relaxed);
    true
}

/// Clears the peer's flag, whatever it says, before an unconditional wake.
pub(crate) fn clear_parked(presence: &Presence) {
    // Release: what made us wake it comes before.
    presence.parked.store(AWAKE, Ordering::Release);
}
