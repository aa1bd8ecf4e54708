//! An endpoint under `ptrace(2)`: stopped at its system calls, stepped, killed.
//!
//! `/proc/PID/syscall` shows which call it is, on every machine.

use std::fs;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender as Heart, channel};
use std::thread;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use shm_mailbox::Role;
use test_support::Name;

use super::end::{End, LIMIT};
use super::{Form, Program};

/// Where the program is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Before a system call: its number and arguments.
    Entry(i64, [u64; 6]),
    /// After the system call.
    Exit,
    /// It has ended.
    Ended,
}

/// A traced program, which runs only as far as the row lets it. Killed when dropped.
pub(crate) struct Traced {
    pub(crate) end: End,
    /// Whether it is inside a system call.
    is_inside: bool,
    /// Keeps it alive.
    heart: Heart<()>,
}

impl Traced {
    /// Starts an endpoint, and stops it where it has become the program under test.
    pub(crate) fn start(
        program: &Program,
        role: Role,
        name: &Name,
        form: Form,
    ) -> Result<Self, Errno> {
        // The shell prints that it has started, and waits for a line, which it gets when it is
        // traced.
        let mut command = Command::new("sh");
        command.args(["-c", "echo; read line; exec \"$0\" \"$@\""]);
        command.args(program.words(role, name, form));
        let mut end = End::spawn(role, command);
        end.answer();
        let options = Options::PTRACE_O_EXITKILL
            | Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEEXEC;
        ptrace::seize(end.pid(), options)?;
        end.tell("");
        let mut traced = Self {
            heart: watch(end.pid()),
            end,
            is_inside: true,
        };
        // From here on it stops at each call.
        match traced.wait() {
            WaitStatus::PtraceEvent(..) => Ok(traced),
            status => panic!("it cannot be started: {status:?}"),
        }
    }

    /// Lets it run to the next entry or exit of a system call.
    pub(crate) fn run_to_system_call(&mut self) -> Stop {
        loop {
            if let Some(stop) = self.run() {
                return stop;
            }
        }
    }

    /// Lets it run to the next entry or exit of a system call, or, `None`, until it has touched a
    /// word that it is watched for.
    pub(crate) fn run(&mut self) -> Option<Stop> {
        self.resume();
        loop {
            match self.wait() {
                WaitStatus::PtraceSyscall(_) => break,
                WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Some(Stop::Ended),
                WaitStatus::Stopped(_, Signal::SIGTRAP) => return None,
                WaitStatus::Stopped(pid, signal) => {
                    ptrace::syscall(pid, signal).expect("it stands still");
                }
                _ => self.resume(),
            }
        }
        self.is_inside = !self.is_inside;
        Some(if self.is_inside {
            let (number, arguments) = self.system_call();
            Stop::Entry(number, arguments)
        } else {
            Stop::Exit
        })
    }

    /// Whether it is between the entry and the exit of a system call.
    pub(crate) fn is_inside(&self) -> bool {
        self.is_inside
    }

    /// Lets it run to the entry of a call that has this property; what that call is. `None` if it
    /// ends first.
    pub(crate) fn run_to_entry(
        &mut self,
        mut is_wanted: impl FnMut(i64, &[u64; 6]) -> bool,
    ) -> Option<(i64, [u64; 6])> {
        loop {
            match self.run_to_system_call() {
                Stop::Entry(number, arguments) if is_wanted(number, &arguments) => {
                    return Some((number, arguments));
                }
                Stop::Ended => return None,
                _ => {}
            }
        }
    }

    /// Starts an endpoint, and stops it before it reads its first command.
    #[track_caller]
    pub(crate) fn attach(program: &Program, role: Role, name: &Name, form: Form) -> Self {
        let traced = Self::start(program, role, name, form);
        let mut traced = traced.expect("it can be traced");
        traced.run_to_command();
        traced.end.attached();
        traced
    }

    /// Lets it run until it is about to read a command.
    #[track_caller]
    pub(crate) fn run_to_command(&mut self) {
        let entry = self.run_to_entry(|number, arguments| is_reading(number, arguments[0]));
        assert!(entry.is_some(), "it ended before it read a command");
    }

    /// At the entry of a read: gives it a command, and lets it read that.
    #[track_caller]
    pub(crate) fn read_command(&mut self, command: &str) {
        self.beat();
        self.end.tell(command);
        assert_eq!(
            self.run_to_system_call(),
            Stop::Exit,
            "it reads its command"
        );
    }

    /// Gives it more time. If that time runs out, the watchdog thread kills it, which this detects.
    fn beat(&self) {
        let _ = self.heart.send(());
    }

