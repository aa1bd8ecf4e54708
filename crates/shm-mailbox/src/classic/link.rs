//! What a writer and a reader have in common: the object held, its view, and the look at its state.

use std::time::Duration;

use shm_core::fork::ProcessToken;
use shm_core::{Object, futex};

use super::error::Fault;
use super::layout::{Region, SIZE, View};
use crate::sync::AtomicU32;
use crate::wait;

/// How long an object may have the wrong size: a C writer that starts truncates it and makes it
/// 1028 bytes long two system calls later.
const SETTLING: Duration = Duration::from_millis(100);

/// `EFAULT` of `errno(3)` on Linux.
const EFAULT: i32 = 14;

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

    pub(super) fn name(&self) -> &str {
        self.object.name().as_str()
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

    /// What every call begins with.
    pub(super) fn begin(&self) -> Result<(), Fault> {
        if !self.is_ours() {
            return Err(Fault::Forked);
        }
        self.inspect()
    }

    /// Checks that the object has its size, so that its memory may be touched, and then that it has a name.
    ///
    /// Waits for a moment if the size is wrong.
    pub(super) fn inspect(&self) -> Result<(), Fault> {
        let mut status = self.object.status()?;
        if status.size != SIZE {
            wait::retry(SETTLING, || {
                status = self.object.status()?;
                Ok::<_, Fault>((status.size == SIZE).then_some(()))
            })?
            .ok_or(Fault::Truncated { found: status.size })?;
            // The C writer's `ftruncate` leaves a hole, and filling it may find `/dev/shm` full.
            self.object.reserve(SIZE)?;
        }
        if status.links == 0 {
            return Err(Fault::Unlinked);
        }
        Ok(())
    }

    /// Sleeps until `word` is no longer `seen`, and at most for `limit`; then checks as [`Link::inspect`] does.
    ///
    /// An object that lost its name is nobody's concern here: whoever waits looks for what came before that.
    pub(super) fn sleep(&self, word: &AtomicU32, seen: u32, limit: Duration) -> Result<(), Fault> {
        let slept = futex::wait(word, seen, Some(limit));
        // Woken, changed, time up, a signal: the look that follows decides.
        self.inspect_size()?;
        match slept {
            Err(error) if error.raw_os_error() == Some(EFAULT) => {
                // There was no memory behind the word. Now there is, or /dev/shm is full.
                Ok(self.object.reserve(SIZE)?)
            }
            _ => Ok(()),
        }
    }

    /// As [`Link::inspect`], whether the object has a name or not.
    pub(super) fn inspect_size(&self) -> Result<(), Fault> {
        match self.inspect() {
            Err(Fault::Unlinked) => Ok(()),
            other => other,
        }
    }

    /// Wakes whoever of ours sleeps on `word`.
    pub(super) fn wake(word: &AtomicU32) {
        // It fails only if the page is gone, which the next call finds out.
        let _ = futex::wake(word, i32::MAX.unsigned_abs());
    }
}
