//! A real object for each input.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bus::Bus;
use crate::{Mailbox, Options};

/// The name of an object for one input; dropping this removes the object.
pub(super) struct Name(String);

impl Name {
    pub(super) fn new(target: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!(
            "mailbox-fuzz-{target}-{}-{number}",
            std::process::id()
        ))
    }

    pub(super) fn path(&self) -> PathBuf {
        Path::new("/dev/shm").join(&self.0)
    }

    pub(super) fn options(&self) -> Options {
        Mailbox::options(&self.0)
    }

    pub(super) fn bus(&self) -> Options<Bus> {
        Bus::options(&self.0)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // Mostly the sender has unlinked it.
        let _ = std::fs::remove_file(self.path());
    }
}

/// The bytes of a mailbox of this many slots whose next message is number `next`, as
/// docs/protocol.md has them.
pub(super) fn mailbox(slots: u32, next: u64) -> Vec<u8> {
    let size = 640 + 1088 * usize::try_from(slots).expect("a small number");
    let mut bytes = vec![0; size.next_multiple_of(4096)];
    bytes[..8].copy_from_slice(b"shm-mbox");
    for (offset, value) in [(8, 1), (12, 1), (16, slots), (20, slots)] {
        bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }
    bytes[32..48].fill(1);
    for count in [128, 384] {
        bytes[count..count + 8].copy_from_slice(&next.to_ne_bytes());
    }
    bytes
}

/// The form of a bus whose slots are all hot.
#[derive(Clone, Copy)]
pub(super) struct BusForm {
    pub(super) slots: u32,
    pub(super) senders: u32,
    pub(super) receivers: u32,
}

impl BusForm {
    /// The offset of a slot's stamp, with slots counted through all lanes.
    pub(super) fn stamp(self, slot: usize) -> usize {
        let (senders, receivers) = (self.senders as usize, self.receivers as usize);
        128 + 256 * senders + 128 * senders * receivers + 128 * receivers + 1088 * slot
    }

    /// The bytes of a bus to which no process has attached, and whose lanes' next messages are
    /// number `next`, by docs/protocol-bus.md.
    pub(super) fn bytes(self, next: u64) -> Vec<u8> {
        let size = self.stamp((self.senders * self.slots) as usize);
        let mut bytes = vec![0; size.next_multiple_of(4096)];
        bytes[..8].copy_from_slice(b"shm-mbox");
        let words = [(8, 1), (12, 2), (16, self.slots), (20, self.slots)];
        let seats = [(24, self.senders), (28, self.receivers)];
        for (offset, value) in words.into_iter().chain(seats) {
            bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
        }
        bytes[32..48].fill(1);
        for lane in 0..self.senders as usize {
            // `sent`, and `floor`.
            for offset in [128 + 256 * lane, 280 + 256 * lane] {
                bytes[offset..offset + 8].copy_from_slice(&next.to_ne_bytes());
            }
        }
        bytes
    }
}
