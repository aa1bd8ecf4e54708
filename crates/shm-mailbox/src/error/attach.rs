//! Why an endpoint could not attach.

use shm_core::{
    BellError, MapError, NameError, OpenError, ResizeError, ShmName, SystemError, ViewError,
};
use thiserror::Error;

use super::holder;
use crate::memory::role::Role;
use crate::protocol::corrupt::Corrupt;

/// Why an endpoint could not be made.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttachError {
    /// The name is not a valid object name.
    #[error(transparent)]
    Name(NameError),
    /// The number of slots is not a power of two from 1 to 65,536.
    #[error("a mailbox cannot have {found} slots, expected a power of two from 1 to 65536")]
    Slots {
        /// The requested value.
        found: u32,
    },
    /// The mode is not permission bits alone, or does not let the owner read and write.
    #[error(
        "a mailbox cannot have mode {found:04o}, expected permission bits that let its owner read and write, like 0600"
    )]
    Mode {
        /// The requested value.
        found: u32,
    },
    /// The object could not be opened or created, or must not be used.
    #[error(transparent)]
    Open(OpenError),
    /// The memory could not be reserved.
    #[error(transparent)]
    Reserve(ResizeError),
    /// The object could not be mapped.
    #[error(transparent)]
    Map(MapError),
    /// The mapping could not be viewed as a mailbox.
    #[error(transparent)]
    View(ViewError),
    /// Another process holds the role.
    #[error(
        "object {name:?} already has a {role}, {}; end it first, or use another name", holder(*pid)
    )]
    RoleTaken {
        /// The object.
        name: ShmName,
        /// The role that is taken.
        role: Role,
        /// The process that has it, according to `/proc`; `None` if `/proc` does not show it to
        /// this process. For display only.
        pid: Option<u32>,
    },
    /// Another process has been attaching or closing for 2 s, longer than any running process
    /// takes. It is stopped.
    #[error(
        "object {name:?} has been locked for 2 seconds by a process that attaches or closes; \
        find the stopped process, and resume or end it"
    )]
    InitBusy {
        /// The object.
        name: ShmName,
    },
    /// Other processes replaced the object again and again while this one opened it.
    #[error(
        "object {name:?} was unlinked again each time it was opened; find the program that removes it"
    )]
    Unsteady {
        /// The object.
        name: ShmName,
    },
    /// The object is not a mailbox. It is left as it is.
    #[error("object {name:?} is not a mailbox but {found}; it was left as it is, use another name")]
    NotAMailbox {
        /// The object.
        name: ShmName,
        /// What was found instead.
        found: String,
    },
    /// The object has the classic layout of 1028 bytes: see [`classic`](crate::classic).
    #[error(
        "object {name:?} has the classic layout of 1028 bytes, not a mailbox's; use that layout"
    )]
    Classic {
        /// The object.
        name: ShmName,
    },
    /// The mailbox has another layout version.
    #[error(
        "object {name:?} has layout version {found}, this library speaks {expected}; \
        use the same version for both endpoints"
    )]
    Version {
        /// The object.
        name: ShmName,
        /// The value in the object.
        found: u32,
        /// The version of this library.
        expected: u32,
    },
    /// The mailbox is of a kind, or has a geometry, that this library does not know.
    #[error(
        "object {name:?} has {field} {found}, expected {expected}; use the same version for both endpoints"
    )]
    Geometry {
        /// The object.
        name: ShmName,
        /// Which field of the header, or `size`.
        field: &'static str,
        /// The value in the object.
        found: u64,
        /// The valid values.
        expected: String,
    },
    /// The number of hot slots is not a power of two from 1 to the number of slots.
    #[error(
        "a mailbox of {slots} slots cannot have {found} hot ones, expected a power of two from 1 to {slots}"
    )]
    HotSlots {
        /// The requested value.
        found: u32,
        /// How many slots there were to be.
        slots: u32,
    },
    /// The mailbox does not have the requested number of slots.
    #[error(
        "object {name:?} has {found} slots, expected {expected}; remove it first, or accept any number"
    )]
    OtherSlots {
        /// The object.
        name: ShmName,
        /// What the object has.
        found: u32,
        /// The requested value.
        expected: u32,
    },
    /// The object is of the other kind.
    #[error(
        "object {name:?} is a {found}, expected a {expected}; use another name, or attach to a {found}"
    )]
    OtherKind {
        /// The object.
        name: ShmName,
        /// What it is.
        found: &'static str,
        /// The requested value.
        expected: &'static str,
    },
    /// A bus cannot have this many senders and receivers.
    #[error(
        "a bus cannot have {senders} senders and {receivers} receivers, expected 1 to 32 of each, \
        and at most 65536 slots in all lanes"
    )]
    Seats {
        /// The requested number of senders.
        senders: u32,
        /// The requested number of receivers.
        receivers: u32,
    },
    /// The bus does not have room for the requested number of senders or receivers.
    #[error(
        "object {name:?} has room for {found} {role}s, expected {expected}; remove it first, or accept any number"
    )]
    OtherSeats {
        /// The object.
        name: ShmName,
        /// Whose seats they are.
        role: Role,
        /// What the object has.
        found: u32,
        /// The requested value.
        expected: u32,
    },
    /// A label is empty, longer than 31 bytes, or contains a zero byte.
    #[error("{found:?} cannot be a label, expected 1 to 31 bytes without a zero byte")]
    Label {
        /// The requested value.
        found: String,
    },
    /// A living process has the lane or place with this label.
    #[error(
        "object {name:?} already has an endpoint with the label {label:?}, {}; end it first, or use another label",
        holder(*pid)
    )]
    LabelTaken {
        /// The object.
        name: ShmName,
        /// The label.
        label: String,
        /// The process that has it; `None` if the system does not show it.
        pid: Option<u32>,
    },
    /// No lane or place of the bus has this label.
    #[error("object {name:?} has no {role} with the label {label:?}; look at the labels it has")]
    NoLabel {
        /// The object.
        name: ShmName,
        /// Whose seat it would be.
        role: Role,
        /// The label.
        label: String,
    },
    /// The bus has no room for another sender or receiver. Living processes have all seats, or the
    /// bus keeps them for labels.
    #[error(
        "object {name:?} has no room for another {role}; end one, forget a label, or use another name"
    )]
    NoPlace {
        /// The object.
        name: ShmName,
        /// Whose seats they are.
        role: Role,
    },
    /// A count in the object is impossible.
    #[error("object {name:?} is corrupt: {corrupt}; remove it and restart both processes")]
    Corrupt {
        /// The object.
        name: ShmName,
        /// The field and what it holds.
        corrupt: Corrupt,
    },
    /// A process truncated the object during the attach. Without [`shm_core::guard`] that raises
    /// SIGBUS.
    #[error(
        "object {name:?} was truncated during attaching; try again, or find the program that truncates it"
    )]
    Truncated {
        /// The object.
        name: ShmName,
    },
    /// The endpoint should sleep on a bell, and the system cannot provide one.
    #[error(transparent)]
    Bell(BellError),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl AttachError {
    #[cold]
    pub(crate) fn corrupt(name: &ShmName, corrupt: Corrupt) -> Self {
        Self::Corrupt {
            name: name.clone(),
            corrupt,
        }
    }
}
