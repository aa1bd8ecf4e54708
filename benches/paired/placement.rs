//! Where the two processes run: on two cores, on one, or wherever the kernel puts them.

use std::fmt;
use std::io;
use std::mem::MaybeUninit;

/// Where the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Pinned to different cores.
    Apart,
    /// Pinned to the same core.
    Together,
    /// Not pinned.
    Unpinned,
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apart => "two cores",
            Self::Together => "one core",
            Self::Unpinned => "unpinned",
        })
    }
}

/// The cores that this process could use when it started.
#[derive(Clone, Copy)]
pub(super) struct Cores {
    all: libc::cpu_set_t,
    first: usize,
    second: Option<usize>,
}

impl Cores {
    pub(super) fn of_this_process() -> Self {
        let mut all = MaybeUninit::<libc::cpu_set_t>::zeroed();
        let size = size_of::<libc::cpu_set_t>();
        // SAFETY: `all` has that size.
        let result = unsafe { libc::sched_getaffinity(0, size, all.as_mut_ptr()) };
        assert_eq!(
            result,
            0,
            "sched_getaffinity: {}",
            io::Error::last_os_error()
        );
        // SAFETY: zeroed is a set, and the call has filled it in.
        let all = unsafe { all.assume_init() };
        let capacity = usize::try_from(libc::CPU_SETSIZE).expect("positive");
        // SAFETY: below the capacity of the set.
        let mut cores = (0..capacity).filter(|&core| unsafe { libc::CPU_ISSET(core, &all) });
        Self {
            all,
            first: cores.next().expect("we run somewhere"),
            second: cores.next(),
        }
    }

    /// Whether there are enough of them.
    pub(super) fn allow(&self, placement: Placement) -> bool {
        placement != Placement::Apart || self.second.is_some()
    }

    /// Puts the leading process where it belongs.
    pub(super) fn place_leader(&self, placement: Placement) {
        match placement {
            Placement::Apart | Placement::Together => pin(self.first),
            Placement::Unpinned => set(&self.all),
        }
    }

    /// Puts the other process where it belongs.
    pub(super) fn place_follower(&self, placement: Placement) {
        match placement {
            Placement::Apart => pin(self.second.expect("asked before")),
            Placement::Together => pin(self.first),
            Placement::Unpinned => set(&self.all),
        }
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        set(&self.0.all);
    }
}

/// Frees the leading process again when dropped.
pub(super) struct Pinned<'a>(pub(super) &'a Cores);

fn pin(core: usize) {
    let only = MaybeUninit::<libc::cpu_set_t>::zeroed();
    // SAFETY: zeroed is the empty set.
    let mut only = unsafe { only.assume_init() };
    // SAFETY: the core was found in a set of this size.
    unsafe { libc::CPU_SET(core, &mut only) };
    set(&only);
}

fn set(cores: &libc::cpu_set_t) {
    // SAFETY: `cores` has that size.
    let result = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), cores) };
    assert_eq!(
        result,
        0,
        "sched_setaffinity: {}",
        io::Error::last_os_error()
    );
}
