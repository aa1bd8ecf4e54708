//! What the traced child and the test say to each other, on a page of memory that both have.

use std::sync::atomic::{AtomicU64, Ordering};

use shm_core::Mapping;

const PHASE: usize = 0;
const QUIT: usize = 8;
const FAILURE_LENGTH: usize = 16;
const OUTCOME: usize = 24;
const FAILURE: usize = 64;
const SIZE: usize = 4096;

/// Where the child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Phase {
    /// It waits for another round.
    Ready = 1,
    /// The next instruction belongs to the call under test.
    Begin = 2,
    /// The call under test has returned.
    End = 3,
    /// The round is over, and the child tells how the call ended.
    Ended = 4,
}

/// The page. Made before the fork, shared with the child.
pub(crate) struct Console(Mapping);

impl Console {
    pub(crate) fn new() -> Self {
        Self(Mapping::anonymous(SIZE).expect("a page of memory"))
    }

    fn word(&self, offset: usize) -> &AtomicU64 {
        self.0.view(offset).expect("within the page")
    }

    /// The child: says where it stands and stops.
    #[inline(always)]
    pub(crate) fn mark(&self, phase: Phase) {
        let word = self.word(PHASE).as_ptr();
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a store to an atomic of the page, and the trap for which the tracer waits. The
        // call under test cannot move across it, since it may touch any memory.
        unsafe {
            std::arch::asm!(
                "mov qword ptr [{word}], {phase}",
                "int3",
                word = in(reg) word,
                phase = in(reg) phase as u64,
            );
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            // SAFETY: an atomic of the page, which lives as long as `self`.
            unsafe { AtomicU64::from_ptr(word) }.store(phase as u64, Ordering::SeqCst);
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGTRAP)
                .expect("a signal to ourselves");
        }
    }

    /// The test: whether the child stands there.
    pub(crate) fn is_at(&self, phase: Phase) -> bool {
        self.word(PHASE).load(Ordering::SeqCst) == phase as u64
    }

    /// The test: asks the child to end when it is next ready.
    pub(crate) fn quit(&self) {
        self.word(QUIT).store(1, Ordering::SeqCst);
    }

    /// The child: whether it is to end.
    pub(crate) fn is_over(&self) -> bool {
        self.word(QUIT).load(Ordering::SeqCst) == 1
    }

    /// The child: notes how a call ended.
    pub(crate) fn set_outcome(&self, outcome: u64) {
        self.word(OUTCOME).store(outcome, Ordering::SeqCst);
    }

    /// The test: how the call ended.
    pub(crate) fn outcome(&self) -> u64 {
        self.word(OUTCOME).load(Ordering::SeqCst)
    }

    /// The child: leaves word of what went wrong.
    pub(crate) fn fail(&self, reason: &str) {
        let reason = &reason.as_bytes()[..reason.len().min(SIZE - FAILURE)];
        self.0.write(FAILURE, reason).expect("within the page");
        self.word(FAILURE_LENGTH)
            .store(reason.len() as u64, Ordering::SeqCst);
    }

    /// The test: what went wrong in the child.
    pub(crate) fn failure(&self) -> Option<String> {
        let length = self.word(FAILURE_LENGTH).load(Ordering::SeqCst);
        let length = usize::try_from(length).expect("within the page");
        let mut reason = vec![0; length.min(SIZE - FAILURE)];
        self.0.read(FAILURE, &mut reason).expect("within the page");
        (length > 0).then(|| String::from_utf8_lossy(&reason).into_owned())
    }
}
