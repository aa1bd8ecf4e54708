//! Whole objects, made of bytes: mailboxes to which no process is attached, and objects that are
//! not mailboxes.

use shm_mailbox::Role;
use test_support::Name;

use super::content::content;
use super::raw::{places, stamp, stamp_offset, word};

/// The bytes of a mailbox to which no process is attached.
#[derive(Clone)]
pub(crate) struct Image {
    slots: u32,
    hot: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Image {
    /// Of an empty mailbox.
    pub(crate) fn new(slots: u32, hot: u32) -> Self {
        let count = if hot == slots { slots } else { hot + slots };
        let size = stamp_offset(usize::try_from(count).expect("a small number"));
        let mut image = Self {
            slots,
            hot,
            bytes: vec![0; size.next_multiple_of(4096)],
        };
        image.bytes[word::MAGIC..8].copy_from_slice(b"shm-mbox");
        image.put_half(word::VERSION, 1);
        image.put_half(word::KIND, 1);
        image.put_half(word::SLOTS, slots);
        image.put_half(word::HOT, hot);
        image.bytes[word::ID..word::ID + 16].fill(0x1D);
        image
    }

    /// With messages up to number `sent`, of which those up to `received` are acknowledged, in
    /// places where a sender may have put them.
    pub(crate) fn with(slots: u32, hot: u32, received: u64, sent: u64) -> Self {
        let mut image = Self::new(slots, hot);
        image.put(word::SENT, sent);
        image.put(word::RECEIVED, received);
        for number in received..sent {
            image.put_message(number, number - received);
        }
        image
    }

    /// Puts message `number` where a sender with `queued` messages puts it.
    pub(crate) fn put_message(&mut self, number: u64, queued: u64) {
        let places = places(number, self.slots, self.hot);
        let place = places[usize::from(queued >= u64::from(self.hot))];
        let message = content(number);
        let at = stamp_offset(place);
        self.put(at, stamp(number, message.len() as u64));
        self.bytes[at + 8..at + 8 + message.len()].copy_from_slice(&message);
    }

    pub(crate) fn put(&mut self, offset: usize, value: u64) {
        self.bytes[offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
    }

    pub(crate) fn put_half(&mut self, offset: usize, value: u32) {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Stores how the last holder of a role left.
    pub(crate) fn put_life(&mut self, role: Role, life: u64) {
        let offset = match role {
            Role::Sender => word::SENDER,
            Role::Receiver => word::RECEIVER,
        };
        self.put(offset, life);
    }

    /// Makes an object of these bytes that only this user may use.
    pub(crate) fn create(&self, name: &Name) {
        use std::os::unix::fs::PermissionsExt as _;
        name.fill(&self.bytes);
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(name.path(), mode).expect("our own file");
    }
}
