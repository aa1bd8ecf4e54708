//! Every system call of creating, attaching and closing fails, once, with each error that it may
//! have.
//!
//! Under ptrace the call is left out and returns the error. What must come of it: the operation
//! returns, with success if the call was interrupted and otherwise perhaps with an error; its
//! process keeps no descriptor and no mapping; the next two ends attach at the first try, find what
//! was there, and leave nothing.

use std::fs;

use nix::errno::Errno::{
    self, EACCES, EAGAIN, EEXIST, EFAULT, EFBIG, EINTR, EINVAL, EIO, ELOOP, EMFILE, ENFILE, ENODEV,
    ENOENT, ENOLCK, ENOMEM, ENOSPC, ENOSYS, EPERM, EROFS,
};
use shm_mailbox::Wait;

use crate::stepping::console::{Console, Phase};
use crate::stepping::lifecycle::{Case, End, SLOTS, Step};
use crate::stepping::tracee::{self, Stop, Tracee};
use crate::support::Name;

/// What a system call may say, by its number; empty for those that cannot fail, or whose failing is
/// not ours to mend (the allocator's, and the end of a descriptor or a mapping, after which there
/// is nothing to try).
fn errors_of(call: i64, arguments: [u64; 6]) -> &'static [Errno] {
    /// Of an argument that is a descriptor: none.
    const NONE: u64 = u32::MAX as u64;
    match call {
        libc::SYS_openat => &[EINTR, EACCES, EMFILE, ENFILE, ENOMEM, ENOSPC, ELOOP],
        libc::SYS_fstat | libc::SYS_newfstatat | libc::SYS_statx => &[ENOMEM, EIO],
        libc::SYS_fstatfs => &[EINTR, ENOSYS, EIO],
        libc::SYS_fcntl => &[ENOLCK, EINVAL, EIO],
        libc::SYS_pread64 => &[EINTR, EIO, ENOMEM],
        libc::SYS_fallocate => &[EINTR, ENOSPC, EFBIG, ENOMEM, EPERM],
        libc::SYS_ftruncate => &[EINTR, EPERM],
        libc::SYS_fchmod => &[EINTR, EPERM, EIO],
        libc::SYS_linkat => &[EEXIST, ENOENT, EACCES, ENOSPC, EPERM, EIO],
        libc::SYS_getrandom => &[EINTR, ENOSYS],
        libc::SYS_mmap if arguments[4] & NONE != NONE => &[ENOMEM, EAGAIN, ENODEV, EPERM, EACCES],
        libc::SYS_futex => &[EFAULT, ENOSYS],
        libc::SYS_membarrier => &[ENOSYS, EPERM, EINVAL],
        libc::SYS_inotify_init1 => &[EMFILE, ENFILE, ENOMEM, EPERM, ENOSYS],
        libc::SYS_inotify_add_watch => &[ENOSPC, ENOMEM, ENOENT, EACCES, EPERM],
        libc::SYS_utimensat => &[EACCES, EPERM, EROFS],
        libc::SYS_unlinkat => &[EACCES, EPERM, EROFS, EIO],
        // 64-bit Arm has no other.
        #[cfg(target_arch = "x86_64")]
        libc::SYS_unlink => &[EACCES, EPERM, EROFS, EIO],
        _ => &[],
    }
}

/// One failing: the n-th system call, from 0, with this error.
#[derive(Clone, Copy, Debug)]
struct Failing {
    call: usize,
    errno: Errno,
}

#[test]
fn every_system_call_that_fails_is_an_error_and_leaves_nothing_behind() {
    if !tracee::can_step() {
        return;
    }
    // Made once in a process: otherwise the first child alone would make it.
    shm_core::fork::token().expect("a page of memory");
    let (mut points, mut errors) = (0, 0);
    for case in Case::all() {
        let failings = failings(case).unwrap_or_else(|reason| panic!("{case:?}: {reason}"));
        for failing in failings {
            match try_out(case, failing) {
                Ok(failed) => {
                    points += 1;
                    errors += u32::from(failed);
                }
                Err(reason) => panic!("{case:?}, {failing:?}: {reason}"),
            }
        }
    }
    println!("{points} system calls failed, {errors} of them an error, nothing left behind");
    assert!(points >= 500 && errors >= 300);
}

