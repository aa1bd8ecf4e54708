//! Runs a command of ours again in a `/dev/shm` of its own, apart from the rest of the machine.
//!
//! What other programs do in `/dev/shm` at the same time is then neither disturbed nor taken for
//! something that was left behind, and nothing remains of a test that had to be killed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

/// Set in processes whose `/dev/shm` is private.
const MARK: &str = "XTASK_PRIVATE_SHM";

/// Who may have a `/dev/shm` of their own.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Who {
    /// Only root: for tests, which have to know who they are.
    Root,
    /// Everyone, where the system allows it, by appearing as root in a namespace.
    Everyone,
}

/// Runs `command` with `arguments` in a `/dev/shm` of its own and returns whether it succeeded; `None`
/// if that is not possible, or already so.
pub(crate) fn rerun(command: &str, arguments: &[String], who: Who) -> Option<Result<bool, String>> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let root = fs::metadata("/proc/self").is_ok_and(|status| status.uid() == 0);
    if !root && who == Who::Root {
        return None;
    }
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount");
        if !root {
            unshare.arg("--map-root-user");
        }
        let script = "mount -t tmpfs tmpfs /dev/shm && exec \"$@\"";
        unshare.args(["sh", "-c", script, "sh"]).env(MARK, "1");
        unshare
    };
    // Containers may have neither the right nor the programs.
    let possible = unshare()
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        return None;
    }
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Some(Err(format!("xtask does not know its own path: {error}"))),
    };
    let status = unshare()
        .arg(program)
        .arg(command)
        .args(arguments)
        .status()
        .map(|status| status.success())
        .map_err(|error| format!("unshare does not start: {error}"));
    Some(status)
}
