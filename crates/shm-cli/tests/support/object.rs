//! Names of shared memory objects for one test each, and what can be seen of the object from outside.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::until;

/// The byte of a mailbox that is locked while somebody attaches, closes or unlinks.
pub(crate) const INIT: u64 = 0;
/// The byte that the sender keeps locked.
pub(crate) const SENDER: u64 = 1;
/// The byte that the receiver keeps locked.
pub(crate) const RECEIVER: u64 = 2;

/// A name that nobody else uses. The object is unlinked when this is dropped.
pub(crate) struct Name(String);

/// `prefix`, this process, and a count.
pub(crate) fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "{prefix}-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

impl Name {
    pub(crate) fn new() -> Self {
        Self(unique("shm-cli-test"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where Linux shows the object.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(&self.0)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path().exists()
    }

    /// Size in bytes, or none if there is no object.
    pub(crate) fn size(&self) -> Option<u64> {
        fs::metadata(self.path())
            .ok()
            .map(|metadata| metadata.len())
    }

    /// Permission bits and file type.
    pub(crate) fn mode(&self) -> u32 {
        fs::metadata(self.path()).expect("the object exists").mode()
    }

    /// The object's bytes, none if there is no object.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap_or_default()
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.bytes()
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    }

    /// Makes an object with these contents, as a program that is not ours would.
    pub(crate) fn fill(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).expect("an object can be made");
    }

    pub(crate) fn unlink(&self) {
        fs::remove_file(self.path()).expect("the object exists");
    }

    /// The flag of the lesson's layout: how many readers ask for a message.
    pub(crate) fn flag(&self) -> Option<i32> {
        self.bytes()
            .first_chunk()
            .map(|bytes| i32::from_ne_bytes(*bytes))
    }

    /// How many messages were committed to a mailbox since its creation: the field `sent`, which a
    /// sender that was killed may have left one too low.
    pub(crate) fn sent(&self) -> u64 {
        self.count_at(128)
    }

    /// How many messages were acknowledged since a mailbox was created: the field `received`.
    pub(crate) fn received(&self) -> u64 {
        self.count_at(384)
    }

    fn count_at(&self, offset: usize) -> u64 {
        let bytes = self.bytes();
        let field = bytes.get(offset..).and_then(<[u8]>::first_chunk);
        field.map_or(0, |field| u64::from_ne_bytes(*field))
    }

    /// Waits until a sender has attached to a mailbox.
    #[track_caller]
    pub(crate) fn wait_for_sender(&self) {
        until("a sender has attached", || self.has_attached(SENDER));
    }

    /// Waits until a receiver has attached to a mailbox.
    #[track_caller]
    pub(crate) fn wait_for_receiver(&self) {
        until("a receiver has attached", || self.has_attached(RECEIVER));
    }

    /// Whether somebody holds the role with this byte, and nobody is attaching any more: the role comes first, and
    /// who is stopped before it has let go of `INIT` keeps everybody out.
    fn has_attached(&self, role: u64) -> bool {
        let locked = self.locked_bytes();
        locked.contains(&role) && !locked.contains(&INIT)
    }

    /// The bytes on which some process holds a lock, in order.
    pub(crate) fn locked_bytes(&self) -> Vec<u64> {
        let Ok(metadata) = fs::metadata(self.path()) else {
            return Vec::new();
        };
        // `1: OFDLCK ADVISORY  WRITE -1 00:1b:2 5 5`, see proc_locks(5).
        // With the device: each tmpfs counts its inodes from 1.
        // Major and minor number as makedev(3) packs them.
        let device = metadata.dev();
        let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00);
        let file = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
        let locks = fs::read_to_string("/proc/locks").expect("/proc/locks is readable");
        let mut bytes: Vec<u64> = locks
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields.len() == 8 && fields[5] == file)
            .filter_map(|fields| fields[6].parse().ok())
            .collect();
        bytes.sort_unstable();
        bytes
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
    }
}
