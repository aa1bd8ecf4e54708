//! The object as the test sees it: its name, its bytes, and where the documented fields are.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use shm_core::{Mapping, ObjectOptions, ShmName};
use shm_mailbox::{Mailbox, Options, Role};

/// Offsets, as in docs/protocol.md.
pub(crate) const SENT: usize = 128;
pub(crate) const SENDER: usize = 256;
pub(crate) const RECEIVED: usize = 384;
pub(crate) const RECEIVER: usize = 512;
pub(crate) const SLOTS: usize = 640;
pub(crate) const STRIDE: usize = 1088;
/// From the start of a role's second block.
pub(crate) const PARKED: usize = 8;

/// A name of its own for each use; whatever has it is unlinked at the end, also of a test that fails.
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("shm-test-stepping-{}-{count}", std::process::id()))
    }

    pub(crate) fn options(&self) -> Options {
        Mailbox::options(&self.0)
    }

    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(&self.0)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path().exists()
    }

    /// The bytes of the object; `None` if there is none of this name.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match fs::read(self.path()) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path());
    }
}

/// The bytes of an object, seen over the shoulders of those who use it.
pub(crate) struct View(Mapping);

impl View {
    pub(crate) fn of(name: &Name) -> Self {
        let name = ShmName::new(&name.0).expect("a good name");
        let object = ObjectOptions::new().open(&name).expect("open the object");
        Self(Mapping::shared(&object).expect("map the object"))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.0.len()];
        self.read(&mut bytes);
        bytes
    }

    pub(crate) fn read(&self, bytes: &mut [u8]) {
        self.0.read(0, bytes).expect("within the object");
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        self.0.write(0, bytes).expect("within the object");
    }

    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        self.0.view(offset).expect("within the object")
    }

    pub(crate) fn half(&self, offset: usize) -> &AtomicU32 {
        self.0.view(offset).expect("within the object")
    }

    /// A role's `parked`.
    pub(crate) fn parked(&self, role: Role) -> &AtomicU32 {
        self.half(presence(role) + PARKED)
    }
}

fn presence(role: Role) -> usize {
    match role {
        Role::Sender => SENDER,
        Role::Receiver => RECEIVER,
    }
}

/// Whether the holder of `role` may write the byte at `offset` while it sends or receives.
pub(crate) fn may_write(role: Role, offset: usize) -> bool {
    let parked = |role| (presence(role) + PARKED..presence(role) + PARKED + 4).contains(&offset);
    // `parked` is the one field that both sides write.
    parked(Role::Sender)
        || parked(Role::Receiver)
        || match role {
            Role::Sender => {
                (SENT..SENT + 8).contains(&offset)
                    // Of each slot the 56 bytes at the end are nobody's.
                    || (offset >= SLOTS && (offset - SLOTS) % STRIDE < 8 + 1024)
            }
            Role::Receiver => (RECEIVED..RECEIVED + 8).contains(&offset),
        }
}

/// The first byte that differs and that the holder of `role` must not have touched.
pub(crate) fn trespass(role: Role, before: &[u8], after: &[u8]) -> Option<usize> {
    (0..before.len()).find(|&offset| before[offset] != after[offset] && !may_write(role, offset))
}
