//! A forked child is told from its parent, also where the kernel does not wipe memory for it.
//!
//! A program of its own: no test makes a token in the tests' own process, since the first one
//! settles how all are told, and whether children start from nothing.

use std::ptr::NonNull;
use std::thread;

use nix::libc;
use nix::sys::prctl::set_no_new_privs;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use shm_core::fork;
use test_support::{in_child, skip};

/// What becomes of all advice that this process gives from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Advice {
    /// It is accepted, and nothing is done, as under some emulators.
    Swallowed,
    /// It is an error, as in some sandboxes.
    Refused,
}

impl Advice {
    /// Makes it so, by a filter on the system calls of this process and its children.
    fn impose(self) {
        let errno = match self {
            Self::Swallowed => 0,
            Self::Refused => libc::EPERM.unsigned_abs(),
        };
        let madvise = u32::try_from(libc::SYS_madvise).unwrap();
        let statement = |code, k| libc::sock_filter {
            code: u16::try_from(code).unwrap(),
            jt: 0,
            jf: 0,
            k,
        };
        let mut program = [
            // The number of the call is the first word of what a filter sees.
            statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
            libc::sock_filter {
                jf: 1,
                ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, madvise)
            },
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | errno),
            statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog {
            len: 4,
            filter: program.as_mut_ptr(),
        };
        // It fails under an emulator, which may swallow the advice itself: that is asked below.
        let _ = set_no_new_privs();
        // SAFETY: `program` and its four statements outlive the call, which may fail as well.
        unsafe {
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            )
        };
        assert_eq!(is_swallowed(), self == Self::Swallowed);
    }

    /// Whether that can be had here.
    fn is_possible(self) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let filters = status.contains("\nSeccomp:") && !(self == Self::Refused && is_swallowed());
        if !filters {
            skip("seccomp(2)");
        }
        filters
    }
}

/// Whether the system swallows advice. Where it does so by itself it is an emulator, which has no
/// filters.
fn is_swallowed() -> bool {
    let page: NonNull<u8> = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: mapped just now, and nothing refers to it.
    let unknown = unsafe { shm_sys::madvise_unknown(page, 4096) };
    // SAFETY: the mapping from above.
    unsafe { shm_sys::munmap(page, 4096) }.unwrap();
    unknown.is_ok()
}

/// Does `work` in a child of a raw `clone(2)`, of which the C library knows nothing.
fn in_raw_child(work: impl FnOnce() -> bool) {
    // SAFETY: as `fork(2)`, since no memory is shared; the child does `work`, which takes no lock,
    // and ends.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        let held = work();
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!held)) };
    }
    let child = Pid::from_raw(child.try_into().unwrap());
    let told = WaitStatus::Exited(child, 0);
    assert_eq!(
        waitpid(child, None),
        Ok(told),
        "not told in a child of clone(2)"
    );
}

fn assert_children_are_told() {
    let token = fork::token().unwrap();
    assert!(token.is_current());
    in_raw_child(|| !token.is_current());
    in_child(|| {
        assert!(!token.is_current());
        let own = fork::token().unwrap();
        assert!(own.is_current() && !token.is_current());
        in_child(|| assert!(!own.is_current() && !token.is_current()));
        assert!(own.is_current());
    });
    assert!(token.is_current() && fork::token().unwrap().is_current());
}

#[test]
fn children_are_told_as_this_system_has_them() {
    in_child(assert_children_are_told);
}

#[test]
fn children_are_told_where_all_advice_is_swallowed() {
    if Advice::Swallowed.is_possible() {
        in_child(|| {
            Advice::Swallowed.impose();
            assert_children_are_told();
        });
    }
}

#[test]
fn children_are_told_where_all_advice_is_refused() {
    if Advice::Refused.is_possible() {
        in_child(|| {
            Advice::Refused.impose();
            assert_children_are_told();
        });
    }
}

#[test]
fn every_generation_is_told_from_every_other() {
    in_child(|| {
        let parent = fork::token().unwrap();
        in_child(|| {
            let child = fork::token().unwrap();
            in_child(|| {
                let grandchild = fork::token().unwrap();
                let current = [parent, child, grandchild].map(|token| token.is_current());
                assert_eq!(current, [false, false, true]);
            });
            // A grandchild that never made one either.
            in_child(|| assert!(!parent.is_current() && !child.is_current()));
            assert!(child.is_current());
        });
    });
}

#[test]
fn threads_that_make_the_first_token_together_agree() {
    in_child(|| {
        let tokens: Vec<_> = thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| fork::token().unwrap()));
            threads.map(|thread| thread.join().unwrap()).into()
        });
        assert!(tokens.iter().all(|token| token.is_current()));
        // Also in a child, where they all start from zero again.
        in_child(|| assert!(tokens.iter().all(|token| !token.is_current())));
    });
}
