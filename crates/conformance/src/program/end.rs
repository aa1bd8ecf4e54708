//! The running program: its commands, its answers, and its exit status.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver as Answers, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shm_mailbox::Role;

use super::status::Status;
use crate::hex;

/// How long any answer, and any exit, may take. Most take less than 0.1 s, and none more than 2 s.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// What a receiver of a bus answers to `show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The lane, the number and the bytes of a message.
    Message(u32, u64, Vec<u8>),
    /// This lane is corrupt, and left out from now on.
    Corrupt(u32),
}

/// A running end of the program under test. Killed when dropped.
pub(crate) struct End {
    role: Role,
    child: Child,
    /// Its status, once it was waited for.
    status: Option<ExitStatus>,
    input: Option<ChildStdin>,
    answers: Answers<String>,
    errors: Option<JoinHandle<String>>,
}

impl End {
    pub(super) fn spawn(role: Role, mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let output = child.stdout.take().expect("a pipe");
        let errors = child.stderr.take().expect("a pipe");
        let (tell, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut bytes = Vec::new();
            // A line that cannot be read counts as not printed.
            let _ = BufReader::new(errors).read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).trim().to_owned()
        });
        Self {
            role,
            input: child.stdin.take(),
            child,
            status: None,
            answers,
            errors: Some(errors),
        }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Gives it a command.
    pub(crate) fn tell(&mut self, command: &str) {
        let input = self.input.as_mut().expect("its input is open");
        // If it has ended, its status says why.
        let _ = input.write_all(format!("{command}\n").as_bytes());
    }

    /// Gives it a few commands, and ends its input.
    pub(crate) fn give(&mut self, commands: &str) {
        let mut input = self.input.take().expect("its input is open");
        let _ = input.write_all(commands.as_bytes());
    }

    /// Gives it many commands from another thread.
    pub(crate) fn feed(&mut self, commands: String) -> JoinHandle<ChildStdin> {
        let mut input = self.input.take().expect("its input is open");
        thread::spawn(move || {
            let _ = input.write_all(commands.as_bytes());
            input
        })
    }

    /// Gives its input back after [`feed`](Self::feed).
    pub(crate) fn fed(&mut self, feeder: JoinHandle<ChildStdin>) {
        self.input = Some(feeder.join().expect("the thread only writes"));
    }

    /// Ends its input, at which it closes.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Its next answer.
    #[track_caller]
    pub(crate) fn answer(&mut self) -> String {
        match self.answers.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no answer within {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let (found, errors) = self.ended();
                panic!("no answer: it ended with {found}: {errors}");
            }
        }
    }

    /// Its next answer, if there is one already.
    pub(crate) fn early_answer(&mut self) -> Option<String> {
        self.answers.try_recv().ok()
    }

    #[track_caller]
    fn number_after(&mut self, word: &str) -> u64 {
        let answer = self.answer();
        let number = answer.strip_prefix(word).map(str::trim);
        let number = number.and_then(|number| number.parse().ok());
        number.unwrap_or_else(|| panic!("expected `{word} NUMBER`, found {}", excerpt(&answer)))
    }

    /// Waits until it is attached: the number of its next message.
    #[track_caller]
    pub(crate) fn attached(&mut self) -> u64 {
        self.number_after("attached")
    }

    /// Lets it send a message, and waits until that is sent: its number.
    #[track_caller]
    pub(crate) fn send(&mut self, message: &[u8]) -> u64 {
        self.tell(&sending(message));
        self.sent()
    }

    /// The number of the message that it has sent.
    #[track_caller]
    pub(crate) fn sent(&mut self) -> u64 {
        self.number_after("sent")
    }

    /// Lets it wait for the next message, and show it.
    #[track_caller]
    pub(crate) fn show(&mut self) -> (u64, Vec<u8>) {
        self.tell("show");
        self.shown()
    }

    /// The message that it has shown.
    #[track_caller]
    pub(crate) fn shown(&mut self) -> (u64, Vec<u8>) {
        let answer = self.answer();
        let mut words = answer.split(' ');
        let parts = (words.next(), words.next(), words.next().unwrap_or(""));
        let shown = match parts {
            (Some("message"), Some(number), digits) => number.parse().ok().zip(hex::decode(digits)),
            _ => None,
        };
        shown.unwrap_or_else(|| panic!("expected `message NUMBER HEX`, found {}", excerpt(&answer)))
    }

    /// Lets it wait for the next message of a bus, and show it.
    #[track_caller]
    pub(crate) fn show_of_bus(&mut self) -> Shown {
        self.tell("show");
        self.shown_of_bus()
    }

    /// What it has shown of a bus.
    #[track_caller]
    pub(crate) fn shown_of_bus(&mut self) -> Shown {
        let answer = self.answer();
        let words: Vec<_> = answer.split(' ').collect();
        let shown = match words[..] {
            ["corrupt", lane] => lane.parse().ok().map(Shown::Corrupt),
            ["message", lane, number, digits] => {
                let numbers = lane.parse().ok().zip(number.parse().ok());
                let parts = numbers.zip(hex::decode(digits));
                parts.map(|((lane, number), bytes)| Shown::Message(lane, number, bytes))
            }
            _ => None,
        };
        shown.unwrap_or_else(|| {
            panic!(
                "expected `message LANE NUMBER HEX`, found {}",
                excerpt(&answer)
            )
        })
    }

    /// Lets it acknowledge all that it has shown. Returns how many were ever acknowledged.
    #[track_caller]
    pub(crate) fn ack(&mut self) -> u64 {
        self.tell("ack");
        self.acknowledged()
    }

    /// How many messages it says it has acknowledged.
    #[track_caller]
    pub(crate) fn acknowledged(&mut self) -> u64 {
        self.number_after("acknowledged")
    }

    /// Lets it do one thing that cannot wait: send this, or nothing as a receiver.
    pub(crate) fn work(&mut self, message: &[u8]) {
        match self.role {
            Role::Sender => self.tell(&sending(message)),
            Role::Receiver => self.tell("show"),
        }
    }

    /// Fails if it has ended, or printed anything.
    #[track_caller]
    pub(crate) fn expect_silence(&mut self) {
        if let Some(answer) = self.early_answer() {
            panic!("it should wait, but says {}", excerpt(&answer));
        }
        if self.has_ended() {
            let (found, errors) = self.ended();
            panic!("it should wait, but ended with {found}: {errors}");
        }
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("the process is ours");
        }
        self.status.is_some()
    }

    /// Stores its status, which a tracer has waited for.
    pub(super) fn set_status(&mut self, raw: i32) {
        self.status = Some(ExitStatus::from_raw(raw));
    }

    /// Waits until the condition holds; fails if that takes long, or if it ends or speaks first.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            self.expect_silence();
            assert!(
                start.elapsed() < LIMIT,
                "waited {LIMIT:?} in vain until {what}"
            );
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Waits until it exits, with this status.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: Status) {
        self.expect_what("at its end", expected);
    }

    /// As [`expect`](Self::expect); `what` names the case. It must not answer any more.
    #[track_caller]
    pub(crate) fn expect_what(&mut self, what: &str, expected: Status) {
        let start = Instant::now();
        while !self.has_ended() && start.elapsed() < LIMIT {
            if let Some(answer) = self.early_answer() {
                panic!(
                    "{what}: expected exit status {expected}, but it says {}",
                    excerpt(&answer)
                );
            }
            thread::sleep(Duration::from_micros(200));
        }
        self.expect_any(what, &[expected]);
    }

    /// Waits until it exits, with one of these statuses.
    #[track_caller]
    pub(crate) fn expect_any(&mut self, what: &str, expected: &[Status]) {
        let (found, errors) = self.ended();
        let status = found.code().and_then(Status::from_code);
        if !status.is_some_and(|status| expected.contains(&status)) {
            let expected: Vec<_> = expected.iter().map(Status::to_string).collect();
            let expected = expected.join(" or ");
            panic!("{what}: expected exit status {expected}, found {found}: {errors}");
        }
    }

    /// Waits until it exits, and returns whether with this status.
    #[track_caller]
    pub(crate) fn ends_with(&mut self, expected: Status) -> bool {
        self.ended().0.code() == Some(expected as i32)
    }

    /// Ends its input, and waits until it exits, as an endpoint that has closed.
    #[track_caller]
    pub(crate) fn close(mut self) {
        self.end_input();
        self.expect_any("at the end of its input", &[Status::Left]);
    }

    /// Its status, and what it printed on standard error.
    #[track_caller]
    fn ended(&mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        loop {
            if self.has_ended() {
                let status = self.status.expect("it has ended");
                let errors = self.errors.take().map(JoinHandle::join);
                let errors = errors.and_then(Result::ok).unwrap_or_default();
                return (status, errors);
            }
            assert!(start.elapsed() < LIMIT, "it still runs after {LIMIT:?}");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        assert!(self.status.is_none(), "it has ended by itself");
        kill(self.pid(), signal).expect("a process that was not waited for");
    }

    /// SIGKILL, which must find it alive; waits until it is dead.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        let (status, errors) = self.ended();
        let killed = status.signal() == Some(Signal::SIGKILL as i32);
        assert!(
            killed,
            "expected a death by SIGKILL, found {status}: {errors}"
        );
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.status.is_none() {
            // Both fail if it has ended already.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The start of an answer.
fn excerpt(answer: &str) -> String {
    format!("{:?}", answer.chars().take(60).collect::<String>())
}

/// The command that sends a message.
pub(crate) fn sending(message: &[u8]) -> String {
    format!("send {}", hex::encode(message))
}
