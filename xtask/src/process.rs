//! Runs one command to its end or to a time limit, with its output, and leaves no process behind.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::patience::Patience;

/// Marks all processes that descend from one command, also those that have lost their parent.
const MARK: &str = "XTASK_STEP";

/// How long what a command started may outlive it: the time a killed process takes to go, and more.
const GRACE: Duration = Duration::from_secs(3);

const TICK: Duration = Duration::from_millis(5);

/// What became of a command.
pub(crate) struct Finished {
    /// How it ended; `None` if it was killed at the time limit.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output and standard error, in the order they were written.
    pub(crate) output: String,
    /// What it had started and left running, and was killed.
    pub(crate) strays: Vec<String>,
    /// How long it took.
    pub(crate) elapsed: Duration,
}

impl Finished {
    /// Whether it ended by itself, with status 0, and left nothing running.
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| status.success()) && self.strays.is_empty()
    }

    /// The output, followed by a line for each thing that went wrong besides what it says itself.
    pub(crate) fn report(&self) -> String {
        let mut report = self.output.clone();
        if !report.is_empty() && !report.ends_with('\n') {
            report.push('\n');
        }
        match self.status {
            None => {
                let seconds = self.elapsed.as_secs();
                report.push_str(&format!("killed at the time limit, after {seconds} s\n"));
            }
            Some(status) if !status.success() => report.push_str(&format!("ended with {status}\n")),
            Some(_) => {}
        }
        for stray in &self.strays {
            report.push_str(&format!("left a process running, now killed: {stray}\n"));
        }
        report
    }
}

/// Runs `command` with no standard input, for at most `limit`, as [`Patience`] counts it.
///
/// Fails only if the command cannot be started.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Finished, String> {
    let mark = next_mark();
    let started = Instant::now();
    let described = describe(command);
    let (mut reading, writing) = std::io::pipe().map_err(|error| format!("no pipe: {error}"))?;
    let second = writing
        .try_clone()
        .map_err(|error| format!("no second end of the pipe: {error}"))?;
    let mut child = command
        .env(MARK, &mark)
        .stdin(Stdio::null())
        .stdout(writing)
        .stderr(second)
        .spawn()
        .map_err(|error| format!("{described} does not start: {error}"))?;
    // The command keeps the writing ends until others take their place; the reader waits for all to close.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let collected = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&collected);
    let reader = thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(count @ 1..) = reading.read(&mut piece) {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.extend_from_slice(&piece[..count]);
        }
    });

    let status = wait(&mut child, limit);
    let mut strays = Vec::new();
    if status.is_none() {
        kill(&marked(&mark));
        // The command itself, should it have changed its environment.
        let _ = child.kill();
        let _ = child.wait();
    } else {
        let mut grace = Patience::new(GRACE);
        let mut left = marked(&mark);
        while !left.is_empty() && !grace.is_over() {
            thread::sleep(TICK);
            left = marked(&mark);
        }
        kill(&left);
        strays.extend(left.into_values());
    }
    // All holders of the pipe are gone, unless one hid its mark: then do without the rest.
    let mut grace = Patience::new(GRACE);
    while !reader.is_finished() && !grace.is_over() {
        thread::sleep(TICK);
    }
    let bytes = std::mem::take(&mut *collected.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Finished {
        status,
        output: String::from_utf8_lossy(&bytes).into_owned(),
        strays,
        elapsed: started.elapsed(),
    })
}

/// The command as one would type it.
pub(crate) fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let flags = command.get_envs().filter_map(|(name, value)| {
        let name = name.to_str().filter(|name| name.ends_with("FLAGS"))?;
        Some(format!("{name}=\"{}\"", value?.to_string_lossy()))
    });
    let mut words: Vec<String> = flags.collect();
    words.push(program.to_string_lossy().into_owned());
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Waits for `child`, for at most `limit`, as [`Patience`] counts it.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let mut patience = Patience::new(limit);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if patience.is_over() {
            return None;
        }
        thread::sleep(TICK);
    }
}

/// A mark no other command has; it starts with the mark this process was itself given.
fn next_mark() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let outer = std::env::var(MARK).unwrap_or_default();
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{outer}/{}.{number}", std::process::id())
}

/// The running processes that carry `mark` or a mark below it, with their command lines.
fn marked(mark: &str) -> BTreeMap<u32, String> {
    let wanted = format!("{MARK}={mark}");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // Unreadable is another user's; empty is a process that has ended.
        let Ok(environment) = std::fs::read(entry.path().join("environ")) else {
            continue;
        };
        let carries = environment
            .split(|byte| *byte == 0)
            .filter_map(|variable| variable.strip_prefix(wanted.as_bytes()))
            .any(|rest| rest.is_empty() || rest.starts_with(b"/"));
        if carries {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            found.insert(pid, format!("{pid} {}", line.trim_end()));
        }
    }
    found
}

fn kill(processes: &BTreeMap<u32, String>) {
    if processes.is_empty() {
        return;
    }
    // The shell's own `kill` is there also where no package provides the program.
    let _ = Command::new("sh")
        .args(["-c", "kill -KILL \"$@\" 2>/dev/null", "sh"])
        .args(processes.keys().map(u32::to_string))
        .status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_arrive_in_order() {
        let finished = run(
            &mut shell("echo one; echo two >&2; echo three"),
            Duration::from_secs(20),
        )
        .expect("sh starts");
        assert_eq!(finished.output, "one\ntwo\nthree\n");
        assert!(finished.succeeded());
    }

    #[test]
    fn a_status_other_than_0_is_no_success() {
        let finished = run(&mut shell("exit 3"), Duration::from_secs(20)).expect("sh starts");
        assert!(!finished.succeeded());
        assert!(finished.report().contains("exit status: 3"));
    }

    #[test]
    fn a_command_and_its_children_end_at_the_time_limit() {
        let begun = Instant::now();
        let finished = run(
            &mut shell("echo begun; sleep 1000 & sleep 1000; true"),
            Duration::from_millis(300),
        )
        .expect("sh starts");
        assert!(begun.elapsed() < Duration::from_secs(600));
        assert!(finished.status.is_none());
        assert!(finished.output.starts_with("begun\n"));
        assert!(finished.report().contains("killed at the time limit"));
    }

    #[test]
    fn a_process_left_running_is_reported_and_killed() {
        let finished = run(
            &mut shell("sleep 1001 > /dev/null 2>&1 &"),
            Duration::from_secs(20),
        )
        .expect("sh starts");
        assert!(!finished.succeeded());
        assert_eq!(finished.strays.len(), 1, "{:?}", finished.strays);
        assert!(finished.strays[0].contains("sleep 1001"));
    }

    #[test]
    fn a_command_that_does_not_exist_is_named() {
        let error = run(
            &mut Command::new("no-such-program-anywhere"),
            Duration::from_secs(20),
        )
        .err()
        .expect("it cannot start");
        assert!(error.contains("no-such-program-anywhere"), "{error}");
    }
}
