//! What the layout of a mailbox and the classic layout show to a process that is not attached.

use shm_core::ObjectOptions;

use crate::{Name, until};

/// The byte of a mailbox that is locked while a process attaches, closes or unlinks.
pub const INIT: u64 = 0;
/// The byte that the sender keeps locked.
pub const SENDER: u64 = 1;
/// The byte that the receiver keeps locked.
pub const RECEIVER: u64 = 2;
/// The last byte that an endpoint of a bus may lock.
const LAST: u64 = 64;
/// The size of an object in the classic layout: an `int` and 1024 characters.
pub const LESSON: u64 = 1028;

impl Name {
    /// The flag of the classic layout: how many readers ask for a message.
    pub fn flag(&self) -> Option<i32> {
        self.bytes()
            .first_chunk()
            .map(|bytes| i32::from_ne_bytes(*bytes))
    }

    /// How many messages were committed to a mailbox since its creation: the field `sent`, which a
    /// sender that was killed may have left one too low.
    pub fn sent(&self) -> u64 {
        self.count_at(128)
    }

    /// How many messages were acknowledged since a mailbox was created: the field `received`.
    pub fn received(&self) -> u64 {
        self.count_at(384)
    }

    /// The identity of a mailbox, as it is shown.
    pub fn id(&self) -> String {
        let id = &self.bytes()[32..48];
        id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn count_at(&self, offset: usize) -> u64 {
        let bytes = self.bytes();
        let field = bytes.get(offset..).and_then(<[u8]>::first_chunk);
        field.map_or(0, |field| u64::from_ne_bytes(*field))
    }

    /// Waits until a sender has attached to a mailbox.
    #[track_caller]
    pub fn wait_for_sender(&self) {
        until("a sender has attached", || self.has_attached(SENDER));
    }

    /// Waits until there is an object with the size of the classic layout.
    #[track_caller]
    pub fn wait_for_lesson(&self) {
        until("the object is made", || self.size() == Some(LESSON));
    }

    /// Waits until a receiver has attached to a mailbox.
    #[track_caller]
    pub fn wait_for_receiver(&self) {
        until("a receiver has attached", || self.has_attached(RECEIVER));
    }

    /// Whether a process has the role with this byte, and none is attaching any more. The role
    /// comes first, and a process that is stopped before it releases `INIT` keeps all others out.
    fn has_attached(&self, role: u64) -> bool {
        let locked = self.locked_bytes();
        locked.contains(&role) && !locked.contains(&INIT)
    }

    /// The bytes on which some process holds a lock, in order.
    ///
    /// It asks for each byte, because `/proc/locks` is read in parts and may miss a lock while
    /// other processes lock and unlock.
    pub fn locked_bytes(&self) -> Vec<u64> {
        let mut options = ObjectOptions::new();
        options.read_only(true).any_owner(true).any_mode(true);
        let Ok(object) = options.open(self) else {
            return Vec::new();
        };
        let is_locked = |byte: &u64| object.is_locked_elsewhere(*byte) == Ok(true);
        (INIT..=LAST).filter(is_locked).collect()
    }
}