/// Everything that can fail in a case: from a run in which nothing does.
fn failings(case: Case) -> Result<Vec<Failing>, String> {
    let mut all = Vec::new();
    let mut call = 0;
    run(case, |tracee, _| {
        let (number, arguments) = tracee.system_call()?;
        let errors = errors_of(number, arguments);
        all.extend(errors.iter().map(|&errno| Failing { call, errno }));
        call += 1;
        Ok(false)
    })?;
    Ok(all)
}

/// Whether the operation failed, when this call did.
fn try_out(case: Case, failing: Failing) -> Result<bool, String> {
    let failed = run(case, |tracee, call| {
        if call != failing.call {
            return Ok(false);
        }
        tracee.fail_system_call(failing.errno)?;
        Ok(true)
    })?;
    if failed && failing.errno == EINTR {
        return Err("an interrupted call was not made again".to_owned());
    }
    Ok(failed)
}

/// Runs a case in a child; `at_call` is called at the entry of each of its system calls with the
/// number of calls before it, and returns whether it has run on to the call's end. Then both roles
/// attach, find what was there, and leave nothing. Returns whether the operation failed.
fn run(
    case: Case,
    mut at_call: impl FnMut(&mut Tracee<'_>, usize) -> Result<bool, String>,
) -> Result<bool, String> {
    let (mut bench, queue, name) = case.prepare();
    let options = name.options().slots(SLOTS);

    let console = Console::new();
    let body = || victim(case, &name, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    for call in 0.. {
        // The entry of a call, or the mark after the operation.
        if tracee.run_to_system_call()? == Stop::Trap {
            break;
        }
        // Its end.
        if !at_call(&mut tracee, call)? && tracee.run_to_system_call()? == Stop::Trap {
            break;
        }
    }
    tracee.finish()?;
    let failed = console.outcome() == FAILED;

    if case.step == Step::Create && failed && name.exists() {
        return Err("a failed creation has left an object".to_owned());
    }
    if let Some(bench) = &mut bench {
        // If the name went with the last message, the peer sits on an object that nobody finds
        // again.
        bench.detach(case.role.peer());
    }
    let sender = options
        .clone()
        .sender()
        .map_err(|error| error.to_string())?;
    let receiver = options.receiver().map_err(|error| error.to_string())?;
    case.conclude(sender, receiver, queue, &name)?;
    Ok(failed)
}

/// The child's outcome.
const SUCCEEDED: u64 = 1;
const FAILED: u64 = 2;

/// The child: the operation between two marks, how it ended, and what it has left in the process.
fn victim(case: Case, name: &Name, console: &Console) -> Result<(), String> {
    // The strategy whose endpoints make the most calls.
    let options = name.options().slots(SLOTS).wait(Wait::Bell);
    let before = held();
    let failed = if case.attaches() {
        console.mark(Phase::Begin);
        let end = End::attach(case.role, options);
        console.mark(Phase::End);
        if let Ok(end) = end {
            console.set_outcome(SUCCEEDED);
            let now = held();
            if now != (before.0 + 1, before.1 + 1) {
                return Err(format!("attached, it holds {now:?} after {before:?}"));
            }
            // Leaves the object to those who come next.
            std::mem::forget(end);
            return Ok(());
        }
        true
    } else {
        let end = End::attach(case.role, options).map_err(|error| error.to_string())?;
        console.mark(Phase::Begin);
        let left = end.leave(case.step);
        console.mark(Phase::End);
        left.is_err()
    };
    console.set_outcome(if failed { FAILED } else { SUCCEEDED });
    match held() {
        after if after == before => Ok(()),
        after => Err(format!("it held {before:?}, and now {after:?}")),
    }
}

/// Descriptors and mappings of objects in this process. The one that made an object has it by
/// another name: that of a file without one.
fn held() -> (usize, usize) {
    let descriptors = fs::read_dir("/proc/self/fd").expect("/proc is there");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let open = targets.filter(|target| target.starts_with("/dev/shm"));
    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is there");
    let mapped = maps.lines().filter(|line| line.contains(" /dev/shm/"));
    (open.count(), mapped.count())
}
