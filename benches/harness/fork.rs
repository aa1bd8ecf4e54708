//! The other process of a row: forked, watched, and gone when the row is over, however it ends.

use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork as fork_here, getppid};

/// A forked process; killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    pid: Pid,
    watch: Option<JoinHandle<()>>,
}

/// Forks a process that runs `body` until it is killed.
///
/// It dies with this one. If it ends by itself, this one ends too, after `clean_up`: a process that
/// spins in a baseline would never notice. Must be called while this process has no other thread.
pub(super) fn fork(body: impl FnOnce(), clean_up: impl FnOnce() + Send + 'static) -> Child {
    let parent = Pid::this();
    // SAFETY: no other thread exists that could hold a lock; the child leaves through `_exit`.
    match unsafe { fork_here() }.expect("fork") {
        ForkResult::Child => {
            let dies_too = set_pdeathsig(Signal::SIGKILL);
            // The parent may have died before that.
            if dies_too.is_ok() && getppid() == parent {
                // Its message is on the standard error; its end is all that the parent needs.
                let _ = panic::catch_unwind(AssertUnwindSafe(body));
            }
            // SAFETY: ends the process at once; nothing of the parent's is flushed or dropped.
            unsafe { libc::_exit(1) }
        }
        ForkResult::Parent { child } => Child {
            pid: child,
            watch: Some(thread::spawn(move || {
                if has_failed(child) {
                    clean_up();
                    eprintln!("error: the other process has failed");
                    process::exit(1);
                }
                // Otherwise the row is over, and everything is clean.
            })),
        },
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Our own child, which nobody but the watch reaps, and only after it has died.
        let _ = kill(self.pid, Signal::SIGKILL);
        if let Some(watch) = self.watch.take() {
            // It only waits, and does not panic.
            let _ = watch.join();
        }
    }
}

/// Reaps the child, and tells whether it ended by itself, rather than being killed.
fn has_failed(child: Pid) -> bool {
    loop {
        match waitpid(child, None) {
            Ok(status) => return matches!(status, WaitStatus::Exited(..)),
            // A signal: ask again. Anything else cannot happen to our own child.
            Err(Errno::EINTR) => {}
            Err(_) => return false,
        }
    }
}

/// Keeps SIGINT, SIGTERM and SIGHUP back until dropped, for as long as objects have names.
#[derive(Debug)]
pub(super) struct SignalsHeld {
    before: SigSet,
}

impl SignalsHeld {
    pub(super) fn new() -> Self {
        let ending = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        let before = ending.thread_swap_mask(SigmaskHow::SIG_BLOCK);
        Self {
            before: before.expect("the arguments are valid"),
        }
    }
}

impl Drop for SignalsHeld {
    fn drop(&mut self) {
        // The set is the one that this thread had.
        let _ = self.before.thread_set_mask();
    }
}
