//! Each row in a process of its own: one that fails, hangs or is interrupted takes nothing else
//! along, and leaves nothing behind.
//!
//! The program starts itself once more for every row. That process forks the other side before it
//! has used any of the libraries, as most of them need. What it leaves behind is removed here after
//! its end, however it ended.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benches::harness::Effort;
use shm_cli::measure::placement::Placement;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::outcome::Measured;
use crate::scratch::{Scratch, remove_objects};

/// How often the process of a row is checked. Rarely: it should have the machine for itself.
const LOOK: Duration = Duration::from_millis(50);

/// Runs rows, one after the other.
pub(crate) struct Supervisor {
    interrupted: Arc<AtomicBool>,
    patience: Duration,
    effort: Effort,
    placement: Placement,
}

/// Why there are no figures.
pub(crate) enum Failure {
    /// The user, or the system, wants the program to end.
    Interrupted,
    /// The row has failed, for this reason.
    Failed(String),
}

impl Supervisor {
    /// From here on signals end the program where it can clean up.
    pub(crate) fn new(effort: Effort, placement: Placement) -> io::Result<Self> {
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        // Three contenders, and as much again as a slow machine may need.
        let slices = u32::try_from(3 * (effort.rounds + 1)).unwrap_or(u32::MAX);
        let patience = Duration::from_secs(20) + 10 * effort.slice.saturating_mul(slices);
        Ok(Self {
            interrupted,
            patience,
            effort,
            placement,
        })
    }

    /// Measures the row of this name.
    pub(crate) fn measure(&self, row: &str) -> Result<Measured, Failure> {
        let cannot = |what: &str, error: io::Error| Failure::Failed(format!("{what}: {error}"));
        let scratch = Scratch::new().map_err(|error| cannot("cannot make a directory", error))?;
        let [output, errors] = ["output", "errors"].map(|name| scratch.directory.join(name));
        let create = |path| File::create(path).map_err(|error| cannot("cannot write", error));
        let program =
            env::current_exe().map_err(|error| cannot("cannot find this program", error))?;
        let slice = self.effort.slice.as_millis().to_string();
        let rounds = self.effort.rounds.to_string();
        let mut command = Command::new(program);
        command
            .args(["--rounds", &rounds, "--slice", &slice, "--row", row])
            .arg("--scratch")
            .arg(&scratch.directory)
            .stdin(Stdio::null())
            .stdout(create(&output)?)
            .stderr(create(&errors)?)
            // Ctrl-C is for this process, which then ends that one.
            .process_group(0);
        if self.placement == Placement::None {
            command.arg("--unpinned");
        }
        let child = command.spawn();
        let mut child = child.map_err(|error| cannot("cannot start this program", error))?;
        let ended = self.wait(&mut child);
        // The names that the mailbox's benchmarks give.
        remove_objects(&format!("shm-bench-{}-", child.id()));
        let status = ended?;
        let output = fs::read_to_string(&output).unwrap_or_default();
        serde_json::from_str(&output).map_err(|_| {
            let errors = fs::read_to_string(&errors).unwrap_or_default();
            Failure::Failed(reason(&errors).unwrap_or_else(|| format!("ended with {status}")))
        })
    }

    /// Waits until the process has ended; ends it if it takes too long, or if this one is to end.
    fn wait(&self, child: &mut Child) -> Result<ExitStatus, Failure> {
        let deadline = Instant::now() + self.patience;
        loop {
            let status = child.try_wait();
            match status {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(error) => return Err(Failure::Failed(format!("cannot wait: {error}"))),
            }
            let failure = if self.interrupted.load(Ordering::Relaxed) {
                Failure::Interrupted
            } else if Instant::now() > deadline {
                Failure::Failed(format!("not done after {:?}", self.patience))
            } else {
                thread::sleep(LOOK);
                continue;
            };
            // Its other side dies with it.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failure);
        }
    }
}

/// What a process that failed has said last, without the place in the source, which comes first.
fn reason(errors: &str) -> Option<String> {
    let lines = errors.lines().map(str::trim);
    let mut telling = lines.filter(|line| {
        let framing = ["thread '", "note: ", "error: the other process"];
        !line.is_empty() && !framing.iter().any(|start| line.starts_with(start))
    });
    telling.next_back().map(str::to_owned)
}
