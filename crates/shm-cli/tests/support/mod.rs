//! What the tests of the command share: real processes with a time limit, objects that are gone
//! afterwards, and conditions to wait for instead of sleeping.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test file uses its own part of this"
)]

pub(crate) mod lines;
pub(crate) mod object;
pub(crate) mod peers;
pub(crate) mod process;
mod stream;
pub(crate) mod terminal;

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

pub(crate) use lines::lines;
pub(crate) use object::Name;
pub(crate) use process::Process;

/// How long anything may take, also where each process gets a twentieth of a core: it guards what takes a second
/// or two on a machine with nothing else to do.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// The signals that end a program, and that it catches to leave the channel clean.
pub(crate) const ENDING_SIGNALS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::HUP];

/// The built program.
pub(crate) const SHM: &str = env!("CARGO_BIN_EXE_shm");

/// The command `shm ARGS`, with a closed standard input unless it is spawned as a [`Process`].
pub(crate) fn shm<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    // Under `nohup`, or in the background of a script, the tests are started with a signal ignored, which a child
    // inherits and `shm` respects.
    let mut command = Command::new("env");
    command
        .args(["--default-signal=HUP,INT,TERM", SHM])
        .args(args)
        .env_remove("SHM_NAME")
        .stdin(Stdio::null());
    command
}

/// Starts `shm writer NAME ARGS`.
pub(crate) fn writer(name: &Name, args: &[&str]) -> Process {
    let mut command = shm(["writer", name.as_str()]);
    Process::spawn(command.args(args))
}

/// Starts `shm reader NAME ARGS`.
pub(crate) fn reader(name: &Name, args: &[&str]) -> Process {
    let mut command = shm(["reader", name.as_str()]);
    Process::spawn(command.args(args))
}

/// A writer that has the sender's role of a mailbox.
#[track_caller]
pub(crate) fn attached_writer(name: &Name, args: &[&str]) -> Process {
    let writer = writer(name, args);
    name.wait_for_sender();
    writer
}

/// A reader that has the receiver's role of a mailbox.
#[track_caller]
pub(crate) fn attached_reader(name: &Name, args: &[&str]) -> Process {
    let reader = reader(name, args);
    name.wait_for_receiver();
    reader
}

/// A writer that has made the lesson's object.
#[track_caller]
pub(crate) fn classic_writer(name: &Name) -> Process {
    let writer = writer(name, &["--classic"]);
    until("the writer has made the object", || {
        name.size() == Some(peers::SIZE)
    });
    writer
}

/// A reader that asks for a message at the lesson's object.
#[track_caller]
pub(crate) fn classic_reader(name: &Name) -> Process {
    let reader = reader(name, &["--classic"]);
    until("the reader asks for a message", || name.flag() == Some(1));
    reader
}

/// Waits until both have ended, in success and without a word but the reader's output, which has to be this.
#[track_caller]
pub(crate) fn expect_passed(writer: &mut Process, reader: &mut Process, output: &[u8]) {
    writer.wait_for_success(b"");
    reader.wait_for_success(output);
}

/// Takes what a writer that has closed left in a mailbox, and compares.
#[track_caller]
pub(crate) fn expect_left(name: &Name, lines: &str) {
    reader(name, &[])
        .wait()
        .expect_code(0)
        .expect_output(lines.as_bytes());
}

/// A reader gets these lines, and that their writer died, or was ended by a signal or a failure.
#[track_caller]
pub(crate) fn expect_cut_off(name: &Name, lines: &str) {
    reader(name, &[])
        .wait()
        .expect_code(6)
        .expect_output(lines.as_bytes())
        .expect_errors(&["died"]);
}

/// Starts `shm reader NAME ARGS` with a standard output that nobody reads any more.
pub(crate) fn reader_into_closed_pipe(name: &Name, args: &[&str]) -> Process {
    let (read_end, write_end) = std::io::pipe().expect("a pipe");
    drop(read_end);
    let mut command = shm(["reader", name.as_str()]);
    Process::spawn_as_is(command.args(args).stdout(write_end).stderr(Stdio::piped()))
}

/// Waits until the condition holds, and fails the test when it takes longer than [`LIMIT`].
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < LIMIT,
            "waited {LIMIT:?} in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the long form of the tests was asked for.
pub(crate) fn is_torture() -> bool {
    std::env::var_os("SHM_TORTURE").is_some_and(|value| value == "1")
}

/// Says that a test did not run, in the words that are counted.
pub(crate) fn skip(what: &str) {
    println!("skipped: needs {what}");
}

/// Whether a program runs and succeeds; says `skipped: needs …` if not.
pub(crate) fn has(what: &str, program: &str, args: &[&str]) -> bool {
    let found = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        skip(what);
    }
    found
}

/// Whether mounts of one's own are possible (a small `/dev/shm` for one process).
pub(crate) fn has_mount_namespaces() -> bool {
    has("root, for a mount namespace", "unshare", &["-m", "true"])
}

/// Whether processes of another user are possible.
pub(crate) fn has_other_users() -> bool {
    has(
        "root, for another user",
        "setpriv",
        &[&NOBODY[..], &["true"]].concat(),
    )
}

/// The options of `setpriv` that make a process somebody else's.
pub(crate) const NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// `shm ARGS` in a mount namespace with a `/dev/shm` of its own of this size.
pub(crate) fn shm_with_small_dev_shm(size: &str, script: &str, args: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c"])
        .arg(format!(
            "mount -t tmpfs -o size={size},nr_inodes=64 tmpfs /dev/shm && {script}"
        ))
        .arg(SHM)
        .args(args)
        .env_remove("SHM_NAME");
    command
}

/// The program where every user can execute it: the build directory may be in a private place.
pub(crate) struct PublicProgram(std::path::PathBuf);

impl PublicProgram {
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let program = Self(std::env::temp_dir().join(object::unique("shm-program")));
        std::fs::copy(SHM, &program.0).expect("the program can be copied");
        std::fs::set_permissions(&program.0, std::fs::Permissions::from_mode(0o755))
            .expect("a mode can be set");
        program
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// `shm ARGS` as another user.
    pub(crate) fn as_nobody(&self, args: &[&str]) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(NOBODY)
            .arg(self.path())
            .args(args)
            .env_remove("SHM_NAME");
        command
    }
}

impl Drop for PublicProgram {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// One at a time: held by tests that keep both cores busy.
pub(crate) fn both_cores() -> MutexGuard<'static, ()> {
    static BUSY: Mutex<()> = Mutex::new(());
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}
