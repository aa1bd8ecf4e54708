//! Forked children that do one thing, are really killed, and are reaped whatever happens.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{self, ForkResult, Pid};

use crate::until;

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It ran to its end.
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// It was killed by this signal.
    Killed(Signal),
}

/// A forked child; it is killed and reaped when this is dropped, and dies with the test's thread.
pub struct Child {
    pid: Pid,
    report: File,
    reaped: bool,
}

impl Child {
    /// Forks a child that does `work` and exits.
    ///
    /// Only the thread that forks goes on in the child, so `work` must not wait for locks that
    /// another thread may hold: it keeps away from the standard streams, for one. (The allocator is
    /// safe: the C library sees to that.)
    pub fn fork(work: impl FnOnce()) -> Self {
        report_panics_of_children();
        let report = memfd_create("report", MFdFlags::MFD_CLOEXEC).expect("a file in memory");
        // SAFETY: the child does `work`, which is written for this, and ends in `_exit`.
        match unsafe { unistd::fork() }.expect("fork") {
            ForkResult::Parent { child } => Self {
                pid: child,
                report: report.into(),
                reaped: false,
            },
            ForkResult::Child => {
                REPORT.store(report.as_raw_fd(), Ordering::Relaxed);
                let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
                    set_pdeathsig(Signal::SIGKILL).expect("an attribute of this process");
                    setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("less is allowed");
                    work();
                }));
                // SAFETY: ends the child, without what the harness registered for its own end.
                unsafe { nix::libc::_exit(i32::from(outcome.is_err())) }
            }
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw().cast_unsigned()
    }

    /// Sends it a signal, and does not wait for what comes of it.
    pub fn signal(&self, signal: Signal) {
        assert!(!self.reaped);
        kill(self.pid, signal).expect("a child that was not reaped keeps its number");
    }

    /// Waits until a signal has stopped it.
    #[track_caller]
    pub fn wait_until_stopped(&self) {
        let status = self.next_status(WaitPidFlag::WUNTRACED);
        assert!(matches!(status, WaitStatus::Stopped(..)), "{status:?}");
    }

    /// Stops it, and waits until it stands still.
    #[track_caller]
    pub fn stop(&self) {
        self.signal(Signal::SIGSTOP);
        self.wait_until_stopped();
    }

    /// Lets it go on after a stop.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Kills it with SIGKILL, which has to find it alive, and reaps it.
    #[track_caller]
    pub fn kill(self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.wait(), End::Killed(Signal::SIGKILL));
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> End {
        let status = self.next_status(WaitPidFlag::empty());
        self.reaped = true;
        match status {
            WaitStatus::Exited(_, 0) => End::Done,
            WaitStatus::Signaled(_, signal, _) => End::Killed(signal),
            _ => {
                let mut message = Vec::new();
                self.report.rewind().expect("a file has a beginning");
                self.report.read_to_end(&mut message).expect("it is ours");
                End::Panicked(String::from_utf8_lossy(&message).into_owned())
            }
        }
    }

    /// Waits for its end, which has to be a success.
    #[track_caller]
    pub fn join(self) {
        match self.wait() {
            End::Done => {}
            End::Panicked(message) => panic!("in the child: {message}"),
            End::Killed(signal) => panic!("the child was killed by {signal}"),
        }
    }

    #[track_caller]
    fn next_status(&self, flags: WaitPidFlag) -> WaitStatus {
        let mut status = WaitStatus::StillAlive;
        until("the child ends, or stops", || {
            let waited = waitpid(self.pid, Some(flags | WaitPidFlag::WNOHANG));
            status = waited.expect("the child is ours");
            status != WaitStatus::StillAlive
        });
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}

/// Does `work` in a forked child, and panics here if it panics there.
#[track_caller]
pub fn in_child(work: impl FnOnce()) {
    Child::fork(work).join();
}

/// In a child, the file for why it panicked; -1 in the tests' own process.
static REPORT: AtomicI32 = AtomicI32::new(-1);

/// Lets children report to their parent what the harness would keep to itself. Set up before the
/// fork: in the child, another thread's panic may hold the hook's lock for ever.
fn report_panics_of_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            match REPORT.load(Ordering::Relaxed) {
                -1 => before(panic),
                report => {
                    // SAFETY: the child keeps it open until it ends.
                    let report = unsafe { BorrowedFd::borrow_raw(report) };
                    // When this fails there is nobody to tell.
                    let _ = unistd::write(report, panic.to_string().as_bytes());
                }
            }
        }));
    });
}
