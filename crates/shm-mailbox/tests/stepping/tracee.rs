//! A forked child under `ptrace(2)`: stepped, stopped at system calls, killed.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, alarm, fork};
use test_support::skip;

use crate::stepping::console::{Console, Phase};

/// After so many seconds a child is taken to hang: its alarm ends it.
const HANG: u32 = 60;
/// The exit status of a child that must not be traced.
const NOT_PERMITTED: i32 = 77;
const NOT_PERMITTED_REASON: &str = "it must not be traced";

/// Why the child stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// After one instruction, or at a mark.
    Trap,
    /// Before or after a system call.
    SystemCall,
}

/// The child. Killed and waited for when dropped.
pub(crate) struct Tracee<'a> {
    pid: Pid,
    console: &'a Console,
    gone: bool,
}

impl<'a> Tracee<'a> {
    /// Forks a child that stands still before it runs `body`.
    ///
    /// The child has a copy of everything, and drops nothing of it.
    pub(crate) fn spawn(
        console: &'a Console,
        body: impl FnOnce() -> Result<(), String>,
    ) -> Result<Self, String> {
        // SAFETY: the child runs on the only thread it has, allocates with an allocator that allows
        // it after a fork, and ends in `_exit`.
        match unsafe { fork() }.map_err(failed)? {
            ForkResult::Child => run_child(console, body),
            ForkResult::Parent { child } => {
                let mut tracee = Self {
                    pid: child,
                    console,
                    gone: false,
                };
                match tracee.wait_status()? {
                    WaitStatus::Stopped(..) => {}
                    status => return Err(tracee.ended(status)),
                }
                let options = Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACESYSGOOD;
                ptrace::setoptions(child, options).map_err(failed)?;
                Ok(tracee)
            }
        }
    }

    /// Lets it run one instruction.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), String> {
        ptrace::step(self.pid, None).map_err(failed)?;
        self.wait_for_trap()
    }

    /// Lets it run to its next mark, which must be this one.
    pub(crate) fn run_to(&mut self, phase: Phase) -> Result<(), String> {
        self.run_to_trap()?;
        if self.console.is_at(phase) {
            Ok(())
        } else {
            Err(format!("stopped before it was at {phase:?}"))
        }
    }

    /// Lets it run to the next entry or end of a system call, or to a mark.
    pub(crate) fn run_to_system_call(&mut self) -> Result<Stop, String> {
        ptrace::syscall(self.pid, None).map_err(failed)?;
        self.wait()
    }

    /// Steps through the call under test, from the mark before it to the one after it, and calls
    /// `look` after every instruction with the number of instructions so far. Returns how many
    /// there were.
    pub(crate) fn step_through(
        &mut self,
        most: u64,
        mut look: impl FnMut(&mut Self, u64) -> Result<(), String>,
    ) -> Result<u64, String> {
        for steps in 1..=most {
            self.step()?;
            if self.is_over() {
                return Ok(steps - 1);
            }
            look(self, steps)?;
        }
        Err(format!("not done after {most} instructions"))
    }

    /// Whether the call under test has returned.
    pub(crate) fn is_over(&self) -> bool {
        self.console.is_at(Phase::End)
    }

    /// Lets it run to its end, which must be a good one.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        ptrace::cont(self.pid, None).map_err(failed)?;
        match self.wait_status()? {
            WaitStatus::Exited(_, 0) => Ok(()),
            status => Err(self.ended(status)),
        }
    }

    /// SIGKILL, now. Does not wait until it is dead.
    pub(crate) fn kill(&mut self) {
        // A child that was not waited for, so the number is still its own.
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    /// Lets it run until a trap stops it.
    fn run_to_trap(&mut self) -> Result<(), String> {
        ptrace::cont(self.pid, None).map_err(failed)?;
        self.wait_for_trap()
    }

    fn wait_for_trap(&mut self) -> Result<(), String> {
        match self.wait()? {
            Stop::Trap => Ok(()),
            Stop::SystemCall => Err("stopped at a system call".to_owned()),
        }
    }

    fn wait(&mut self) -> Result<Stop, String> {
        match self.wait_status()? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => Ok(Stop::Trap),
            WaitStatus::PtraceSyscall(_) => Ok(Stop::SystemCall),
            status => Err(self.ended(status)),
        }
    }

    fn wait_status(&mut self) -> Result<WaitStatus, String> {
        let status = loop {
            match waitpid(self.pid, Some(WaitPidFlag::__WALL)) {
                Err(Errno::EINTR) => {}
                status => break status.map_err(failed)?,
            }
        };
        self.gone = matches!(status, WaitStatus::Exited(..) | WaitStatus::Signaled(..));
        Ok(status)
    }

    /// Why it stopped or ended, in words.
    fn ended(&self, status: WaitStatus) -> String {
        match (self.console.failure(), status) {
            (Some(failure), _) => failure,
            (_, WaitStatus::Exited(_, NOT_PERMITTED)) => NOT_PERMITTED_REASON.to_owned(),
            (_, WaitStatus::Stopped(_, Signal::SIGALRM)) => {
                format!("hangs: not done after {HANG} s")
            }
            (_, status) => format!("{status:?}"),
        }
    }
}

