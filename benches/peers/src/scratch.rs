//! Where peers leave their files and names while they are measured, so that all of it is found and
//! removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Starts every name in the file system, in `/dev/shm` and among the message queues.
const PREFIX: &str = "shm-peers";

static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();

/// In the process of a row: what [`Scratch`] was made for it.
pub(crate) fn set(directory: PathBuf) {
    // Set once, when the process starts.
    let _ = DIRECTORY.set(directory);
}

/// The directory for files.
pub(crate) fn directory() -> &'static Path {
    DIRECTORY.get().expect("set when the process started")
}

/// What a name has to start with.
pub(crate) fn prefix() -> &'static str {
    let name = directory().file_name().and_then(|name| name.to_str());
    name.expect("made of letters and numbers")
}

/// A name that nothing else has.
pub(crate) fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}", prefix())
}

/// A directory. Dropping this removes it, and everything in `/dev/shm` whose name starts as its own
/// does.
pub(crate) struct Scratch {
    pub(crate) directory: PathBuf,
    prefix: String,
}

impl Scratch {
    pub(crate) fn new() -> io::Result<Self> {
        let prefix = format!("{PREFIX}-{}", process::id());
        let directory = std::env::temp_dir().join(&prefix);
        fs::create_dir(&directory)?;
        Ok(Self { directory, prefix })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is there to be seen.
        let _ = fs::remove_dir_all(&self.directory);
        remove_objects(&self.prefix);
    }
}

/// What comes before our names in the semaphores of cloudtoid.
const SEMAPHORE: &str = "sem.ct3ip.";

/// Removes everything in `/dev/shm` whose name starts like this, and the semaphores of such names.
pub(crate) fn remove_objects(prefix: &str) {
    for entry in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let name = name.strip_prefix(SEMAPHORE).unwrap_or(&name);
        if name.starts_with(prefix) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
