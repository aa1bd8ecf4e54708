//! Forked children that do one thing, are really killed, and are reaped whatever happens.

use std::fs;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shm_core::Mapping;

use super::{LIMIT, until};

/// The exit status of a child that has panicked.
const PANICKED: i32 = 101;

/// A child process; killed and reaped when dropped.
pub(crate) struct Child {
    pid: libc::pid_t,
    reaped: bool,
}

/// Forks a child that runs `body` and exits, with success unless it panics.
///
/// Other threads of this process do not exist in the child, and locks that they held stay locked; so the child
/// keeps away from the standard streams. (The allocator is safe: the C library sees to that.)
pub(crate) fn fork(body: impl FnOnce()) -> Child {
    tell_panics_of_children();
    // SAFETY: the child runs `body` and leaves through `_exit`; see above for what it keeps away from.
    let pid = unsafe { libc::fork() };
    match pid {
        0 => {
            // SAFETY: sets an attribute of this process: it dies with the test that forked it.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let status = match panic::catch_unwind(AssertUnwindSafe(body)) {
                Ok(()) => 0,
                Err(_) => PANICKED,
            };
            // SAFETY: ends the process at once; nothing of the parent's is flushed or dropped.
            unsafe { libc::_exit(status) }
        }
        -1 => panic!("fork: {}", io::Error::last_os_error()),
        pid => Child { pid, reaped: false },
    }
}

/// A child's panic is written straight to the standard error, past all locks.
fn tell_panics_of_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let parent = process::id();
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if process::id() == parent {
                return usual(info);
            }
            let text = format!("in a child: {info}\n");
            // SAFETY: `text` has that many bytes.
            unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
        }));
    });
}

impl Child {
    pub(crate) fn pid(&self) -> u32 {
        u32::try_from(self.pid).expect("a pid is positive")
    }

    /// Waits for the child's end, which has to be a success.
    #[track_caller]
    pub(crate) fn join(mut self) {
        let mut status = 0;
        until("the child ends", || {
            self.wait(libc::WNOHANG, &mut status) == self.pid
        });
        self.reaped = true;
        assert!(libc::WIFEXITED(status), "the child died: {status:#x}");
        assert_eq!(libc::WEXITSTATUS(status), 0, "the child panicked");
    }

    /// Kills the child with SIGKILL, which has to find it alive, and reaps it.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.signal(libc::SIGKILL);
        let mut status = 0;
        assert_eq!(self.wait(0, &mut status), self.pid);
        self.reaped = true;
        assert!(
            libc::WIFSIGNALED(status),
            "the child had ended: {status:#x}"
        );
        assert_eq!(libc::WTERMSIG(status), libc::SIGKILL);
    }

    /// Stops the child with SIGSTOP, and waits until it stands still.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.signal(libc::SIGSTOP);
        self.wait_until_stopped();
    }

    /// Waits until the child has stopped itself.
    #[track_caller]
    pub(crate) fn wait_until_stopped(&self) {
        let mut status = 0;
        let flags = libc::WUNTRACED | libc::WNOHANG;
        until("the child stops", || {
            self.wait(flags, &mut status) == self.pid
        });
        assert!(libc::WIFSTOPPED(status), "the child has ended: {status:#x}");
    }

    pub(crate) fn resume(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Waits until the child has just gone to sleep in the kernel, after it was awake.
    #[track_caller]
    pub(crate) fn wait_until_it_falls_asleep(&self) {
        let (_, before) = self.sleeps();
        until("the child falls asleep", || {
            let (asleep, count) = self.sleeps();
            asleep && count > before
        });
    }

    /// Waits until the child waits for a signal, in [`sleep_for_ever`].
    #[track_caller]
    pub(crate) fn wait_until_it_pauses(&self) {
        self.wait_until_it_is_in(libc::SYS_ppoll);
    }

    /// Waits until the child is in the system call with this number.
    #[track_caller]
    pub(crate) fn wait_until_it_is_in(&self, call: libc::c_long) {
        until("the child is in the system call", || is_in(self.pid, call));
    }

    /// How many of its descriptors are this file's.
    pub(crate) fn descriptors_of(&self, path: &Path) -> usize {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.pid)).expect("alive");
        descriptors
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter(|target| target == path)
            .count()
    }

    /// Whether it sleeps now, and how often it has gone to sleep.
    fn sleeps(&self) -> (bool, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("alive");
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.expect("a line of proc(5)").trim()
        };
        let count = field("voluntary_ctxt_switches:").parse();
        (field("State:").starts_with('S'), count.expect("a number"))
    }

    fn signal(&self, signal: libc::c_int) {
        assert!(!self.reaped);
        // SAFETY: a child that was not reaped keeps its pid.
        let result = unsafe { libc::kill(self.pid, signal) };
        assert_eq!(result, 0, "kill: {}", io::Error::last_os_error());
    }

    fn wait(&self, flags: libc::c_int, status: &mut libc::c_int) -> libc::pid_t {
        // SAFETY: writes to `status` only.
        unsafe { libc::waitpid(self.pid, status, flags) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(libc::SIGKILL);
            self.wait(0, &mut 0);
        }
    }
}

