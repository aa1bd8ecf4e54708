//! Removing an object that is not in use, without taking it from a process that is attaching.

use std::io::ErrorKind;

use shm_core::{
    ListEntry, Object, ObjectId, ObjectOptions, OpenError, ShmName, SystemError, Unlink,
};
use thiserror::Error;

use crate::error::into_io_error;
use crate::memory::label::Label;
use crate::memory::layout::INIT;
use crate::memory::role::{Role, Seat};
use crate::object::claim;
use crate::object::observe::{self, Content};
use crate::wait;

/// The condition under which to remove an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// A mailbox, or a bus, without sender, receiver and messages, and without a place that is
    /// kept.
    Stale,
    /// A mailbox, or a bus, without sender and receiver; its messages are lost.
    StaleWithMessages,
    /// Any object whose roles no process is known to have.
    Unused,
    /// Any object, even if it is in use or may not be opened.
    ///
    /// Its users continue with an object that has no name.
    Any,
}

/// Why an object was not removed.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemoveError {
    /// The object could not be opened.
    #[error(transparent)]
    Open(OpenError),
    /// A living process holds a role.
    #[error(
        "object {name:?} is in use: it has a {role}; end that process first, or force the removal"
    )]
    InUse {
        /// The object.
        name: ShmName,
        /// The role that is taken.
        role: Role,
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
    /// No process has it, but it has messages.
    #[error(
        "object {name:?} has messages that no receiver has taken ({queued}); receive them, or remove it with them"
    )]
    Messages {
        /// The object.
        name: ShmName,
        /// How many.
        queued: u64,
    },
    /// No process has the bus, but it keeps a place for an absent receiver.
    #[error(
        "object {name:?} keeps a place for the receiver {label:?}; forget that label, or remove it with it"
    )]
    Kept {
        /// The object.
        name: ShmName,
        /// The label of the place.
        label: Label,
    },
    /// The object is neither a mailbox nor a bus.
    #[error("object {name:?} is not a mailbox; it was left as it is")]
    NotAMailbox {
        /// The object.
        name: ShmName,
    },
    /// A system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

/// Removes the name of an object, if `removal` allows it.
///
/// If `expected` is given, it must be the identity of the object.
///
/// The call holds the lock that attaching and closing take, and compares the name with the object.
/// Unless the removal is [`Removal::Any`], it also holds both roles, or all lanes and places. A
/// process that attaches at that moment finds either the object as it was, or a free name. Two
/// cases are not protected: a process that keeps to no protocol (`rm`), and [`Removal::Any`] of an
/// object that may not be opened, or whose lock belongs to a stopped process.
///
/// [`Unlink::Replaced`] means that the name belongs to another object than `expected` or the one
/// that was opened.
///
/// # Errors
///
/// [`RemoveError`]: the object and its messages are as they were.
pub fn remove(
    name: &ShmName,
    expected: Option<ObjectId>,
    removal: Removal,
) -> Result<Unlink, RemoveError> {
    let mut options = ObjectOptions::new();
    options.any_owner(true).any_mode(true);
    let object = match options.open(name) {
        Err(OpenError::PermissionDenied { .. }) if removal == Removal::Any => {
            return remove_unopened(name, expected);
        }
        object => object.map_err(RemoveError::Open)?,
    };
    if expected.is_some_and(|expected| expected != object.id()) {
        return Ok(Unlink::Replaced);
    }
    let taken = match removal {
        Removal::Any => take_init(&object),
        _ => take_seats(&object),
    };
    let has_name = match taken {
        Err(RemoveError::InitBusy { .. }) if removal == Removal::Any => true,
        taken => taken?,
    };
    if !has_name {
        return Ok(Unlink::AlreadyGone);
    }
    check(&object, removal)?;
    // The locks go with the object.
    object.unlink().map_err(RemoveError::System)
}

