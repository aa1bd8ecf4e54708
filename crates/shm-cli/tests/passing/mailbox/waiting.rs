//! A program that waits: it costs nothing while it sleeps, notices that its peer was killed, and
//! takes a stopped peer for what it is, alive.

use std::thread;
use std::time::{Duration, Instant};

use test_support::shm::{attached_reader, attached_writer, reader, writer};
use test_support::{Name, Process, Signal, until};

const WAITS: [&str; 7] = [
    "spin", "yield", "poll", "backoff", "block", "bell", "adaptive",
];

#[test]
fn a_waiting_reader_notices_that_the_writer_was_killed() {
    for wait in WAITS {
        let name = Name::new();
        let mut reader = attached_reader(&name, &["--wait", wait]);
        let mut writer = attached_writer(&name, &[]);
        writer.send("one\n");
        reader.wait_for_exactly(b"one\n");
        writer.kill();
        reader
            .wait_for_failure(6, &[name.as_str(), "died"])
            .expect_output(b"one\n");
    }
}

#[test]
fn a_blocked_writer_outlives_a_killed_reader() {
    for wait in WAITS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &["--slots", "1", "--wait", wait]);
        let mut killed = attached_reader(&name, &[]);
        killed.kill();
        writer.send("one\ntwo\nthree\n");
        until("the mailbox is full", || name.sent() == 1);
        let mut next = reader(&name, &[]);
        writer.finish().expect_code(0);
        next.wait_for_success(b"one\ntwo\nthree\n");
    }
}

#[test]
fn a_sleeping_program_uses_less_than_one_percent_of_a_core() {
    let (names, mut waiting) = (Vec::from_iter((0..8).map(|_| Name::new())), Vec::new());
    for (name, wait) in names
        .iter()
        .zip(["poll", "block", "bell", "adaptive"].iter().cycle())
    {
        let for_reader = waiting.len() < 4;
        waiting.push(if for_reader {
            attached_reader(name, &["--wait", wait])
        } else {
            let mut writer = attached_writer(name, &["--slots", "1", "--wait", wait]);
            writer.send("one\ntwo\n");
            until("the mailbox is full", || name.sent() == 1);
            writer
        });
    }
    for process in &waiting {
        process.wait_until_asleep();
    }
    let before: Vec<Duration> = waiting.iter().map(processor_time).collect();
    let start = Instant::now();
    // The time over which is measured.
    thread::sleep(Duration::from_secs(1));
    let after: Vec<Duration> = waiting.iter().map(processor_time).collect();
    let limit = start.elapsed() / 100;
    for ((process, before), after) in waiting.iter().zip(before).zip(after) {
        let used = after - before;
        assert!(
            used < limit,
            "{process:?} used {used:?}, expected less than {limit:?}"
        );
    }
}

/// How long a process has been running on a core, see `/proc/PID/schedstat` in proc(5).
fn processor_time(process: &Process) -> Duration {
    let path = format!("/proc/{}/schedstat", process.pid());
    let fields = std::fs::read_to_string(path).expect("the process is there");
    let nanoseconds = fields
        .split(' ')
        .next()
        .and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number comes first"))
}

#[test]
fn a_stopped_writer_is_alive() {
    let name = Name::new();
    let mut stopped = attached_writer(&name, &[]);
    stopped.signal(Signal::SIGSTOP);
    let pid = stopped.pid().to_string();
    writer(&name, &["-m", "x"]).wait_for_failure(4, &[&pid]);
    // Not 6, however often the reader has looked after it meanwhile.
    reader(&name, &["--timeout", "500ms"])
        .wait()
        .expect_code(124)
        .expect_output(b"");
    stopped.send("one\n");
    stopped.signal(Signal::SIGCONT);
    let mut reader = reader(&name, &[]);
    stopped.finish().expect_code(0).expect_quiet();
    reader.wait_for_success(b"one\n");
}

#[test]
fn a_stopped_reader_is_alive() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "2", "--drain", "500ms"]);
    let mut stopped = attached_reader(&name, &[]);
    stopped.signal(Signal::SIGSTOP);
    let pid = stopped.pid().to_string();
    reader(&name, &[]).wait_for_failure(4, &[&pid]);
    writer.send("one\ntwo\n");
    writer.finish().expect_code(6);
    stopped.signal(Signal::SIGCONT);
    stopped.wait_for_success(b"one\ntwo\n");
}
