//! Two ends of ours in two processes, one of which is really killed.
//!
//! The other process is this test program again, running the same test, which then plays the peer.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use shm_mailbox::classic::{AttachError, Classic, Options, RecvError, SendError};
use shm_mailbox::{Message, Wait};

use crate::c_peer::CPeer;
use crate::support::{Name, PATIENCE, assert_matches, until};

/// Names the object in the peer's environment.
const PEER: &str = "SHM_TEST_CLASSIC_PEER";

/// Tells the peer to wait by yielding.
const YIELDS: &str = "SHM_TEST_CLASSIC_YIELDS";

/// What the peer attaches with, if this process is one.
fn peer() -> Option<Options> {
    env::var(PEER).ok().map(|name| Classic::options(&name))
}

/// Tells the test something. Standard output belongs to the test harness.
fn say(word: &str) {
    eprintln!("{word}");
}

/// Waits to be killed; the end of standard input is the end of the test.
fn await_death() {
    let _ = std::io::stdin().read(&mut [0]);
}

/// A process that plays the peer; killed when dropped.
struct PeerProcess {
    child: Child,
    words: BufReader<ChildStderr>,
}

impl PeerProcess {
    fn start(test: &str, name: &Name) -> Self {
        Self::start_with(test, name, &[])
    }

    fn start_with(test: &str, name: &Name, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .args([&format!("processes::{test}"), "--exact", "--nocapture"])
            .env(PEER, name.as_str())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start the peer");
        let words = BufReader::new(child.stderr.take().expect("piped"));
        Self { child, words }
    }

    /// Waits until the peer says `word`.
    fn hear(&mut self, word: &str) {
        let mut line = String::new();
        self.words.read_line(&mut line).expect("hear");
        assert_eq!(line.trim_end(), word);
    }

