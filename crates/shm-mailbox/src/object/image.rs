//! What an object holds, read through its descriptor before anything is mapped.

use shm_core::{Object, ShmName};

use crate::classic;
use crate::error::AttachError;
use crate::memory::geometry::{BusGeometry, Geometry, MAX_SEATS, MAX_SLOTS, is_whole_pages};
use crate::memory::id::MailboxId;
use crate::memory::layout::{KIND_BUS, KIND_MAILBOX, MAGIC, SLOTS_OFFSET, VERSION, offset};

/// What the header of a mailbox or a bus says, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) form: Form,
    pub(crate) id: MailboxId,
}

/// The form of an object, by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Mailbox(Geometry),
    Bus(BusGeometry),
}

impl Form {
    /// The ring of each sender.
    pub(crate) const fn ring(self) -> Geometry {
        match self {
            Self::Mailbox(geometry) => geometry,
            Self::Bus(form) => form.lane(),
        }
    }

    /// The size of the object in bytes.
    pub(crate) const fn object_size(self) -> u64 {
        match self {
            Self::Mailbox(geometry) => geometry.object_size(),
            Self::Bus(form) => form.object_size(),
        }
    }

    /// What it is called in errors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mailbox(_) => "mailbox",
            Self::Bus(_) => "bus",
        }
    }
}

impl Image {
    /// Reads and checks `object`. What is not a mailbox is an error and stays as it is.
    pub(crate) fn read(object: &Object) -> Result<Self, AttachError> {
        let size = object.size().map_err(AttachError::System)?;
        let name = object.name();
        if size == classic::SIZE {
            return Err(AttachError::Classic { name: name.clone() });
        }
        let foreign = |found| {
            Err(AttachError::NotAMailbox {
                name: name.clone(),
                found,
            })
        };
        if size == 0 {
            return foreign("an empty object".to_owned());
        }
        if !is_whole_pages(size) {
            return foreign(format!("{size} bytes, which are not whole pages of 4096"));
        }
        let mut bytes = [0; SLOTS_OFFSET];
        let count = object.read_at(&mut bytes, 0).map_err(AttachError::System)?;
        if count < bytes.len() {
            return foreign(format!("shorter than its {size} bytes"));
        }
        match word_at(&bytes, 0) {
            MAGIC => Self::check(&bytes, size, name),
            0 => foreign("memory that starts with zeros".to_owned()),
            magic => foreign(format!("memory that starts with {magic:#018x}")),
        }
    }

    /// Checks the header, `bytes`, of an object of `size` bytes that begins with the magic.
    pub(crate) fn check(
        bytes: &[u8; SLOTS_OFFSET],
        size: u64,
        name: &ShmName,
    ) -> Result<Self, AttachError> {
        let version = half_at(bytes, 8);
        if version != VERSION {
            return Err(AttachError::Version {
                name: name.clone(),
                found: version,
                expected: VERSION,
            });
        }
        let differs = |field, found, expected| {
            Err(AttachError::Geometry {
                name: name.clone(),
                field,
                found,
                expected,
            })
        };
        let kind = half_at(bytes, 12);
        if kind != KIND_MAILBOX && kind != KIND_BUS {
            let expected = format!("{KIND_MAILBOX} or {KIND_BUS}");
            return differs("kind", kind.into(), expected);
        }
        let slots = half_at(bytes, 16);
        if Geometry::new(slots).is_none() {
            let expected = format!("a power of two from 1 to {MAX_SLOTS}");
            return differs("slots", slots.into(), expected);
        }
        let hot = half_at(bytes, 20);
        let Some(geometry) = Geometry::with_hot(slots, hot) else {
            let expected = format!("a power of two from 1 to {slots}");
            return differs("hot slots", hot.into(), expected);
        };
        let form = match kind {
            KIND_BUS => {
                let (senders, receivers) = (half_at(bytes, 24), half_at(bytes, 28));
                for (field, found) in [("lanes", senders), ("places", receivers)] {
                    if !(1..=MAX_SEATS).contains(&found) {
                        return differs(field, found.into(), format!("1 to {MAX_SEATS}"));
                    }
                }
                let Some(form) = BusGeometry::new(geometry, senders, receivers) else {
                    let found = u64::from(slots) * u64::from(senders);
                    return differs("slots in all lanes", found, format!("at most {MAX_SLOTS}"));
                };
                Form::Bus(form)
            }
            _ => Form::Mailbox(geometry),
        };
        if size < form.object_size() {
            return differs("size", size, form.object_size().to_string());
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[offset::ID..offset::ID + 16]);
        let Some(id) = MailboxId::from_bytes(id) else {
            return differs("id", 0, "16 bytes that are not all 0".to_owned());
        };
        Ok(Self { form, id })
    }
}

fn word_at(bytes: &[u8; SLOTS_OFFSET], offset: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_ne_bytes(word)
}

fn half_at(bytes: &[u8; SLOTS_OFFSET], offset: usize) -> u32 {
    let mut half = [0; 4];
    half.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_ne_bytes(half)
}
