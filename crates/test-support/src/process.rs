//! A child process that is killed when its test ends, with its output collected as it comes.

use std::fs;
use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::ended::{Ended, assert_same, excerpt};
use crate::stream::Stream;
use crate::{LIMIT, skip, until};

/// A running child process.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Stream,
    errors: Stream,
    command: String,
}

impl Process {
    /// Starts it with pipes for all three streams.
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self::spawn_as_is(command)
    }

    /// Starts it with the streams that the command says.
    #[track_caller]
    pub fn spawn_as_is(command: &mut Command) -> Self {
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            input: child.stdin.take(),
            output: Stream::collect(child.stdout.take()),
            errors: Stream::collect(child.stderr.take()),
            command: format!("{command:?}"),
            child,
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The number of the process that it has started; says `skipped: needs …` if the kernel does
    /// not tell.
    #[track_caller]
    pub fn child(&self) -> Option<Pid> {
        let path = format!("/proc/{0}/task/{0}/children", self.pid());
        let mut children = Ok(String::new());
        until("it has started a process", || {
            children = fs::read_to_string(&path);
            children
                .as_ref()
                .map_or(true, |children| !children.is_empty())
        });
        let Ok(children) = children else {
            skip("a kernel that tells of children");
            return None;
        };
        let first = children.split_whitespace().next();
        let pid = first.and_then(|first| first.parse().ok());
        Some(Pid::from_raw(pid.expect("a number")))
    }

    /// Writes to its standard input; at most what a pipe takes, or the process has to be reading.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(bytes.as_ref()).expect("it reads its input");
    }

    /// Writes all of it from a thread, then ends the input.
    pub fn feed(&mut self, bytes: Vec<u8>) {
        let mut input = self.input.take().expect("its input is open");
        // If the test has killed the process, this is a broken pipe, which is expected.
        thread::spawn(move || input.write_all(&bytes));
    }

    /// Its standard input, for a test that writes by itself.
    pub fn take_input(&mut self) -> ChildStdin {
        self.input.take().expect("its input is open")
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Sends it a signal, and does not wait for what comes of it.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed());
        kill(pid, signal).expect("the process is there");
    }

    /// Sends SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process is there");
        self.child.wait().expect("the process is ours");
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("the process is ours")
            .is_none()
    }

    /// Waits until it sleeps in the kernel: it has done all it can for now.
    #[track_caller]
    pub fn wait_until_asleep(&self) {
        until("the process sleeps", || self.state() == Some('S'));
    }

    /// Its state as `ps` shows it, `S` for asleep and `T` for stopped; see `proc_pid_stat(5)`.
    pub fn state(&self) -> Option<char> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).ok()?;
        stat.rsplit(") ").next()?.chars().next()
    }

    /// What it has written so far.
    pub fn output(&self) -> Vec<u8> {
        self.output.so_far()
    }

    /// What it has written to its standard error so far.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.errors.so_far()).into_owned()
    }

    /// Waits until standard output satisfies the condition.
    #[track_caller]
    pub fn wait_for_output(&self, what: &str, condition: impl FnMut(&[u8]) -> bool) {
        if let Err(found) = self.output.wait_for(condition) {
            panic!(
                "{}: its output is not {what} but {}; its errors: {}",
                self.command,
                excerpt(&found),
                self.errors()
            );
        }
    }

    /// Waits until standard output is exactly this.
    #[track_caller]
    pub fn wait_for_exactly(&self, expected: &[u8]) {
        self.wait_for_output(&excerpt(expected), |output| output.len() >= expected.len());
        assert_same(&self.output(), expected);
    }

    /// Waits until standard error contains this.
    #[track_caller]
    pub fn wait_for_error(&self, text: &str) {
        let condition = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
        if let Err(found) = self.errors.wait_for(condition) {
            panic!(
                "{}: no {text:?} in its errors: {}",
                self.command,
                excerpt(&found)
            );
        }
    }

    /// Waits until it ends, and takes all it said. Its input stays as it is.
    #[track_caller]
    pub fn wait(&mut self) -> Ended {
        let start = Instant::now();
        while self.is_running() {
            if start.elapsed() > LIMIT {
                self.kill();
                panic!(
                    "{} still ran after {LIMIT:?}; output: {}; errors: {}",
                    self.command,
                    excerpt(&self.output()),
                    self.errors()
                );
            }
            thread::sleep(Duration::from_millis(1));
        }
        let status = self.child.wait().expect("the process is ours");
        let output = self.output.all();
        let errors = String::from_utf8_lossy(&self.errors.all()).into_owned();
        Ended {
            status,
            output,
            errors,
            command: self.command.clone(),
        }
    }

    /// Waits until it ends, which has to be a success with exactly this output and no word on
    /// standard error.
    #[track_caller]
    pub fn wait_for_success(&mut self, output: &[u8]) {
        self.wait()
            .expect_code(0)
            .expect_quiet()
            .expect_output(output);
    }

    /// Waits until it ends, which has to be with this status and each of these on standard error.
    #[track_caller]
    pub fn wait_for_failure(&mut self, code: i32, texts: &[&str]) -> Ended {
        self.wait().expect_failure(code, texts)
    }

    /// Ends its input, then waits until it ends.
    #[track_caller]
    pub fn finish(&mut self) -> Ended {
        self.end_input();
        self.wait()
    }
}

impl std::fmt::Debug for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.command)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
