//! The process at the other end: a benchmark program starts itself once more, as the peer.
//!
//! Nothing outlives the program, however it ends. The peer's standard input is a pipe from the
//! program; when that is closed, by the program or by the kernel, the peer unlinks the objects and exits.

use std::env;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use shm_core::ShmName;

/// Tells the program that it is a peer: the task and the objects, separated by spaces.
const TASK: &str = "SHM_BENCH_PEER";

/// A name for an object that no other benchmark has.
pub fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("shm-bench-{}-{count}", process::id())
}

/// If this process is a peer: its task and the objects' names. Call it first in `main`.
///
/// From then on the process ends when its parent closes the pipe or dies.
pub fn task() -> Option<(String, Vec<String>)> {
    let value = env::var(TASK).ok()?;
    let mut words = value.split(' ').map(str::to_owned);
    let task = words.next()?;
    let names: Vec<String> = words.collect();
    let objects = names.clone();
    thread::spawn(move || {
        // Nothing is ever written into it; the only news is its end.
        let _ = io::stdin().read(&mut [0]);
        unlink(&objects);
        process::exit(0);
    });
    Some((task, names))
}

/// For a peer that has nothing left to do: waits for the end, which is the other thread's.
pub fn wait_for_the_end() -> ! {
    loop {
        thread::park();
    }
}

/// The process at the other end; it ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    objects: Vec<String>,
}

impl Peer {
    /// Starts this program as a peer with this task on these objects.
    ///
    /// It has a process group of its own, so that Ctrl-C leaves it the time to clean up.
    ///
    /// # Errors
    ///
    /// Those of starting a process.
    pub fn start(task: &str, objects: &[String]) -> io::Result<Self> {
        let process = Command::new(env::current_exe()?)
            .env(TASK, format!("{task} {}", objects.join(" ")))
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()?;
        Ok(Self {
            process,
            objects: objects.to_vec(),
        })
    }

    /// Whether it has ended before it was told to.
    ///
    /// # Panics
    ///
    /// If the system cannot tell.
    pub fn has_ended(&mut self) -> bool {
        let status = self.process.try_wait().expect("ask after the peer");
        status.is_some()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has been told; that it is gone is all there is to wait for.
        let _ = self.process.wait();
        // A peer that was killed has left them behind.
        unlink(&self.objects);
    }
}

fn unlink(objects: &[String]) {
    for object in objects.iter().filter_map(|name| ShmName::new(name).ok()) {
        // Usually it is gone already.
        let _ = shm_core::unlink(&object);
    }
}
