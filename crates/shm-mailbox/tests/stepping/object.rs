//! The object as the test sees it: its bytes, if there is one, and who may write which of them.

use std::fs;
use std::io;
use std::sync::atomic::AtomicU32;

use shm_mailbox::Role;

use crate::support::raw::{RECEIVED, RECEIVER_PARKED, SENDER_PARKED, SENT, STRIDE, stamp_offset};
use crate::support::{Name, Raw};

impl Name {
    /// The bytes of the object; `None` if there is none of this name.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        match fs::read(self.path()) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Raw {
    /// A role's `parked`.
    pub(crate) fn parked(&self, role: Role) -> &AtomicU32 {
        self.half(parked(role))
    }
}

/// Where a role's `parked` stands.
fn parked(role: Role) -> usize {
    match role {
        Role::Sender => SENDER_PARKED,
        Role::Receiver => RECEIVER_PARKED,
    }
}

/// Whether the holder of `role` may write the byte at `offset` while it sends or receives.
fn may_write(role: Role, offset: usize) -> bool {
    let announces = |role| (parked(role)..parked(role) + 4).contains(&offset);
    // `parked` is the one field that both sides write.
    announces(Role::Sender)
        || announces(Role::Receiver)
        || match role {
            Role::Sender => {
                let slots = stamp_offset(0);
                (SENT..SENT + 8).contains(&offset)
                    // Of each slot the 56 bytes at the end are nobody's.
                    || (offset >= slots && (offset - slots) % STRIDE < 8 + 1024)
            }
            Role::Receiver => (RECEIVED..RECEIVED + 8).contains(&offset),
        }
}

/// The first byte that differs and that the holder of `role` must not have touched.
pub(crate) fn trespass(role: Role, before: &[u8], after: &[u8]) -> Option<usize> {
    (0..before.len()).find(|&offset| before[offset] != after[offset] && !may_write(role, offset))
}