    /// SIGKILL.
    fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    fn ends_well(&mut self) {
        assert!(self.child.wait().expect("wait").success());
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ten_thousand_lines_pass_between_two_processes() {
    const COUNT: u32 = 10_000;
    if let Some(options) = peer() {
        let mut writer = options.writer().expect("a writer");
        for number in 0..COUNT {
            let line = format!("line {number}\n");
            writer
                .send_timeout(line.as_bytes(), PATIENCE)
                .expect("send");
        }
        writer.drain(Some(PATIENCE)).expect("drain");
        return writer.close().expect("close");
    }
    let name = Name::new();
    name.file(1028);
    let mut reader = name.classic().reader().expect("a reader");
    let mut writer = PeerProcess::start("ten_thousand_lines_pass_between_two_processes", &name);
    let mut message = Message::new();
    for number in 0..COUNT {
        reader
            .recv_timeout(&mut message, PATIENCE)
            .expect("receive");
        assert_eq!(message.as_bytes(), format!("line {number}\n").as_bytes());
    }
    // The writer waits until the last line was taken, which the next request says.
    let ended = reader.recv_timeout(&mut message, PATIENCE);
    assert_matches!(ended, Err(RecvError::Unlinked { .. }));
    writer.ends_well();
}

#[test]
fn a_reader_killed_while_it_waits_is_followed_by_another() {
    if let Some(options) = peer() {
        let mut reader = options.reader().expect("a reader");
        let _ = reader.recv(&mut Message::new());
        return;
    }
    let name = Name::new();
    let mut writer = name.classic().writer().expect("a writer");
    let raw = CPeer::reader(&name);
    let mut first = PeerProcess::start(
        "a_reader_killed_while_it_waits_is_followed_by_another",
        &name,
    );
    until("it asks", || raw.flag() == 1);
    let refused = name.classic().reader();
    assert_matches!(refused, Err(AttachError::RoleTaken { .. }));
    first.kill();
    assert_eq!(raw.flag(), 1, "its request is left behind");

    let mut second = name.classic().reader().expect("the role is free");
    let mut message = Message::new();
    let _ = second.recv_timeout(&mut message, Duration::ZERO);
    writer
        .send_timeout(b"for the second", PATIENCE)
        .expect("send");
    second
        .recv_timeout(&mut message, PATIENCE)
        .expect("receive");
    assert_eq!(message.as_bytes(), b"for the second");
}

#[test]
fn a_drain_does_not_wait_for_a_killed_reader() {
    if let Some(options) = peer() {
        let mut reader = options.reader().expect("a reader");
        reader.recv(&mut Message::new()).expect("receive");
        say("received");
        return await_death();
    }
    let name = Name::new();
    let mut writer = name.classic().writer().expect("a writer");
    let mut reader = PeerProcess::start("a_drain_does_not_wait_for_a_killed_reader", &name);
    writer.send_timeout(b"last", PATIENCE).expect("send");
    reader.hear("received");
    let waits = writer.drain(Some(Duration::from_millis(120)));
    assert_matches!(waits, Err(SendError::TimedOut));
    reader.kill();
    writer.drain(Some(PATIENCE)).expect("drain");
}

#[test]
fn a_killed_writer_is_followed_by_another() {
    if let Some(options) = peer() {
        let mut writer = options.writer().expect("a writer");
        writer
            .send_timeout(b"from the first", PATIENCE)
            .expect("send");
        say("sent");
        return await_death();
    }
    let name = Name::new();
    name.file(1028);
    let mut reader = name.classic().reader().expect("a reader");
    let mut first = PeerProcess::start("a_killed_writer_is_followed_by_another", &name);
    let mut message = Message::new();
    reader
        .recv_timeout(&mut message, PATIENCE)
        .expect("receive");
    assert_eq!(message.as_bytes(), b"from the first");
    first.hear("sent");
    first.kill();
    assert!(name.exists());
    let mut second = name.classic().writer().expect("the role is free");
    let _ = reader.recv_timeout(&mut message, Duration::ZERO);
    second
        .send_timeout(b"from the second", PATIENCE)
        .expect("send");
    reader
        .recv_timeout(&mut message, PATIENCE)
        .expect("receive");
    assert_eq!(message.as_bytes(), b"from the second");
}

/// In a process of its own, since what it must not die of is a signal.
#[test]
fn a_busy_reader_survives_c_writers_that_start_over() {
    if let Some(options) = peer() {
        let wait = if env::var_os(YIELDS).is_some() {
            Wait::Yield
        } else {
            Wait::Spin
        };
        let mut reader = options.wait(wait).reader().expect("a reader");
        let mut message = Message::new();
        reader
            .recv_timeout(&mut message, PATIENCE)
            .expect("receive");
        assert_eq!(message.as_bytes(), b"at last\n");
        return;
    }
    for variables in [&[][..], &[(YIELDS, "1")]] {
        let name = Name::new();
        let mut c_writer = CPeer::writer(&name);
        let test = "a_busy_reader_survives_c_writers_that_start_over";
        let mut reader = PeerProcess::start_with(test, &name, variables);
        for _ in 0..200 {
            until("it asks", || c_writer.flag() == 1);
            c_writer = CPeer::writer(&name);
        }
        c_writer.write(b"at last\n");
        reader.ends_well();
    }
}

#[test]
fn a_forked_child_cannot_use_its_parents_ends() {
    let name = Name::new();
    let writer = Mutex::new(name.classic().writer().expect("a writer"));
    let reader = Mutex::new(name.classic().reader().expect("a reader"));
    let mut command = Command::new("true");
    let in_the_child = move || {
        let sent = writer.lock().expect("whole").send(b"x");
        let received = reader.lock().expect("whole").recv(&mut Message::new());
        let marked = reader.lock().expect("whole").taken();
        let withdrawn = reader.lock().expect("whole").withdraw();
        let refused = matches!(sent, Err(SendError::Forked { .. }))
            && matches!(received, Err(RecvError::Forked { .. }))
            && matches!(marked, Err(RecvError::Forked { .. }))
            && matches!(withdrawn, Err(RecvError::Forked { .. }));
        refused
            .then_some(())
            .ok_or_else(|| std::io::Error::from_raw_os_error(1))
    };
    // SAFETY: what it calls makes no use of threads, and allocates only in errors, for which the C library
    // keeps its allocator whole in the child.
    unsafe { command.pre_exec(in_the_child) };
    let status = command.status().expect("all four are refused");
    assert!(status.success());
    assert!(name.exists(), "the child has unlinked nothing");
}
