//! A forked child under `ptrace(2)`: stepped, stopped at system calls, killed.

use std::any::Any;
#[cfg(target_arch = "x86_64")]
use std::mem::offset_of;
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use crate::console::{Console, Phase};

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
    pid: libc::pid_t,
    console: &'a Console,
    gone: bool,
}

/// Whether a child can be traced here.
pub(crate) fn is_permitted() -> bool {
    let console = Console::new();
    match Tracee::spawn(&console, || Ok(())).and_then(Tracee::finish) {
        Ok(()) => true,
        Err(reason) if reason == NOT_PERMITTED_REASON => false,
        Err(reason) => panic!("{reason}"),
    }
}

impl<'a> Tracee<'a> {
    /// Forks a child that stands still before it runs `body`.
    ///
    /// The child has a copy of everything, and drops nothing of it.
    pub(crate) fn spawn(
        console: &'a Console,
        body: impl FnOnce() -> Result<(), String>,
    ) -> Result<Self, String> {
        // SAFETY: the child runs on the only thread it has, allocates with an allocator that allows it after a
        // fork, and ends in `_exit`.
        let pid = unsafe { libc::fork() };
        match pid {
            0 => run_child(console, body),
            -1 => Err(failed("fork")),
            pid => {
                let mut tracee = Self {
                    pid,
                    console,
                    gone: false,
                };
                match tracee.wait_status()? {
                    status if libc::WIFSTOPPED(status) => {}
                    status => return Err(tracee.ended(status)),
                }
                let options = libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACESYSGOOD;
                let options = u64::from(options.cast_unsigned());
                tracee.request(libc::PTRACE_SETOPTIONS, 0, options)?;
                Ok(tracee)
            }
        }
    }