/// Whether this process, or thread, sleeps in the system call with this number.
pub(crate) fn is_in(id: libc::pid_t, call: libc::c_long) -> bool {
    let now = fs::read_to_string(format!("/proc/{id}/syscall"));
    let call = as_shown(call);
    now.is_ok_and(|now| now.starts_with(&format!("{call} ")))
}

/// The number under which the kernel knows a call: an emulator on x86-64 makes that machine's calls. Who runs the
/// tests in one says so by `SHM_EMULATED`.
fn as_shown(call: libc::c_long) -> libc::c_long {
    if std::env::var_os("SHM_EMULATED").is_none() {
        return call;
    }
    match call {
        libc::SYS_futex => 202,
        libc::SYS_clock_nanosleep => 230,
        libc::SYS_ppoll => 271,
        other => panic!("the number of call {other} on x86-64 is not known here"),
    }
}

/// Waits until the thread that puts its number, from [`thread_id`], there sleeps on a futex.
#[track_caller]
pub(crate) fn wait_until_on_futex(thread: &AtomicI32) {
    until("it sleeps", || {
        let id = thread.load(Ordering::SeqCst);
        id != 0 && is_in(id, libc::SYS_futex)
    });
}

/// The number of this thread, for [`is_in`].
pub(crate) fn thread_id() -> libc::pid_t {
    // SAFETY: tells a number.
    unsafe { libc::gettid() }
}

/// Sleeps until killed.
pub(crate) fn sleep_for_ever() -> ! {
    loop {
        // SAFETY: waits for a signal; as `ppoll(2)` of nothing, which every machine has.
        unsafe { libc::ppoll(std::ptr::null_mut(), 0, std::ptr::null(), std::ptr::null()) };
    }
}

/// Stops this process with SIGSTOP.
pub(crate) fn stop_self() {
    // SAFETY: a signal to this process.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Keeps this process on one processor, the same one for all who call this.
pub(crate) fn pin_to_one_core() {
    // SAFETY: a set of processors is plain data, and all zero is the empty one.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: reads this process's set into `set`, which has that size.
    let result = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    let first = (0..1024).find(|&cpu| {
        // SAFETY: `set` has 1024 bits.
        unsafe { libc::CPU_ISSET(cpu, &set) }
    });
    // SAFETY: as above.
    unsafe { libc::CPU_ZERO(&mut set) };
    // SAFETY: as above.
    unsafe { libc::CPU_SET(first.expect("one at least"), &mut set) };
    // SAFETY: reads `set`, which has that size.
    let result = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// The processor time this process has used.
pub(crate) fn processor_time() -> Duration {
    // SAFETY: plain data.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: writes to `usage` only.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    [usage.ru_utime, usage.ru_stime]
        .into_iter()
        .map(|time| {
            let micros = time.tv_sec * 1_000_000 + time.tv_usec;
            Duration::from_micros(u64::try_from(micros).expect("not negative"))
        })
        .sum()
}

/// Numbers that this process shares with the children it forks from now on; 0 at first.
pub(crate) struct Shared(Mapping);

impl Shared {
    pub(crate) fn new() -> Self {
        Self(Mapping::anonymous(4096).expect("a page"))
    }

    /// Number `index` of 32, each on its own lines.
    pub(crate) fn number(&self, index: usize) -> &AtomicU64 {
        self.0.view(index * 128).expect("within the page")
    }
}

/// Tells how long a call takes, beside what it returns.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let output = call();
    let elapsed = start.elapsed();
    assert!(elapsed < LIMIT, "took {elapsed:?}");
    (output, elapsed)
}
