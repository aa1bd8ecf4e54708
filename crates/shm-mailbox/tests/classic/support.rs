//! What the tests share: unique names that are gone afterwards, and the C programs, acted out on a raw mapping.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_core::{Mapping, ObjectOptions, ShmName};
use shm_mailbox::classic::{Classic, Options};

/// No test waits longer than this for what must happen.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A name of its own for each test; whatever has it is unlinked at the end, also of a test that fails.
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("shm-test-classic-{}-{count}", std::process::id()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn options(&self) -> Options {
        Classic::options(&self.0)
    }

    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(&self.0)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path().exists()
    }

    /// The object as a file, made with this size if it is not there.
    pub(crate) fn file(&self, size: u64) -> File {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path())
            .expect("open the object");
        file.set_len(size).expect("set the size");
        file
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.path());
    }
}

/// Waits for `condition`, which must come true soon.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < SOON, "waited in vain: {what}");
        thread::yield_now();
    }
}

/// One of the lesson's programs, by hand: plain loads and stores, no locks, no wake-ups.
pub(crate) struct CPeer(Mapping);

impl CPeer {
    /// The C writer up to its loop: `O_CREAT | O_TRUNC`, `ftruncate`, `clr2send = 0`.
    pub(crate) fn writer(name: &Name) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(name.path())
            .expect("shm_open");
        file.set_len(1028).expect("ftruncate");
        let peer = Self::reader(name);
        peer.set_flag(0);
        peer
    }

    /// The C reader up to its loop: it opens what is there.
    pub(crate) fn reader(name: &Name) -> Self {
        let name = ShmName::new(name.as_str()).expect("a good name");
        let object = ObjectOptions::new()
            .any_mode(true)
            .open(&name)
            .expect("shm_open");
        Self(Mapping::shared(&object).expect("mmap"))
    }

    fn clr2send(&self) -> &AtomicI32 {
        self.0.view(0).expect("within the object")
    }

    pub(crate) fn flag(&self) -> i32 {
        self.clr2send().load(Ordering::Relaxed)
    }

    pub(crate) fn set_flag(&self, flag: i32) {
        self.clr2send().store(flag, Ordering::Relaxed);
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = vec![0; 1024];
        self.0.read(4, &mut text).expect("within the object");
        let end = text.iter().position(|&byte| byte == 0);
        text.truncate(end.unwrap_or(1024));
        text
    }

    /// `strncpy(mbuf, line, K)`.
    pub(crate) fn set_text(&self, line: &[u8]) {
        let mut text = [0; 1024];
        text[..line.len()].copy_from_slice(line);
        self.0.write(4, &text).expect("within the object");
    }

    /// `clr2send++`.
    pub(crate) fn ask(&self) {
        self.set_flag(self.flag().wrapping_add(1));
    }

    /// One round of the C writer.
    pub(crate) fn write(&self, line: &[u8]) {
        wait_until("a request", || self.flag() != 0);
        self.set_text(line);
        self.set_flag(0);
    }

    /// One round of the C reader.
    pub(crate) fn read(&self) -> Vec<u8> {
        self.ask();
        wait_until("an answer", || self.flag() <= 0);
        self.text()
    }
}
