//! Going to sleep and waking a sleeping peer, so that no wake-up is lost; see the module's own
//! page.

use std::cell::Cell;

use crate::memory::layout::{AWAKE, BELL, PARKED, Presence, SLEEPER_FENCES};
use crate::memory::sync::{AtomicU32, Ordering, compiler_fence, fence, light_fence};

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slept<T> {
    /// What was waited for is there.
    Found(T),
    /// It is not there, although a process woke us.
    InVain,
    /// The time was up. No process has looked, and the memory may be gone; the sleep stays
    /// announced.
    Expired,
}

/// What has ended a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The flag is not, or no longer, what it was set to; or anything else, after which the memory
    /// is there.
    Up,
    /// The time was up, or a bell has rung, for whatever reason.
    TimeUp,
}

/// Where a sleeper waits, and so how it is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bed {
    /// On its flag: by a wake of the futex.
    Futex,
    /// On its bell: by a ring.
    Bell,
}

impl Bed {
    /// What the flag says of it.
    pub(crate) const fn word(self) -> u32 {
        match self {
            Self::Futex => PARKED,
            Self::Bell => BELL,
        }
    }
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
    bed: Bed,
    announced: &Cell<bool>,
    barrier: impl FnOnce(),
    mut look: impl FnMut() -> Result<Option<T>, E>,
    sleep: impl FnOnce(&AtomicU32) -> Result<Wake, E>,
) -> Result<Slept<T>, E> {
    if !announced.get() {
        announce(own, bed, barrier);
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

/// Announces the owner's sleep on its flag `own`, and executes `barrier` if the publisher leaves
/// that to us. The next test finds what was published before. A later publisher finds the flag.
#[inline]
pub(crate) fn announce(own: &AtomicU32, bed: Bed, barrier: impl FnOnce()) {
    // Relaxed: ordered by the fence. An exchange, as all that changes the flag is.
    own.swap(bed.word(), Ordering::Relaxed);
    // (W) SeqCst: pairs with (P) in `take_parked`.
    fence(Ordering::SeqCst);
    barrier();
}

/// Takes back the announcement of a sleep.
pub(crate) fn withdraw(own: &AtomicU32, announced: &Cell<bool>) {
    announced.set(false);
    // Relaxed: spares the peer a needless wake; nothing depends on when it is seen.
    own.swap(AWAKE, Ordering::Relaxed);
}

/// After publishing: where the peer sleeps, if it has to be woken now. `registered` says that a
/// peer that fences for both reaches us.
#[inline]
#[must_use]
pub(crate) fn take_parked(peer: &Presence, registered: bool) -> Option<Bed> {
    // Not before the stamp: the compiler may not move the load of `fences` up. The processor may,
    // which a new owner's barrier takes care of.
    compiler_fence(Ordering::SeqCst);
    // Relaxed: a new owner makes sure that its word is seen before it counts.
    if registered && peer.fences.load(Ordering::Relaxed) == SLEEPER_FENCES {
        light_fence();
    } else {
        // (P) SeqCst: pairs with (W) in `announce`; comes after (S), (C) or (R).
        fence(Ordering::SeqCst);
    }
    // Relaxed: ordered by the fence.
    if peer.parked.load(Ordering::Relaxed) == AWAKE {
        return None;
    }
    take_bed(peer)
}

/// Clears the peer's flag, and tells where it sleeps, if it does.
///
/// In one step: an owner that goes from one bed to the other in between would otherwise be woken in
/// the one that it has left.
#[cold]
#[inline(never)]
pub(crate) fn take_bed(peer: &Presence) -> Option<Bed> {
    // SeqCst: pairs with (W). An owner that announces itself too late for us sees our `life`.
    fence(Ordering::SeqCst);
    // Relaxed: ordered by the fence, and what follows by a system call.
    match peer.parked.swap(AWAKE, Ordering::Relaxed) {
        AWAKE => None,
        BELL => Some(Bed::Bell),
        // Whatever else stands there: nobody who keeps to the protocol has written it.
        _ => Some(Bed::Futex),
    }
}
