//! Benchmarks between two real processes: a benchmark program starts itself once more, as the peer.
//!
//! Nothing outlives the program, however it ends. The peer's standard input is a pipe from the
//! program; when that is closed, by the program or by the kernel, the peer unlinks the object and exits.
//!
//! ```text
//! cargo bench -p benches              all of them, one to two minutes
//! cargo bench -p benches -- --quick   less exactly, in seconds
//! cargo bench -p benches -- --test    each once, to see that it works
//! ```

use std::env;
use std::io::{self, Read};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use shm_core::ShmName;

/// Tells the program that it is a peer, and what to do: a task and an object, separated by a space.
const TASK: &str = "SHM_BENCH_PEER";

/// A name for an object that no other benchmark has.
pub fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("shm-bench-{}-{count}", process::id())
}

/// If this process is a peer: its task and the object's name. Call it first in `main`.
///
/// From then on the process ends when its parent closes the pipe or dies.
pub fn task() -> Option<(String, String)> {
    let value = env::var(TASK).ok()?;
    let (task, name) = value.split_once(' ')?;
    let object = name.to_owned();
    thread::spawn(move || {
        // Nothing is ever written into it; the only news is its end.
        let _ = io::stdin().read(&mut [0]);
        if let Ok(object) = ShmName::new(&object) {
            // Usually it is gone already.
            let _ = shm_core::unlink(&object);
        }
        process::exit(0);
    });
    Some((task.to_owned(), name.to_owned()))
}

/// The process at the other end; it ends when this is dropped.
#[derive(Debug)]
pub struct Peer(Child);

impl Peer {
    /// Starts this program as a peer with this task on the object `name`.
    ///
    /// # Errors
    ///
    /// Those of starting a process.
    pub fn start(task: &str, name: &str) -> io::Result<Self> {
        Command::new(env::current_exe()?)
            .env(TASK, format!("{task} {name}"))
            .stdin(Stdio::piped())
            .spawn()
            .map(Self)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It has been told; that it is gone is all there is to wait for.
        let _ = self.0.wait();
    }
}
