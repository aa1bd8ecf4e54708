//! The command `shm` as a black box: how it is started, and what its objects show.
//!
//! Nothing here knows the crates behind it; what it needs of the layouts it reads from the bytes.

mod object;
pub mod peers;

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::place::AS_NOBODY;
use crate::{Ended, Name, Process, Scratch, Signal, until};

pub use object::{INIT, LESSON, RECEIVER, SENDER};

/// The signals that end a program, and that it catches to leave the channel clean.
pub const ENDING_SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// The built program, which cargo names to the tests of its crate.
pub fn program() -> &'static str {
    static PROGRAM: LazyLock<String> =
        LazyLock::new(|| env::var("CARGO_BIN_EXE_shm").expect("cargo runs the tests of shm-cli"));
    &PROGRAM
}

/// A `PATH` on which the program is first.
pub fn search_path() -> String {
    let programs = Path::new(program()).parent().expect("it is in a folder");
    let path = env::var("PATH").expect("there is a PATH");
    format!("{}:{path}", programs.display())
}

/// The command `shm ARGS`, with a closed standard input unless it is spawned as a [`Process`].
pub fn shm<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    // Under `nohup`, or in the background of a script, the tests are started with a signal ignored,
    // which a child inherits and `shm` respects.
    let mut command = by("env", &["--default-signal=HUP,INT,TERM"]);
    command.args(args).stdin(Stdio::null());
    command
}

/// `shm`, yet without arguments, started by another program with these arguments.
pub fn by(starter: &str, args: &[&str]) -> Command {
    let mut command = Command::new(starter);
    command.args(args).arg(program()).env_remove("SHM_NAME");
    command
}

/// Runs `shm ARGS` with an empty input to its end.
#[track_caller]
pub fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Ended {
    Process::spawn(&mut shm(args)).finish()
}

/// What `shm ARGS` prints, in success and without a word on standard error.
#[track_caller]
pub fn printed<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    run(args).expect_code(0).expect_quiet().text()
}

/// Starts `shm writer NAME ARGS`.
#[track_caller]
pub fn writer(name: &Name, args: &[&str]) -> Process {
    Process::spawn(shm(["writer", name.as_str()]).args(args))
}

/// Starts `shm reader NAME ARGS`.
#[track_caller]
pub fn reader(name: &Name, args: &[&str]) -> Process {
    Process::spawn(shm(["reader", name.as_str()]).args(args))
}

/// A writer that has the sender's role of a mailbox.
#[track_caller]
pub fn attached_writer(name: &Name, args: &[&str]) -> Process {
    let writer = writer(name, args);
    name.wait_for_sender();
    writer
}

/// A reader that has the receiver's role of a mailbox.
#[track_caller]
pub fn attached_reader(name: &Name, args: &[&str]) -> Process {
    let reader = reader(name, args);
    name.wait_for_receiver();
    reader
}

/// A writer that has made the object of the classic layout.
#[track_caller]
pub fn classic_writer(name: &Name, args: &[&str]) -> Process {
    let writer = writer(name, &[&["--classic"], args].concat());
    name.wait_for_lesson();
    writer
}

/// A reader that asks for a message in the classic layout.
#[track_caller]
pub fn classic_reader(name: &Name) -> Process {
    let reader = reader(name, &["--classic"]);
    until("the reader asks for a message", || name.flag() == Some(1));
    reader
}

/// Leaves these lines in a mailbox, for a reader that comes later.
#[track_caller]
pub fn leave(name: &Name, args: &[&str], lines: impl AsRef<[u8]>) {
    let mut writer = writer(name, &[&["--keep"], args].concat());
    writer.send(lines);
    writer.finish().expect_code(0).expect_quiet();
}

/// Waits until both have ended, in success and without a word but the reader's output, which has to
/// be this.
#[track_caller]
pub fn expect_passed(writer: &mut Process, reader: &mut Process, output: &[u8]) {
    writer.wait_for_success(b"");
    reader.wait_for_success(output);
}

/// Takes what a writer that has closed left in a mailbox, and compares.
#[track_caller]
pub fn expect_left(name: &Name, lines: &str) {
    reader(name, &[])
        .wait()
        .expect_code(0)
        .expect_output(lines.as_bytes());
}

/// A reader gets these lines, and that their writer died, or was ended by a signal or a failure.
#[track_caller]
pub fn expect_cut_off(name: &Name, lines: &str) {
    reader(name, &[])
        .wait()
        .expect_code(6)
        .expect_output(lines.as_bytes())
        .expect_errors(&[name.as_str(), "died"]);
}

/// Starts the command with a standard output that no process reads any more.
#[track_caller]
pub fn into_closed_pipe(mut command: Command) -> Process {
    let (read_end, write_end) = std::io::pipe().expect("a pipe");
    drop(read_end);
    Process::spawn_as_is(command.stdout(write_end).stderr(Stdio::piped()))
}

/// `shm ARGS` as `"$0" "$@"` of a shell script in a mount namespace of its own.
pub fn in_namespace(script: &str, args: &[&str]) -> Command {
    let mut command = by("unshare", &["-m", "sh", "-c", script]);
    command.args(args);
    command
}

/// The same with a `/dev/shm` of this size.
pub fn with_small_dev_shm(size: &str, script: &str, args: &[&str]) -> Command {
    let mount = format!("mount -t tmpfs -o size={size},nr_inodes=64 tmpfs /dev/shm");
    in_namespace(&format!("{mount} && {script}"), args)
}

/// A copy of the built program with these bytes in its name, which every user can execute.
///
/// Another process writes it: a descriptor here could be inherited by a child of another test, and
/// a file that is open for writing cannot be executed.
#[track_caller]
pub fn copy(bytes: &str) -> Scratch {
    let copy = Scratch::new(bytes);
    let mut install = Command::new("install");
    install.args(["-m", "755", program()]).arg(&copy);
    Process::spawn(&mut install).finish().expect_code(0);
    copy
}

/// The program where every user can execute it: the build directory may be in a private place.
pub struct PublicProgram(Scratch);

impl Default for PublicProgram {
    fn default() -> Self {
        Self::new()
    }
}

impl PublicProgram {
    /// A copy of the built program, which is removed when this is dropped.
    pub fn new() -> Self {
        Self(copy("shm-program"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// `shm ARGS` by another program with these arguments, such as `setpriv`.
    pub fn by(&self, starter: &str, starter_args: &[&str], args: &[&str]) -> Process {
        let mut command = Command::new(starter);
        command.args(starter_args).arg(self.path()).args(args);
        Process::spawn(command.env_remove("SHM_NAME"))
    }

    /// `shm ARGS` as a user who owns nothing.
    pub fn as_nobody(&self, args: &[&str]) -> Process {
        self.by("setpriv", &AS_NOBODY, args)
    }
}
