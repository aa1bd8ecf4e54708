//! A forked child is told from its parent also where the kernel does not wipe memory for it.
//!
//! No test here makes a token in the tests' own process: the first one settles how all are told.

mod support;

use shm_core::fork;
use support::in_child;

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
        // SAFETY: a number.
        unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
        // SAFETY: `program` and its four statements outlive the call. It fails under an emulator, which may swallow
        // the advice itself: whether it is so is asked below.
        unsafe {
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                &raw const program,
            )
        };
        let page = shm_sys::mmap_shared_anonymous(4096).unwrap();
        // SAFETY: mapped just now, and nothing refers to it.
        let unknown = unsafe { shm_sys::madvise_unknown(page, 4096) };
        assert_eq!(unknown.is_ok(), self == Self::Swallowed);
    }

    /// Whether that can be had here.
    fn is_possible(self) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let filters = status.contains("\nSeccomp:") && !(self == Self::Refused && is_emulated());
        if !filters {
            println!("skipped: needs seccomp(2)");
        }
        filters
    }
}

/// Whether the system swallows advice by itself: then it is an emulator, which has no filters.
fn is_emulated() -> bool {
    let page = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: mapped just now, and nothing refers to it.
    let unknown = unsafe { shm_sys::madvise_unknown(page, 4096) };
    // SAFETY: the mapping from above.
    unsafe { shm_sys::munmap(page, 4096) }.unwrap();
    unknown.is_ok()
}

/// Does `work` in a child of a raw `clone(2)`, of which the C library knows nothing.
fn in_raw_child(work: impl FnOnce() -> bool) {
    // SAFETY: as `fork(2)`, since no memory is shared; the child does `work`, which takes no lock, and ends.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    assert!(child >= 0, "{}", std::io::Error::last_os_error());
    if child == 0 {
        let held = work();
        // SAFETY: ends the child.
        unsafe { libc::_exit(i32::from(!held)) };
    }
    let child = libc::pid_t::try_from(child).unwrap();
    let mut status = -1;
    // SAFETY: `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "not told in a child of clone(2)");
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
