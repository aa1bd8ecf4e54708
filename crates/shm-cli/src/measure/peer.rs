//! The peer process: a benchmark starts its own program once more, as the peer.
//!
//! Nothing outlives the benchmark, however it ends. The peer's standard input is a pipe from it;
//! when that is closed, by the benchmark or by the kernel, the peer unlinks the objects and exits.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{self, Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shm_core::ShmName;

/// A name for an object that no other benchmark has.
///
/// # Panics
///
/// If names have fewer characters here than it takes, which they have nowhere.
pub fn unique_name() -> ShmName {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("shm-bench-{}-{count}", process::id());
    ShmName::new(&name).expect("letters and numbers, and not many")
}

/// In the peer: its orders, one a line.
///
/// From then on the process ends when the benchmark closes the pipe or dies.
pub fn orders<T: DeserializeOwned + Send + 'static>(objects: Vec<ShmName>) -> Receiver<T> {
    let (hand_over, orders) = mpsc::channel();
    thread::spawn(move || {
        let lines = io::stdin().lock().lines().map_while(Result::ok);
        for order in lines.map_while(|line| serde_json::from_str(&line).ok()) {
            if hand_over.send(order).is_err() {
                break;
            }
        }
        unlink(&objects);
        process::exit(0);
    });
    orders
}

/// The other process; it ends when this is dropped.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    output: BufReader<ChildStdout>,
    objects: Vec<ShmName>,
}

impl Peer {
    /// Starts this program as a peer on these objects, which are removed with it.
    ///
    /// It has a process group of its own, so that Ctrl-C leaves it the time to clean up.
    ///
    /// # Errors
    ///
    /// Those of starting a process.
    pub fn start(command: &mut Command, objects: Vec<ShmName>) -> io::Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.process_group(0).spawn()?;
        let output = process.stdout.take().expect("it is piped");
        Ok(Self {
            process,
            output: BufReader::new(output),
            objects,
        })
    }

    /// Gives it an order.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::BrokenPipe`] if it has ended.
    ///
    /// # Panics
    ///
    /// If the order cannot be JSON.
    pub fn order(&mut self, order: &impl Serialize) -> io::Result<()> {
        let order = serde_json::to_string(order).expect("strings and numbers");
        let input = self.process.stdin.as_mut().expect("open until the end");
        writeln!(input, "{order}")
    }

    /// What it says next.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::UnexpectedEof`] if it has ended, [`io::ErrorKind::InvalidData`] if it says
    /// something else.
    pub fn answer<T: DeserializeOwned>(&mut self) -> io::Result<T> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        serde_json::from_str(&line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Its exit status, if it has already ended.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.process.try_wait()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has its order; all that is left is to wait for its end.
        let _ = self.process.wait();
        // A peer that was killed has left them behind.
        unlink(&self.objects);
    }
}

/// Removes the names of those objects that still have one.
pub fn unlink(objects: &[ShmName]) {
    for object in objects {
        let _ = shm_core::unlink(object);
    }
}
