//! Runs one command as the parent of all that it leaves behind: the hidden command `xtask room`.
//!
//! A process whose parent has ended gets this one as its new parent. So whatever is still a child
//! when the command has ended is what it left running, whichever process started it and however it
//! was detached, and no namespace or right is needed to find and end it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{self, Pid, Signal, WaitOptions};

use crate::Verdict;

/// Run a command, and say what went wrong besides what it says itself
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long it may take, on a machine that has nothing else to do
    seconds: u64,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// How long what a command started may outlive it: the time a killed process takes to go, and more.
const GRACE: Duration = Duration::from_secs(3);

const TICK: Duration = Duration::from_millis(5);

/// Runs the command; true if it succeeded in time, and left no process and no object.
pub(crate) fn run(options: &Options) -> Verdict {
    process::set_child_subreaper(Some(process::getpid()))?;
    let before = objects();
    let begun = Instant::now();
    let (program, arguments) = options.command.split_first().context("no command")?;
    let child = Command::new(program).args(arguments).spawn();
    let child = child.with_context(|| format!("{} does not start", program.display()))?;
    let child = Pid::from_child(&child);

    let mut status = None;
    let limit = Duration::from_secs(options.seconds);
    wait_until(limit, || {
        while let Ok(Some((pid, ended))) = process::wait(WaitOptions::NOHANG) {
            if pid == child {
                status = Some(ExitStatus::from_raw(ended.as_raw()));
            }
        }
        status.is_some()
    });
    let mut problems = Vec::new();
    match status {
        None => {
            let seconds = begun.elapsed().as_secs();
            problems.push(format!("killed at the time limit, after {seconds} s"));
        }
        Some(status) => {
            if !status.success() {
                problems.push(format!("ended with {status}"));
            }
            wait_until(GRACE, || {
                while let Ok(Some(_)) = process::wait(WaitOptions::NOHANG) {}
                children().is_empty() && objects().is_subset(&before)
            });
            let strays = children();
            let strays = strays.iter().map(|(pid, line)| format!("{pid} {line}"));
            problems.extend(strays.map(|it| format!("left a process running, now killed: {it}")));
            let left = objects();
            let left = left.difference(&before).map(|name| name.display());
            problems.extend(left.map(|name| format!("left in /dev/shm: {name}")));
        }
    }
    // A killed process leaves its children to this one, so until there are none.
    loop {
        for (pid, _) in children() {
            // It may have ended in the meantime.
            let _ = process::kill_process(pid, Signal::KILL);
        }
        if process::wait(WaitOptions::empty()).is_err() {
            break;
        }
    }
    for problem in &problems {
        println!("{problem}");
    }
    Ok(problems.is_empty())
}

/// Waits until something `is_so`, for at most `limit`.
///
/// Counts the time in which a thread could run: one that shares each processor with 19 others needs
/// 20 times as long, and has 20 times as long.
fn wait_until(limit: Duration, mut is_so: impl FnMut() -> bool) {
    let mut used = Duration::ZERO;
    let mut looked = Instant::now();
    while !is_so() && used < limit {
        thread::sleep(TICK);
        let now = Instant::now();
        used += (now - looked).mul_f64(share());
        looked = now;
    }
}

/// How much of its time a thread that wants to run does run, from 0 to 1.
fn share() -> f64 {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    // The fourth field is the running threads, `/`, and all threads. One of those is this one.
    let running = text
        .split([' ', '/'])
        .nth(3)
        .and_then(|field| field.parse::<u32>().ok());
    let others = f64::from(running.unwrap_or(1).saturating_sub(1));
    let processors = f64::from(u32::try_from(processors).unwrap_or(1));
    processors / others.max(processors)
}

/// The names in `/dev/shm`.
fn objects() -> BTreeSet<OsString> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).collect()
}

/// The processes that have this one as their parent, with their command lines.
fn children() -> Vec<(Pid, String)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let status = fs::read_to_string(entry.path().join("status")).ok()?;
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
            let own = process::getpid().as_raw_nonzero().to_string();
            (parent.trim() == own).then_some(())?;
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            Some((Pid::from_raw(pid)?, line.trim_end().to_owned()))
        })
        .collect()
}