    /// Kills it where it is stopped, and waits until it is dead.
    pub(crate) fn kill(self) {
        self.end.kill();
    }

    /// Lets it continue untraced.
    pub(crate) fn release(self) -> End {
        ptrace::detach(self.end.pid(), None).expect("it stands still");
        self.end
    }

    fn resume(&mut self) {
        ptrace::syscall(self.end.pid(), None).expect("it stands still");
    }

    fn wait(&mut self) -> WaitStatus {
        let status = loop {
            match waitpid(self.end.pid(), Some(WaitPidFlag::__WALL)) {
                Err(Errno::EINTR) => {}
                status => break status.expect("the process is ours"),
            }
        };
        match status {
            WaitStatus::Exited(_, code) => self.end.set_status(code << 8),
            WaitStatus::Signaled(_, signal, _) => self.end.set_status(signal as i32),
            _ => {}
        }
        status
    }

    /// The call in which it is stopped; see `proc_pid_syscall(5)`.
    fn system_call(&self) -> (i64, [u64; 6]) {
        let path = format!("/proc/{}/syscall", self.end.pid());
        let text = loop {
            let text = fs::read_to_string(&path).expect("it stands still");
            // It may not have left its core yet.
            if text.trim() != "running" {
                break text;
            }
        };
        let mut words = text.split_whitespace();
        let number = words.next().and_then(|word| word.parse().ok());
        let mut arguments = [0; 6];
        for (argument, word) in arguments.iter_mut().zip(words) {
            let digits = word.trim_start_matches("0x");
            *argument = u64::from_str_radix(digits, 16).expect("a hexadecimal number");
        }
        (number.unwrap_or(-1), arguments)
    }
}

/// Kills the process if the heart does not beat for [`LIMIT`]: the tracer waits for it without one.
fn watch(pid: Pid) -> Heart<()> {
    let (heart, beats) = channel();
    thread::spawn(move || {
        loop {
            match beats.recv_timeout(LIMIT) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    // It may have ended by itself.
                    let _ = kill(pid, Signal::SIGKILL);
                    return;
                }
            }
        }
    });
    heart
}

/// What is known of this machine's registers and instructions.
#[cfg(target_arch = "x86_64")]
impl Traced {
    /// Lets it run one instruction. False, before the call, if that is a system call.
    pub(crate) fn step(&mut self) -> bool {
        /// The instruction `syscall`.
        const CALL: u64 = 0x050F;
        let pid = self.end.pid();
        let place = ptrace::getregs(pid).expect("it stands still").rip;
        let address = std::ptr::without_provenance_mut(usize::try_from(place).expect("64 bits"));
        let code = ptrace::read(pid, address).expect("there is code");
        if code.cast_unsigned() & 0xFFFF == CALL {
            return false;
        }
        self.beat();
        ptrace::step(pid, None).expect("it stands still");
        match self.wait() {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => true,
            status => panic!("a step ended with {status:?}"),
        }
    }

    /// From now on it stops after each access to one of these words of 8 bytes, at most four.
    /// False if the machine cannot do that.
    pub(crate) fn watch(&mut self, addresses: &[u64]) -> bool {
        let registers = std::mem::offset_of!(libc::user, u_debugreg);
        let register = |index| std::ptr::without_provenance_mut(registers + 8 * index);
        let mut control = 0;
        for (index, address) in addresses.iter().enumerate() {
            // See "Debug Control Register" of the processor's manual: enabled, reads and writes, 8
            // bytes.
            control |= 1 << (2 * index) | 0b1011 << (16 + 4 * index);
            let written =
                ptrace::write_user(self.end.pid(), register(index), address.cast_signed());
            if written.is_err() {
                return false;
            }
        }
        ptrace::write_user(self.end.pid(), register(7), control).is_ok()
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl Traced {
    pub(crate) fn watch(&mut self, _addresses: &[u64]) -> bool {
        false
    }

    pub(crate) fn step(&mut self) -> bool {
        unreachable!("rows that step are skipped here")
    }
}

/// Whether a call reads standard input.
pub(crate) fn is_reading(number: i64, descriptor: u64) -> bool {
    number == libc::SYS_read && descriptor == 0
}

/// Whether processes can be traced here.
pub(crate) fn can_trace() -> bool {
    let name = Name::new();
    let program = Program::new(["true"]);
    Traced::start(&program, Role::Sender, &name, Form::of(1)).is_ok()
}

/// Whether single instructions can be stepped here. A pair of exclusive load and store, as aarch64
/// has them, never succeeds when it is stepped.
pub(crate) fn can_step() -> bool {
    cfg!(target_arch = "x86_64") && can_trace()
}