/// Locks need an object that may be written to; unlinking it does not.
fn remove_unopened(name: &ShmName, expected: Option<ObjectId>) -> Result<Unlink, RemoveError> {
    match (ListEntry::find(name)?, expected) {
        (None, _) => return Ok(Unlink::AlreadyGone),
        (Some(found), Some(expected)) if found.id != expected => return Ok(Unlink::Replaced),
        _ => {}
    }
    shm_core::unlink(name)?;
    Ok(Unlink::Done)
}

/// Takes INIT; `false` if the object has lost its name.
fn take_init(object: &Object) -> Result<bool, RemoveError> {
    let init = claim::init(object)?;
    init.ok_or_else(|| RemoveError::InitBusy {
        name: object.name().clone(),
    })?;
    Ok(object.has_name()?)
}

/// Takes INIT and all seats; `false` if the object has lost its name.
fn take_seats(object: &Object) -> Result<bool, RemoveError> {
    let mut holder = Role::Sender;
    let taken = wait::retry(claim::ROLE_LIMIT, || -> Result<_, RemoveError> {
        if !take_init(object)? {
            return Ok(Some(false));
        }
        let seats = seats(&observe::look(object)?);
        for (taken, seat) in seats.iter().enumerate() {
            if claim::lock(object, seat.lock_byte())?.is_none() {
                holder = seat.role;
                // Unlock everything between two attempts, because a process that closes needs INIT.
                for seat in &seats[..taken] {
                    object.unlock(seat.lock_byte())?;
                }
                object.unlock(INIT)?;
                return Ok(None);
            }
        }
        Ok(Some(true))
    })?;
    taken.ok_or_else(|| RemoveError::InUse {
        name: object.name().clone(),
        role: holder,
    })
}

/// The seats that an object has: one of each role, unless it is a bus.
fn seats(content: &Content) -> Vec<Seat> {
    let (senders, receivers) = match content {
        Content::Bus(seen) => (seen.senders, seen.receivers),
        _ => (1, 1),
    };
    let senders = (0..senders).map(|lane| Seat::new(Role::Sender, lane));
    let receivers = (0..receivers).map(|place| Seat::new(Role::Receiver, place));
    senders.chain(receivers).collect()
}

/// An error unless what is in the object may be removed.
fn check(object: &Object, removal: Removal) -> Result<(), RemoveError> {
    if matches!(removal, Removal::Any | Removal::Unused) {
        return Ok(());
    }
    let name = || object.name().clone();
    let (queued, label) = match observe::look(object)? {
        Content::Mailbox(seen) => (seen.queued, None),
        Content::Bus(seen) => (
            seen.queued(),
            seen.kept().next().and_then(|place| place.label),
        ),
        _ => return Err(RemoveError::NotAMailbox { name: name() }),
    };
    match (removal, queued, label) {
        (Removal::Stale, 1.., _) => Err(RemoveError::Messages {
            name: name(),
            queued,
        }),
        (Removal::Stale, 0, Some(label)) => Err(RemoveError::Kept {
            name: name(),
            label,
        }),
        _ => Ok(()),
    }
}

into_io_error!(RemoveError);

impl RemoveError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`ResourceBusy`](ErrorKind::ResourceBusy) | [`InUse`](Self::InUse), [`InitBusy`](Self::InitBusy) |
    /// | [`DirectoryNotEmpty`](ErrorKind::DirectoryNotEmpty) | [`Messages`](Self::Messages), [`Kept`](Self::Kept) |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`NotAMailbox`](Self::NotAMailbox) |
    /// | that of the error inside | [`Open`](Self::Open), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Open(error) => error.kind(),
            Self::InUse { .. } | Self::InitBusy { .. } => ErrorKind::ResourceBusy,
            Self::Messages { .. } | Self::Kept { .. } => ErrorKind::DirectoryNotEmpty,
            Self::NotAMailbox { .. } => ErrorKind::InvalidData,
            Self::System(error) => error.kind(),
        }
    }
}
