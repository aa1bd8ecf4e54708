//! Time and identity: clocks that differ, process numbers that are used again or mean another
//! process, namespaces that share `/dev/shm`.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::kill;
use test_support::shm::{attached_writer, by, program, reader};
use test_support::{Name, Process, Signal, has, until};

/// Whoever took the one clock for the other would be later than this: they are far apart.
const LATE: Duration = Duration::from_secs(300);

/// `shm ARGS` in namespaces of its own.
fn shm_in(namespaces: &[&str], args: &[&str]) -> Process {
    // The program gets the signals itself, or dies with what started it.
    let options = [namespaces, &["--fork", "--kill-child"]].concat();
    Process::spawn(by("unshare", &options).args(args))
}

/// The clocks of another machine that was started long before this one, and of one that was started
/// just now.
fn clocks() -> Option<[Vec<String>; 2]> {
    let what = "root, for a time namespace";
    if !has(what, "unshare", &["--time", "--monotonic", "1000", "true"]) {
        return None;
    }
    let uptime = std::fs::read_to_string("/proc/uptime").expect("/proc is there");
    let seconds: u64 = uptime
        .split('.')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    let offsets = ["100000".to_owned(), format!("-{}", seconds / 2)];
    Some(offsets.map(|offset| vec!["--time".to_owned(), "--monotonic".to_owned(), offset]))
}

#[test]
fn ends_with_other_clocks_exchange_messages_and_notice_a_death() {
    let Some(clocks) = clocks() else {
        return;
    };
    for clock in clocks {
        let clock: Vec<&str> = clock.iter().map(String::as_str).collect();
        for wait in ["block", "bell", "adaptive", "poll", "spin"] {
            let name = Name::new();
            let args = ["reader", name.as_str(), "--wait", wait];
            let mut reader = shm_in(&clock, &args);
            name.wait_for_receiver();
            let mut writer = attached_writer(&name, &["--wait", wait]);
            for line in ["one\n", "two\n"] {
                writer.send(line);
            }
            reader.wait_for_exactly(b"one\ntwo\n");
            writer.kill();
            let start = Instant::now();
            reader.wait_for_failure(6, &["died"]);
            let took = start.elapsed();
            assert!(took < LATE, "{clock:?}, {wait}: {took:?}");
        }
    }
}

#[test]
fn a_time_limit_is_as_long_with_other_clocks() {
    let Some(clocks) = clocks() else {
        return;
    };
    for clock in clocks {
        let clock: Vec<&str> = clock.iter().map(String::as_str).collect();
        let name = Name::new();
        let args = ["reader", name.as_str(), "--timeout", "300ms"];
        let start = Instant::now();
        shm_in(&clock, &args).wait().expect_code(124);
        let took = start.elapsed();
        let limits = Duration::from_millis(300)..LATE;
        assert!(limits.contains(&took), "{clock:?}: {took:?}");
    }
}

/// Namespaces in which the first process has number 1.
const OTHER_PIDS: [&str; 2] = ["--pid", "--mount-proc"];

fn has_other_pids() -> bool {
    let args = ["--pid", "--mount-proc", "--fork", "true"];
    has("root, for a pid namespace", "unshare", &args)
}

#[test]
fn two_containers_that_share_dev_shm_exchange_messages_and_notice_a_death() {
    if !has_other_pids() {
        return;
    }
    let name = Name::new();
    let n = name.as_str();
    let mut writer = shm_in(&OTHER_PIDS, &["writer", n]);
    name.wait_for_sender();
    let mut reader = shm_in(&OTHER_PIDS, &["reader", n]);
    name.wait_for_receiver();
    writer.send("from 1 to 1\n");
    reader.wait_for_exactly(b"from 1 to 1\n");
    // The number that the first one has announced is another process's here, or nobody's.
    let mut second = shm_in(&OTHER_PIDS, &["writer", n, "-m", "x"]);
    second.wait_for_failure(4, &[n, "a process that this one may not see"]);
    writer.kill();
    reader.wait_for_failure(6, &["died"]);
}

#[test]
fn the_first_program_of_a_container_leaves_the_channel_clean_when_the_container_is_stopped() {
    if !has_other_pids() {
        return;
    }
    let name = Name::new();
    let mut reader = shm_in(&OTHER_PIDS, &["reader", name.as_str()]);
    name.wait_for_receiver();
    let Some(child) = reader.child() else {
        return reader.kill();
    };
    kill(child, Signal::SIGTERM).expect("the reader is there");
    // It cannot die of the signal, so it exits as if it had.
    reader
        .wait()
        .expect_code(128 + Signal::SIGTERM as i32)
        .expect_quiet();
    assert!(!name.exists());
}

/// In a namespace of process numbers, where the next number can be chosen: the writer is killed,
/// and another program gets its number.
#[test]
fn a_program_that_has_a_dead_writer_s_number_is_not_taken_for_it() {
    if !has_other_pids() {
        return;
    }
    let name = Name::new();
    let script = r#"
        shm=$1 name=$2
        exec 3<&0
        "$shm" writer --keep -m left "$name"
        "$shm" writer "$name" <&3 & writer=$!
        lock() { echo "OFDLCK.*:$(stat -c %i "/dev/shm/$name" 2>/dev/null) 1 1"; }
        until grep -q "$(lock)" /proc/locks; do :; done
        kill -9 "$writer"; wait "$writer" 2>/dev/null
        echo $((writer - 1)) > /proc/sys/kernel/ns_last_pid || {
            echo "skipped: needs ns_last_pid"
            exit 0
        }
        sleep 60 & other=$!
        [ "$other" = "$writer" ] || { echo "number $other instead of $writer"; exit 1; }
        "$shm" reader "$name"; echo "status $?"
        kill -0 "$other" && echo "alive: $other"
    "#;
    let mut unshare = Command::new("unshare");
    unshare.args(OTHER_PIDS).args(["--fork", "--kill-child"]);
    unshare.args(["sh", "-c", script, "sh", program(), name.as_str()]);
    let ended = Process::spawn(&mut unshare).wait().expect_code(0);
    let output = String::from_utf8_lossy(&ended.output).into_owned();
    if output.contains("skipped") {
        print!("{output}");
        return;
    }
    assert!(
        output.contains("left\nstatus 6\nalive: "),
        "{output}{}",
        ended.errors
    );
    assert!(ended.errors.contains("died"), "{}", ended.errors);
}

#[test]
fn a_stopped_writer_whose_number_says_nothing_keeps_its_role_until_it_is_killed() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send("left\n");
    until("it is committed", || name.sent() == 1);
    writer.signal(Signal::SIGSTOP);
    let mut second = test_support::shm::writer(&name, &["-m", "x"]);
    second.wait_for_failure(4, &[&writer.pid().to_string()]);
    // What an operator does: SIGKILL works on stopped processes, and the role is free at once.
    writer.kill();
    let mut next = attached_writer(&name, &[]);
    next.send("and more\n");
    let mut reader = reader(&name, &[]);
    next.finish().expect_code(0);
    reader.wait_for_success(b"left\nand more\n");
}
