//! A child process that is killed when its test ends, with its output collected as it comes.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::stream::Stream;
use super::{LIMIT, until};

/// A running child process.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: Arc<Stream>,
    errors: Arc<Stream>,
    command: String,
}

impl Process {
    /// Starts it with pipes for all three streams.
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self::spawn_as_is(command)
    }

    /// Starts it with the streams that the command says.
    #[track_caller]
    pub(crate) fn spawn_as_is(command: &mut Command) -> Self {
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

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Writes to its standard input; at most what a pipe takes, or the process has to be reading.
    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("its input is open");
        input.write_all(bytes.as_ref()).expect("it reads its input");
    }

    /// Writes all of it from a thread, then ends the input.
    pub(crate) fn feed(&mut self, bytes: Vec<u8>) {
        let mut input = self.input.take().expect("its input is open");
        // Whoever kills the process gets a broken pipe here, and knows.
        thread::spawn(move || input.write_all(&bytes));
    }

    /// Its standard input, for a test that writes by itself.
    pub(crate) fn take_input(&mut self) -> ChildStdin {
        self.input.take().expect("its input is open")
    }

    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a pid");
        kill_process(pid, signal).expect("the process is there");
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the process is there");
        self.child.wait().expect("the process is ours");
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("the process is ours")
            .is_none()
    }

    /// Waits until it sleeps in the kernel: it has done all it can for now.
    #[track_caller]
    pub(crate) fn wait_until_asleep(&self) {
        until("the process sleeps", || self.state() == Some('S'));
    }

    /// Its state as `ps` shows it, `S` for asleep and `T` for stopped; see `proc_pid_stat(5)`.
    pub(crate) fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).ok()?;
        stat.rsplit(") ").next()?.chars().next()
    }

    pub(crate) fn output(&self) -> Vec<u8> {
        self.output.so_far()
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.errors.so_far()).into_owned()
    }

    /// Waits until standard output satisfies the condition.
    #[track_caller]
    pub(crate) fn wait_for_output(&self, what: &str, condition: impl FnMut(&[u8]) -> bool) {
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
    pub(crate) fn wait_for_exactly(&self, expected: &[u8]) {
        self.wait_for_output(&excerpt(expected), |output| output.len() >= expected.len());
        assert_same(&self.output(), expected);
    }

    /// Waits until standard error contains this.
    #[track_caller]
    pub(crate) fn wait_for_error(&self, text: &str) {
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
    pub(crate) fn wait(&mut self) -> Ended {
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
            thread::sleep(std::time::Duration::from_millis(1));
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

    /// Waits until it ends, which has to be a success with exactly this output and no word on standard error.
    #[track_caller]
    pub(crate) fn wait_for_success(&mut self, output: &[u8]) {
        self.wait()
            .expect_code(0)
            .expect_quiet()
            .expect_output(output);
    }

    /// Ends its input, then waits until it ends.
    #[track_caller]
    pub(crate) fn finish(&mut self) -> Ended {
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

/// What a process left: its status and all it said.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) output: Vec<u8>,
    pub(crate) errors: String,
    command: String,
}

impl Ended {
    /// Fails the test unless the process exited with this status.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        let status = self.status;
        assert!(
            status.code() == Some(code),
            "{}: expected exit code {code}, found {status}; output: {}; errors: {}",
            self.command,
            excerpt(&self.output),
            self.errors
        );
        self
    }

    /// Fails the test unless the process died by this signal, as its parent sees it.
    #[track_caller]
    pub(crate) fn expect_signal(self, signal: Signal) -> Self {
        let status = self.status;
        assert!(
            status.signal() == Some(signal.as_raw()),
            "{}: expected death by {signal:?}, found {status}; errors: {}",
            self.command,
            self.errors
        );
        self
    }

    /// Fails the test unless standard error contains each of these.
    #[track_caller]
    pub(crate) fn expect_errors(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.errors.contains(text),
                "{}: no {text:?} in: {}",
                self.command,
                self.errors
            );
        }
        self
    }

    /// Fails the test if anything is on standard error.
    #[track_caller]
    pub(crate) fn expect_quiet(self) -> Self {
        assert!(
            self.errors.is_empty(),
            "{}: expected no errors: {}",
            self.command,
            self.errors
        );
        self
    }

    /// Fails the test unless standard output is this.
    #[track_caller]
    pub(crate) fn expect_output(self, expected: &[u8]) -> Self {
        assert_same(&self.output, expected);
        self
    }
}

/// Compares two byte strings and tells where they differ, in less than a page.
#[track_caller]
pub(crate) fn assert_same(found: &[u8], expected: &[u8]) {
    if found == expected {
        return;
    }
    let at = found
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    panic!(
        "{} bytes instead of {}; from byte {at} on {} instead of {}",
        found.len(),
        expected.len(),
        excerpt(&found[at..]),
        excerpt(&expected[at..])
    );
}

fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.len().min(200);
    let more = if shown < bytes.len() { " …" } else { "" };
    format!(
        "\"{}\"{more} ({} bytes)",
        bytes[..shown].escape_ascii(),
        bytes.len()
    )
}