    /// Lets it run one instruction.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), String> {
        self.go(libc::PTRACE_SINGLESTEP)
    }

    /// Lets it run to its next mark, which must be this one.
    pub(crate) fn run_to(&mut self, phase: Phase) -> Result<(), String> {
        self.go(libc::PTRACE_CONT)?;
        if self.console.is_at(phase) {
            Ok(())
        } else {
            Err(format!("stopped before it was at {phase:?}"))
        }
    }

    /// Lets it run to the next entry or end of a system call, or to a mark.
    pub(crate) fn run_to_system_call(&mut self) -> Result<Stop, String> {
        self.request(libc::PTRACE_SYSCALL, 0, 0)?;
        self.wait()
    }

    /// Steps through the call under test, from the mark before it to the one after it, and calls `look`
    /// after every instruction with the number of instructions so far. Returns how many there were.
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

    /// The address of its next instruction.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn place(&mut self) -> Result<u64, String> {
        let offset = offset_of!(libc::user, regs) + offset_of!(libc::user_regs_struct, rip);
        let place = self.request(libc::PTRACE_PEEKUSER, offset, 0)?;
        Ok(place.cast_unsigned())
    }

    /// Lets it run until it is about to execute the instruction at `place` for the n-th time. False if it
    /// has come to the mark after the call instead.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn run_to_place(&mut self, place: u64, visits: usize) -> Result<bool, String> {
        /// Register 7 switches on what register 0 says: stop before this address is executed.
        const ON: u64 = 1;
        let register = |number: usize| offset_of!(libc::user, u_debugreg) + 8 * number;
        self.request(libc::PTRACE_POKEUSER, register(0), place)?;
        self.request(libc::PTRACE_POKEUSER, register(7), ON)?;
        for _ in 0..visits {
            self.go(libc::PTRACE_CONT)?;
            if self.is_over() {
                break;
            }
            if self.place()? != place {
                return Err("stopped elsewhere than at the breakpoint".to_owned());
            }
        }
        self.request(libc::PTRACE_POKEUSER, register(7), 0)?;
        Ok(!self.is_over())
    }

    /// At the entry of a system call: its number and its arguments.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn system_call(&mut self) -> Result<(libc::c_long, [u64; 6]), String> {
        let regs = self.registers()?;
        let arguments = [regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9];
        Ok((regs.orig_rax.cast_signed(), arguments))
    }

    /// At the entry of a system call: leaves it out, and lets it return this error.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn fail_system_call(&mut self, errno: i32) -> Result<(), String> {
        let mut regs = self.registers()?;
        // A number that no call has.
        regs.orig_rax = u64::MAX;
        self.set_registers(&regs)?;
        if self.run_to_system_call()? != Stop::SystemCall {
            return Err("the call did not return".to_owned());
        }
        let mut regs = self.registers()?;
        regs.rax = i64::from(-errno).cast_unsigned();
        self.set_registers(&regs)
    }

    #[cfg(target_arch = "x86_64")]
    fn registers(&mut self) -> Result<libc::user_regs_struct, String> {
        let mut regs = std::mem::MaybeUninit::uninit();
        // SAFETY: the child stands still, and there is room for its registers.
        let answer = unsafe { libc::ptrace(libc::PTRACE_GETREGS, self.pid, 0, regs.as_mut_ptr()) };
        if answer == -1 {
            return Err(failed("ptrace"));
        }
        // SAFETY: the call has filled it.
        Ok(unsafe { regs.assume_init() })
    }

    #[cfg(target_arch = "x86_64")]
    fn set_registers(&mut self, regs: &libc::user_regs_struct) -> Result<(), String> {
        // SAFETY: the child stands still, and is a test's; `regs` outlives the call.
        let answer =
            unsafe { libc::ptrace(libc::PTRACE_SETREGS, self.pid, 0, ptr::from_ref(regs)) };
        if answer == -1 {
            return Err(failed("ptrace"));
        }
        Ok(())
    }

    /// Elsewhere no call is looked into.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn system_call(&mut self) -> Result<(libc::c_long, [u64; 6]), String> {
        Err("not on this machine".to_owned())
    }

    /// Elsewhere no call is looked into.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn fail_system_call(&mut self, _errno: i32) -> Result<(), String> {
        Err("not on this machine".to_owned())
    }

    /// Elsewhere no call is stepped.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn place(&mut self) -> Result<u64, String> {
        Err("not on this machine".to_owned())
    }

    /// Elsewhere no call is stepped.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn run_to_place(&mut self, _place: u64, _visits: usize) -> Result<bool, String> {
        Err("not on this machine".to_owned())
    }

    /// Lets it run to its end, which must be a good one.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        self.request(libc::PTRACE_CONT, 0, 0)?;
        match self.wait_status()? {
            status if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 => Ok(()),
            status => Err(self.ended(status)),
        }
    }

    /// SIGKILL, now. Does not wait until it is dead.
    pub(crate) fn kill(&mut self) {
        // SAFETY: a child that was not waited for, so the number is still its own.
        unsafe { libc::kill(self.pid, libc::SIGKILL) };
    }

    /// Lets it run until a trap stops it.
    fn go(&mut self, request: libc::c_uint) -> Result<(), String> {
        self.request(request, 0, 0)?;
        match self.wait()? {
            Stop::Trap => Ok(()),
            Stop::SystemCall => Err("stopped at a system call".to_owned()),
        }
    }

    fn request(
        &mut self,
        request: libc::c_uint,
        offset: usize,
        data: u64,
    ) -> Result<libc::c_long, String> {
        // SAFETY: requests that touch none of our memory; the child is ours.
        let answer = unsafe { libc::ptrace(request, self.pid, offset, data) };
        // The only answer asked for is an address, and that is never -1.
        match answer {
            -1 => Err(failed("ptrace")),
            answer => Ok(answer),
        }
    }

    fn wait(&mut self) -> Result<Stop, String> {
        let status = self.wait_status()?;
        if !libc::WIFSTOPPED(status) {
            return Err(self.ended(status));
        }
        match libc::WSTOPSIG(status) {
            libc::SIGTRAP => Ok(Stop::Trap),
            signal if signal == libc::SIGTRAP | 0x80 => Ok(Stop::SystemCall),
            _ => Err(self.ended(status)),
        }
    }

    fn wait_status(&mut self) -> Result<libc::c_int, String> {
        let mut status = 0;
        // SAFETY: our child, and a place for its status.
        while unsafe { libc::waitpid(self.pid, &raw mut status, libc::__WALL) } == -1 {
            if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
                return Err(failed("waitpid"));
            }
        }
        self.gone = !libc::WIFSTOPPED(status);
        Ok(status)
    }

    /// Why it stopped or ended, in words.
    fn ended(&self, status: libc::c_int) -> String {
        if let Some(failure) = self.console.failure() {
            failure
        } else if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == NOT_PERMITTED {
            NOT_PERMITTED_REASON.to_owned()
        } else if libc::WIFEXITED(status) {
            format!("exited with {}", libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            format!("killed by signal {}", libc::WTERMSIG(status))
        } else if libc::WSTOPSIG(status) == libc::SIGALRM {
            format!("hangs: not done after {HANG} s")
        } else {
            format!("got signal {}", libc::WSTOPSIG(status))
        }
    }
}

impl Drop for Tracee<'_> {
    fn drop(&mut self) {
        self.kill_and_wait();
    }
}

impl Tracee<'_> {
    fn kill_and_wait(&mut self) {
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
    // SAFETY: touches no memory.
    unsafe { libc::alarm(HANG) };
}

fn run_child(console: &Console, body: impl FnOnce() -> Result<(), String>) -> ! {
    let none = ptr::null_mut::<libc::c_void>();
    // SAFETY: takes no address.
    if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, none, none) } == -1 {
        exit(NOT_PERMITTED);
    }
    rearm_alarm();
    // SAFETY: sends a signal to ourselves; the tracer is told, and lets us go on.
    unsafe { libc::raise(libc::SIGSTOP) };
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    let reason = match outcome {
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

fn failed(call: &str) -> String {
    format!("{call} failed: {}", std::io::Error::last_os_error())
}
