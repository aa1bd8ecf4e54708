//! Forked children and what they are doing, memory that they share with the test, and the state of
//! this process.

use std::fs;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::poll::ppoll;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, raise};
use nix::sys::time::TimeVal;
use nix::unistd::{Pid, gettid};
use shm_core::Mapping;
pub(crate) use test_support::Child;

use super::{LIMIT, until};

/// Forks a child that runs `body` and exits, with success unless it panics; see [`Child::fork`].
pub(crate) fn fork(body: impl FnOnce()) -> Child {
    Child::fork(body)
}

/// Waits until the child has just gone to sleep in the kernel, after it was awake.
#[track_caller]
pub(crate) fn wait_until_it_falls_asleep(child: &Child) {
    let (_, before) = sleeps(child);
    until("the child falls asleep", || {
        let (asleep, count) = sleeps(child);
        asleep && count > before
    });
}

/// Whether it sleeps now, and how often it has gone to sleep.
fn sleeps(child: &Child) -> (bool, u64) {
    let status = fs::read_to_string(format!("/proc/{}/status", child.pid())).expect("alive");
    let field = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a line of proc(5)").trim()
    };
    let count = field("voluntary_ctxt_switches:").parse();
    (field("State:").starts_with('S'), count.expect("a number"))
}

/// Whether the child has ended, and was not waited for.
pub(crate) fn has_ended(child: &Child) -> bool {
    state(child) == 'Z'
}

/// The letter of `proc(5)` for the state of the child.
pub(crate) fn state(child: &Child) -> char {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.pid())).expect("it is there");
    let (_, rest) = stat.rsplit_once(") ").expect("a name in parentheses");
    rest.chars().next().expect("a letter")
}

/// Waits until the child waits for a signal, in [`sleep_for_ever`].
#[track_caller]
pub(crate) fn wait_until_it_pauses(child: &Child) {
    wait_until_it_is_in(child, libc::SYS_ppoll);
}

/// Waits until the child is in the system call with this number.
#[track_caller]
pub(crate) fn wait_until_it_is_in(child: &Child, call: libc::c_long) {
    let id = child.pid().cast_signed();
    until("the child is in the system call", || is_in(id, call));
}

/// How many of the child's descriptors are this file's.
pub(crate) fn descriptors_of(child: &Child, path: &Path) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", child.pid())).expect("alive");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target == path).count()
}

/// A copy of the child's descriptor of this file, the last that it has made, with the same open
/// file and its locks behind it; `None` if the system does not hand it out.
pub(crate) fn copy_of_descriptor(child: &Child, path: &Path) -> Option<OwnedFd> {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", child.pid())).expect("alive");
    let of_file = descriptors.map(|entry| entry.expect("alive").path());
    // It also has its parent's descriptors, so take the last.
    let found = of_file
        .filter(|entry| fs::read_link(entry).is_ok_and(|target| target == path))
        .filter_map(|entry| entry.file_name()?.to_str()?.parse::<i32>().ok())
        .max();
    let number = found.expect("it has the file open");
    let call = |number, arguments: [i64; 3]| {
        let [first, second, third] = arguments;
        // SAFETY: the two calls below take numbers alone, and make a descriptor.
        let made = unsafe { libc::syscall(number, first, second, third) };
        let made = i32::try_from(made).ok().filter(|made| *made >= 0)?;
        // SAFETY: made by the kernel just now, for us.
        Some(unsafe { OwnedFd::from_raw_fd(made) })
    };
    let process = call(libc::SYS_pidfd_open, [child.pid().into(), 0, 0])?;
    call(
        libc::SYS_pidfd_getfd,
        [process.as_raw_fd().into(), number.into(), 0],
    )
}

/// Whether this process, or thread, sleeps in the system call with this number.
pub(crate) fn is_in(id: i32, call: libc::c_long) -> bool {
    let now = fs::read_to_string(format!("/proc/{id}/syscall"));
    let call = as_shown(call);
    now.is_ok_and(|now| now.starts_with(&format!("{call} ")))
}

/// The number under which the kernel knows a call: an emulator on x86-64 makes that machine's
/// calls. Who runs the tests in one says so by `SHM_EMULATED`.
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
pub(crate) fn thread_id() -> i32 {
    gettid().as_raw()
}

/// Sleeps until killed, in `ppoll(2)` of nothing, which every machine has.
pub(crate) fn sleep_for_ever() -> ! {
    loop {
        let _ = ppoll(&mut [], None, None);
    }
}

/// Stops this process with SIGSTOP.
pub(crate) fn stop_self() {
    raise(Signal::SIGSTOP).expect("a signal to this process");
}

/// Keeps this process on one core, the same one for all who call this.
pub(crate) fn pin_to_one_core() {
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).expect("our own");
    let first = (0..CpuSet::count()).find(|&core| allowed.is_set(core).expect("within the set"));
    let mut one = CpuSet::new();
    one.set(first.expect("one at least"))
        .expect("within the set");
    sched_setaffinity(this, &one).expect("a core of ours");
}

/// The CPU time this process has used.
pub(crate) fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("our own");
    let micros = |time: TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let used = micros(usage.user_time()) + micros(usage.system_time());
    Duration::from_micros(used.try_into().expect("not negative"))
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
