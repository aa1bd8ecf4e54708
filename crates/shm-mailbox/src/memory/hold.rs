//! What keeps the pointers of a view valid.

#[cfg(any(test, shm_mailbox_loom, fuzzing))]
use std::{fmt::Debug, sync::Arc};

/// The memory that a view points into. It does not move, wherever the view is moved.
#[derive(Debug)]
pub(super) enum Memory {
    #[cfg(not(shm_mailbox_loom))]
    Mapped(shm_core::Mapping),
    /// Memory that no process maps, for tests, loom and fuzzing.
    #[cfg(any(test, shm_mailbox_loom, fuzzing))]
    Heap(Arc<dyn Debug>),
}

impl Memory {
    /// Whether some of it was cut off, see [`View::is_lost`](super::region::View::is_lost).
    #[cfg(not(shm_mailbox_loom))]
    #[inline(always)]
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Mapped(mapping) => mapping.is_lost(),
            #[cfg(any(test, fuzzing))]
            Self::Heap(_) => false,
        }
    }
}
