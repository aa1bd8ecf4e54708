//! Names of shared memory objects for one test each, and the object as a file.

use std::fs;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use shm_core::{Object, ObjectOptions, ShmName};

/// `prefix`, this process, and a count: a text that nothing else has, and that is no prefix of
/// another one.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{prefix}-{}-{count:05}", std::process::id())
}

/// A name that nothing else uses. Whatever stands under it is removed when this is dropped, also
/// when the test fails.
pub struct Name {
    name: ShmName,
    /// A forked child drops a copy, which must not remove anything.
    owner: u32,
}

impl Default for Name {
    fn default() -> Self {
        Self::new()
    }
}

impl Name {
    /// The next name.
    pub fn new() -> Self {
        Self {
            name: ShmName::new(&unique("shm-test")).expect("a valid name"),
            owner: std::process::id(),
        }
    }

    /// The same as [`as_str`](ShmName::as_str), for command lines.
    pub fn as_str(&self) -> &str {
        self.name.as_str()
    }

    /// Where Linux shows the object.
    pub fn path(&self) -> PathBuf {
        Path::new("/dev/shm").join(self.as_str())
    }

    /// Whether something has the name.
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// Size in bytes, or none if there is no object.
    pub fn size(&self) -> Option<u64> {
        fs::metadata(self.path())
            .ok()
            .map(|metadata| metadata.len())
    }

    /// Permission bits and file type.
    pub fn mode(&self) -> u32 {
        fs::metadata(self.path()).expect("the object exists").mode()
    }

    /// The object's bytes, none if there is no object.
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap_or_default()
    }

    /// Whether the object has these bytes in it.
    pub fn contains(&self, text: &str) -> bool {
        self.bytes()
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    }

    /// Makes an object with these contents, as a program that is not ours would.
    pub fn fill(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).expect("an object can be made");
    }

    /// The object as a file that can be truncated and grown.
    pub fn file(&self) -> fs::File {
        let file = fs::File::options().write(true).open(self.path());
        file.expect("the object is there")
    }

    /// Cuts the object off, or grows it.
    pub fn resize(&self, size: u64) {
        self.file().set_len(size).expect("tmpfs can truncate");
    }

    /// Puts a FIFO where the object would be.
    pub fn make_fifo(&self) {
        let everyone = Mode::S_IRWXU | Mode::S_IRWXG | Mode::S_IRWXO;
        mkfifo(&self.path(), everyone).expect("a FIFO can be made");
    }

    /// Takes the name from the object.
    pub fn unlink(&self) {
        fs::remove_file(self.path()).expect("the object exists");
    }

    /// A new object of this name, with memory for `size` bytes.
    pub fn create(&self, size: u64) -> Object {
        let object = ObjectOptions::new().create_new(self).expect("a new name");
        object.reserve(size).expect("there is memory");
        object
    }

    /// The object of this name.
    pub fn open(&self) -> Object {
        ObjectOptions::new().open(self).expect("it is there")
    }

    /// The object of this name, for reading.
    pub fn open_read_only(&self) -> Object {
        let mut options = ObjectOptions::new();
        options.read_only(true).open(self).expect("it is there")
    }
}

impl Deref for Name {
    type Target = ShmName;

    fn deref(&self) -> &ShmName {
        &self.name
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if self.owner == std::process::id() && fs::remove_file(self.path()).is_err() {
            // Gone already, or a directory.
            let _ = fs::remove_dir(self.path());
        }
    }
}
