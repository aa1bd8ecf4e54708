//! What a test needs of the machine; where that is missing, the test prints that it is skipped, and
//! returns.

use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use crate::place::{AS_NOBODY, own_dev_shm};
use crate::{Child, End};

/// Says that a test did not run, in the words that are counted.
pub fn skip(what: &str) {
    println!("skipped: needs {what}");
}

/// Whether the long form of the tests was asked for.
pub fn is_torture() -> bool {
    std::env::var_os("SHM_TORTURE").is_some_and(|value| value == "1")
}

/// Passes on whether something is there; says `skipped: needs …` if not.
fn or_skip(is_there: bool, what: &str) -> bool {
    if !is_there {
        skip(what);
    }
    is_there
}

/// Whether a program runs and succeeds; says `skipped: needs …` if not.
pub fn has(what: &str, program: &str, args: &[&str]) -> bool {
    let found = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    or_skip(found.is_ok_and(|status| status.success()), what)
}

/// Whether system calls of programs can be watched and made to fail.
pub fn has_strace() -> bool {
    has("strace", "strace", &["-V"])
}

/// Whether programs can have mounts of their own (a small `/dev/shm`).
pub fn has_mount_namespaces() -> bool {
    has("root, for a mount namespace", "unshare", &["-m", "true"])
}

/// Whether programs of another user are possible.
pub fn has_other_users() -> bool {
    let args = [&AS_NOBODY[..], &["true"]].concat();
    has("root, for another user", "setpriv", &args)
}

/// Whether this process is root.
pub fn is_root() -> bool {
    or_skip(geteuid().is_root(), "root")
}

/// Whether a child may have a `/dev/shm` of its own.
pub fn can_mount() -> bool {
    is_root() && {
        let end = Child::fork(|| own_dev_shm("")).wait();
        or_skip(end == End::Done, "mount namespaces")
    }
}
