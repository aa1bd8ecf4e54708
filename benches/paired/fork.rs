//! The other process of a row: forked, watched, and gone when the row is over, however it ends.

use std::io;
use std::mem::MaybeUninit;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::ptr;
use std::thread::{self, JoinHandle};

/// A forked process; killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    pid: libc::pid_t,
    watch: Option<JoinHandle<()>>,
}

/// Forks a process that runs `body` until it is killed.
///
/// It dies with this one. If it ends by itself, this one ends too, after `clean_up`: whoever spins in a baseline
/// would never learn of it. Must be called while this process has no other thread.
pub(super) fn fork(body: impl FnOnce(), clean_up: impl FnOnce() + Send + 'static) -> Child {
    let parent = process::id();
    // SAFETY: no other thread exists that could hold a lock; the child leaves through `_exit`.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => {
            die_with(parent);
            // Its message is on the standard error; its end is all that the parent needs.
            let _ = panic::catch_unwind(AssertUnwindSafe(body));
            // SAFETY: ends the process at once; nothing of the parent's is flushed or dropped.
            unsafe { libc::_exit(1) }
        }
        -1 => panic!("fork: {}", io::Error::last_os_error()),
        pid => Child {
            pid,
            watch: Some(thread::spawn(move || {
                if has_failed(pid) {
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
        // SAFETY: our own child, which nobody but the watch reaps, and only after it has died.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
        if let Some(watch) = self.watch.take() {
            // It only waits, and does not panic.
            let _ = watch.join();
        }
    }
}

fn die_with(parent: u32) {
    // SAFETY: sets an attribute of this process.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // It may have died before that.
    if std::os::unix::process::parent_id() != parent {
        // SAFETY: ends the process at once.
        unsafe { libc::_exit(1) };
    }
}

/// Reaps the child, and tells whether it ended by itself, rather than being killed.
fn has_failed(pid: libc::pid_t) -> bool {
    let mut status = 0;
    // SAFETY: `status` is where one status goes.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } == -1 {
        // A signal: ask again. Anything else cannot happen to our own child.
        if io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return false;
        }
    }
    libc::WIFEXITED(status)
}

/// Keeps SIGINT, SIGTERM and SIGHUP back until dropped, for as long as objects have names.
#[derive(Debug)]
pub(super) struct SignalsHeld {
    before: libc::sigset_t,
}

impl SignalsHeld {
    pub(super) fn new() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: fills in the set.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            // SAFETY: the set was filled in, and the signal exists.
            unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
        }
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        let how = libc::SIG_BLOCK;
        // SAFETY: the set was filled in; `before` is where one set goes.
        let result = unsafe { libc::pthread_sigmask(how, set.as_ptr(), before.as_mut_ptr()) };
        assert_eq!(result, 0, "the arguments are valid");
        // SAFETY: the call has succeeded, so it is filled in.
        let before = unsafe { before.assume_init() };
        Self { before }
    }
}

impl Drop for SignalsHeld {
    fn drop(&mut self) {
        // SAFETY: the set is the one that this thread had.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.before, ptr::null_mut())
        };
    }
}
