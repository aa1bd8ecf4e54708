//! Where things are, and how a command is run: with its output, for so long, leaving nothing.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// The directory of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // Cargo says where the package is now; it may have been compiled elsewhere.
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    Path::new(&package)
        .join("..")
        .canonicalize()
        .expect("the workspace is there")
}

/// The directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative directory counts from where cargo was called.
        Some(chosen) => env::current_dir().unwrap_or_else(|_| root()).join(chosen),
        None => root().join("target"),
    }
}

/// The `shm` program, as the development profile builds it.
pub(crate) fn shm() -> PathBuf {
    target().join("debug/shm")
}

/// The files in `directory` with this extension, sorted; none if there is no such directory.
pub(crate) fn files_with_extension(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension() == Some(OsStr::new(extension)));
    files.sort();
    files
}

/// This program, also after it was built again.
pub(crate) fn own_program() -> String {
    format!("/proc/{}/exe", process::id())
}

/// A command as one would type it into a shell in the workspace's root. Cargo builds into
/// [`target`] and writes no colours.
pub(crate) fn command(line: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", line])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// Runs a command that builds something; the compiler's messages go to standard error.
pub(crate) fn build(line: &str) -> anyhow::Result<()> {
    let status = command(line)
        .status()
        .with_context(|| format!("{line} does not start"))?;
    ensure!(status.success(), "{line} failed");
    Ok(())
}

/// What became of a command.
pub(crate) struct Finished {
    /// Whether it ended in time, with status 0, and left nothing.
    pub(crate) succeeded: bool,
    /// Standard output and standard error, in the order they were written, and then what went wrong
    /// besides what the command says itself.
    pub(crate) output: String,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

/// Who may have a `/dev/shm` of their own.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Private {
    /// Only root: for tests, which have to know who they are.
    AsRoot,
    /// Everyone, where the system allows it, by appearing as root in a namespace.
    AsEveryone,
}

/// Runs `command` without standard input, for at most `limit`, in a [room](crate::room) that has a
/// `/dev/shm` of its own where that is possible.
pub(crate) fn run(command: &Command, limit: Duration, who: Private) -> anyhow::Result<Finished> {
    let begun = Instant::now();
    let (mut reading, writing) = io::pipe()?;
    let mut room = match private(who) {
        Some(mut unshare) => {
            unshare.arg(own_program());
            unshare
        }
        None => Command::new(own_program()),
    };
    room.args(["room", &limit.as_secs().to_string(), "--"])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stderr(writing.try_clone()?)
        .stdout(writing);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => room.env(name, value),
            None => room.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        room.current_dir(directory);
    }
    let mut child = room.spawn().context("the room does not open")?;
    // Its own ends of the pipe; those of the command are closed when nothing is left of it.
    drop(room);
    let mut output = Vec::new();
    reading.read_to_end(&mut output)?;
    Ok(Finished {
        succeeded: child.wait()?.success(),
        output: String::from_utf8_lossy(&output).into_owned(),
        elapsed: begun.elapsed(),
    })
}

/// What runs a program in a `/dev/shm` of its own; `None` if that is not possible.
pub(crate) fn private(who: Private) -> Option<Command> {
    let root = rustix::process::geteuid().is_root();
    if !root && who == Private::AsRoot {
        return None;
    }
    let unshare = || {
        let mut unshare = Command::new("unshare");
        unshare
            .arg("--mount")
            .args((!root).then_some("--map-root-user"));
        let script = "mount -t tmpfs tmpfs /dev/shm && exec \"$@\"";
        unshare.args(["sh", "-c", script, "sh"]);
        unshare
    };
    // Containers may have neither the right nor the programs.
    let tried = unshare().arg("true").output();
    tried
        .is_ok_and(|output| output.status.success())
        .then(unshare)
}