/// What is known of this machine's registers.
#[cfg(target_arch = "x86_64")]
impl Tracee<'_> {
    /// The address of its next instruction.
    pub(crate) fn place(&mut self) -> Result<u64, String> {
        Ok(ptrace::getregs(self.pid).map_err(failed)?.rip)
    }

    /// Lets it run until it is about to execute the instruction at `place` for the n-th time. False
    /// if it has come to the mark after the call instead.
    pub(crate) fn run_to_place(&mut self, place: u64, visits: usize) -> Result<bool, String> {
        /// Register 7 switches on what register 0 says: stop before this address is executed.
        const ON: i64 = 1;
        let pid = self.pid;
        let set = |number: usize, value: i64| {
            let offset = std::mem::offset_of!(libc::user, u_debugreg) + 8 * number;
            let offset = std::ptr::without_provenance_mut(offset);
            ptrace::write_user(pid, offset, value).map_err(failed)
        };
        set(0, place.cast_signed())?;
        set(7, ON)?;
        for _ in 0..visits {
            self.run_to_trap()?;
            if self.is_over() {
                break;
            }
            if self.place()? != place {
                return Err("stopped elsewhere than at the breakpoint".to_owned());
            }
        }
        set(7, 0)?;
        Ok(!self.is_over())
    }

    /// At the entry of a system call: its number and its arguments.
    pub(crate) fn system_call(&mut self) -> Result<(i64, [u64; 6]), String> {
        let regs = ptrace::getregs(self.pid).map_err(failed)?;
        let arguments = [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9];
        Ok((regs.orig_rax.cast_signed(), arguments))
    }

    /// At the entry of a system call: leaves it out, and lets it return this error.
    pub(crate) fn fail_system_call(&mut self, errno: Errno) -> Result<(), String> {
        let mut regs = ptrace::getregs(self.pid).map_err(failed)?;
        // A number that no call has.
        regs.orig_rax = u64::MAX;
        ptrace::setregs(self.pid, regs).map_err(failed)?;
        if self.run_to_system_call()? != Stop::SystemCall {
            return Err("the call did not return".to_owned());
        }
        let mut regs = ptrace::getregs(self.pid).map_err(failed)?;
        regs.rax = (-i64::from(errno as i32)).cast_unsigned();
        ptrace::setregs(self.pid, regs).map_err(failed)
    }
}

/// Elsewhere no call is stepped, and none is looked into.
#[cfg(not(target_arch = "x86_64"))]
impl Tracee<'_> {
    pub(crate) fn place(&mut self) -> Result<u64, String> {
        Err(ELSEWHERE.to_owned())
    }

    pub(crate) fn run_to_place(&mut self, _: u64, _: usize) -> Result<bool, String> {
        Err(ELSEWHERE.to_owned())
    }

    pub(crate) fn system_call(&mut self) -> Result<(i64, [u64; 6]), String> {
        Err(ELSEWHERE.to_owned())
    }

    pub(crate) fn fail_system_call(&mut self, _: Errno) -> Result<(), String> {
        Err(ELSEWHERE.to_owned())
    }
}

#[cfg(not(target_arch = "x86_64"))]
const ELSEWHERE: &str = "not on this machine";

impl Drop for Tracee<'_> {
    fn drop(&mut self) {
        while !self.gone {
            self.kill();
            if self.wait_status().is_err() {
                return;
            }
        }
    }
}

/// The child: starts its alarm again.
pub(crate) fn rearm_alarm() {
    alarm::set(HANG);
}

fn run_child(console: &Console, body: impl FnOnce() -> Result<(), String>) -> ! {
    if ptrace::traceme().is_err() {
        exit(NOT_PERMITTED);
    }
    rearm_alarm();
    // The tracer is told, and lets us go on.
    raise(Signal::SIGSTOP).expect("a signal to ourselves");
    let reason = match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => exit(0),
        Ok(Err(reason)) => reason,
        Err(payload) => format!("panicked: {}", text_of(payload.as_ref())),
    };
    console.fail(&reason);
    exit(1)
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload.downcast_ref::<&str>().unwrap_or(&"?"),
    }
}

fn exit(status: i32) -> ! {
    // SAFETY: ends the child without running what belongs to the parent.
    unsafe { libc::_exit(status) }
}

fn failed(errno: Errno) -> String {
    format!("a request to the child failed: {errno}")
}

/// Whether single instructions can be stepped here; says so if not.
pub(crate) fn can_step() -> bool {
    // A pair of exclusive load and store, as aarch64 has them, never succeeds when it is stepped.
    let is_known = cfg!(target_arch = "x86_64");
    if !is_known {
        skip("x86-64");
    }
    is_known && can_trace()
}

/// Whether a child can be traced here; says so if not.
pub(crate) fn can_trace() -> bool {
    let console = Console::new();
    match Tracee::spawn(&console, || Ok(())).and_then(Tracee::finish) {
        Ok(()) => true,
        Err(reason) if reason == NOT_PERMITTED_REASON => {
            skip("ptrace");
            false
        }
        Err(reason) => panic!("{reason}"),
    }
}
