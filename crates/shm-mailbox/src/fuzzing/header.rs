//! Any bytes in a header: it is refused, or has a form that fits the object.

use shm_core::ShmName;

use super::input::Input;
use crate::memory::geometry::Geometry;
use crate::memory::id::MailboxId;
use crate::memory::layout::SLOTS_OFFSET;
use crate::memory::region::Region;
use crate::memory::sync::Ordering;
use crate::object::image::{Form, Image};
use crate::protocol;

/// Reads the header of a mailbox, some of whose bytes are others, and whose object may be of
/// another size: the form of the mailbox it is now, or `None` if it is refused.
pub(super) fn read(region: &Region, input: &mut Input<'_>) -> Option<Geometry> {
    let id = MailboxId::from_bytes([7; 16]).expect("not 0");
    protocol::write_header(region, id);
    let header = &region.control().header;
    let mut bytes = [0; SLOTS_OFFSET];
    let words = [&header.version, &header.kind, &header.slots, &header.hot];
    for (offset, word) in (8..).step_by(4).zip(words) {
        let word = word.load(Ordering::Relaxed);
        bytes[offset..offset + 4].copy_from_slice(&word.to_ne_bytes());
    }
    bytes[32..48].copy_from_slice(id.as_bytes());
    for _ in 0..input.byte() % 4 {
        bytes[usize::from(input.byte()) % 32] = input.byte();
    }
    let size = match input.byte() {
        255 => u64::from_le_bytes(input.bytes()),
        byte => region.geometry().object_size() + 4096 * u64::from(byte % 4) - 4096,
    };
    let name = ShmName::new("fuzzed").expect("a name");
    match Image::check(&bytes, size, &name) {
        Ok(Image { form, .. }) => {
            assert!(form.object_size() <= size);
            assert_eq!(bytes[16..20], form.ring().slots().to_ne_bytes());
            match form {
                Form::Mailbox(geometry) => Some(geometry),
                Form::Bus(_) => None,
            }
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    }
}
