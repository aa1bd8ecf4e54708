//! Who executes the fences around a sleep.

use std::cell::Cell;

use shm_core::barrier;

use crate::memory::layout::{PUBLISHER_FENCES, SLEEPER_FENCES};
use crate::wait::Wait;

/// Who executes the fence between publishing and going to sleep; see `protocol`.
#[derive(Clone, Debug)]
pub(crate) struct Fences {
    /// Our process is registered: a peer can fence for us.
    pub(crate) registered: bool,
    /// We fence for our peer before we sleep, if we ever do.
    pub(super) before_sleep: Cell<bool>,
}

impl Fences {
    /// For an endpoint of this process that waits in this way.
    pub(crate) fn new(wait: Wait) -> Self {
        let registered = barrier::register();
        Self {
            registered,
            before_sleep: Cell::new(match wait {
                Wait::Spin | Wait::Yield | Wait::Poll(_) | Wait::Backoff => true,
                // Sleeps rarely, so that its peer's every message is the better for it.
                Wait::Adaptive => registered,
                // Sleeps all the time, so its barriers would cost more than its peer saves.
                Wait::Block | Wait::Bell => false,
            }),
        }
    }

    /// Before a sleep, once it is announced: `false` if the announcement may not be seen.
    pub(super) fn execute(&self) -> bool {
        !self.before_sleep.get() || barrier::heavy()
    }

    /// What the shared memory says of them.
    pub(crate) fn word(&self) -> u32 {
        if self.before_sleep.get() {
            SLEEPER_FENCES
        } else {
            PUBLISHER_FENCES
        }
    }
}
