//! What a writer and a reader have in common: the object held, its view, and the look at its state.

use std::time::Duration;

use shm_core::fork::ProcessToken;
use shm_core::{Moment, Object, ShmName, futex};

use super::error::Fault;
use super::layout::{Region, SIZE, View};
use crate::memory::sync::AtomicU32;
use crate::wait;

/// How long an object may have the wrong size: a C writer that starts truncates it and makes it
/// 1028 bytes long two system calls later.
const SETTLING: Duration = Duration::from_millis(100);

/// What the kernel read at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    /// The flag.
    pub(super) flag: u32,
    /// The first four bytes of the text.
    pub(super) head: u32,
}

/// An attached object.
#[derive(Debug)]
pub(super) struct Link {
    /// Before `object`: unmapped first.
    view: View,
    object: Object,
    process: ProcessToken,
}

impl Link {
    pub(super) fn new(view: View, object: Object, process: ProcessToken) -> Self {
        Self {
            view,
            object,
            process,
        }
    }

    pub(super) fn name(&self) -> &ShmName {
        self.object.name()
    }

    pub(super) fn object(&self) -> &Object {
        &self.object
    }

    #[inline]
    pub(super) fn region(&self) -> &Region {
        self.view.region()
    }

    /// Whether this is not a forked child of the process that attached.
    pub(super) fn is_ours(&self) -> bool {
        self.process.is_current()
    }

    /// Whether this is the process that attached: what every call begins with.
    pub(super) fn begin(&self) -> Result<(), Fault> {
        if self.is_ours() {
            Ok(())
        } else {
            Err(Fault::Forked)
        }
    }

    /// Looks at the object without touching the mapping, which may have lost its memory: the kernel
    /// reads what is there. `None` if there is too little.
    ///
    /// Good enough to go on waiting; before anything is concluded from it, [`Link::inspect`].
    #[inline]
    pub(super) fn glance(&self) -> Result<Option<Glance>, Fault> {
        let mut bytes = [0; 8];
        let read = self.object.read_at(&mut bytes, 0)?;
        let [a, b, c, d, e, f, g, h] = bytes;
        Ok((read == bytes.len()).then_some(Glance {
            flag: u32::from_ne_bytes([a, b, c, d]),
            head: u32::from_ne_bytes([e, f, g, h]),
        }))
    }

    /// Checks that the object has its size and its memory, so that it may be touched, and then that
    /// it has a name.
    ///
    /// Waits for a moment if the size is wrong.
    pub(super) fn inspect(&self) -> Result<(), Fault> {
        self.ensure_memory()?;
        let mut status = self.object.status()?;
        if status.size != SIZE {
            wait::retry(SETTLING, || {
                status = self.object.status()?;
                Ok::<_, Fault>((status.size == SIZE).then_some(()))
            })?
            .ok_or(Fault::Truncated { found: status.size })?;
        }
        if status.allocated < SIZE {
            // The C writer's `ftruncate` leaves a hole, and filling it may find `/dev/shm` full.
            self.object.reserve(SIZE)?;
        }
        if !self.object.has_name()? {
            return Err(Fault::Unlinked);
        }
        Ok(())
    }

    /// After touching the memory: whether it was there, as far as the guard can tell.
    pub(super) fn ensure_memory(&self) -> Result<(), Fault> {
        if self.view.is_lost() {
            let found = self.object.size()?;
            return Err(Fault::Truncated { found });
        }
        Ok(())
    }

    /// As [`Link::inspect`], whether the object has a name or not.
    pub(super) fn inspect_memory(&self) -> Result<(), Fault> {
        match self.inspect() {
            Err(Fault::Unlinked) => Ok(()),
            other => other,
        }
    }

    /// Sleeps until `word` is no longer `seen`, and at most until the `deadline`, or for
    /// `interval`: an original C program wakes no process.
    pub(super) fn sleep(word: &AtomicU32, seen: u32, deadline: Moment, interval: Duration) {
        let deadline = deadline.min(Moment::now().after(interval));
        // Woken, changed, time up, a signal, or no memory behind the word: the look that follows
        // decides.
        let _ = futex::wait(word, seen, Some(deadline));
    }

    /// Wakes the Rust peer that sleeps on `word`.
    pub(super) fn wake(word: &AtomicU32) {
        // It fails only if the page was cut off, which the next call finds out.
        let _ = futex::wake(word, i32::MAX.unsigned_abs());
    }
}
