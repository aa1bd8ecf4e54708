//! Removing an object that nobody uses any more, without taking it from somebody who is just coming.

use std::error::Error;
use std::fmt;

use shm_core::{
    ListEntry, Object, ObjectId, ObjectOptions, OpenError, ShmName, SystemError, Unlink,
};

use crate::claim;
use crate::error::init_busy;
use crate::layout::lock_byte;
use crate::observe::{self, Content};
use crate::role::Role;
use crate::wait;

/// What may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// A mailbox that nobody holds and that has no messages.
    Stale,
    /// A mailbox that nobody holds, with the messages in it.
    StaleWithMessages,
    /// Whatever it is, if nobody is known to hold it.
    Unused,
    /// Whatever it is, also from under its users, who go on with an object that has no name, and also if it may
    /// not be opened.
    Any,
}

/// Why an object was not removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoveError {
    /// It could not be opened.
    Open(OpenError),
    /// A living process holds a role.
    InUse {
        /// The object.
        name: String,
        /// The role that is held.
        role: Role,
    },
    /// Another process has been attaching or closing for longer than any does (2 s); it is stopped.
    InitBusy {
        /// The object.
        name: String,
    },
    /// Nobody holds it, but it has messages.
    Messages {
        /// The object.
        name: String,
        /// How many.
        queued: u64,
    },
    /// It is no mailbox.
    NotAMailbox {
        /// The object.
        name: String,
    },
    /// A system call failed.
    System(SystemError),
}

/// Removes the name of an object, if it is what `removal` allows, and `expected`, unless that is none.
///
/// Meanwhile the lock is held that attaching and closing take, and, unless the removal is [`Removal::Any`], both
/// roles; and the name is compared with the object: whoever is just coming finds either the object as it was, or a
/// free name. A process that keeps to no protocol (`rm`) can still come in between, and so can anybody where
/// [`Removal::Any`] meets an object that may not be opened, or a process that was stopped while it had that lock.
///
/// [`Unlink::Replaced`] means that the name belongs to another object than `expected` or the one that was opened.
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
        _ => take_roles(&object),
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
        name: object.name().to_string(),
    })?;
    Ok(object.has_name()?)
}

/// Takes INIT and both roles; `false` if the object has lost its name.
fn take_roles(object: &Object) -> Result<bool, RemoveError> {
    let mut holder = Role::Sender;
    let taken = wait::retry(claim::ROLE_LIMIT, || -> Result<_, RemoveError> {
        if !take_init(object)? {
            return Ok(Some(false));
        }
        for role in [Role::Sender, Role::Receiver] {
            if claim::lock(object, lock_byte::of(role))?.is_none() {
                holder = role;
                // Everything is given back between two attempts: who wants to close needs INIT.
                object.unlock(lock_byte::SENDER)?;
                object.unlock(lock_byte::INIT)?;
                return Ok(None);
            }
        }
        Ok(Some(true))
    })?;
    taken.ok_or_else(|| RemoveError::InUse {
        name: object.name().to_string(),
        role: holder,
    })
}

/// An error unless what is in the object may be removed.
fn check(object: &Object, removal: Removal) -> Result<(), RemoveError> {
    if matches!(removal, Removal::Any | Removal::Unused) {
        return Ok(());
    }
    let name = || object.name().to_string();
    match observe::look(object)? {
        Content::Mailbox(seen) if seen.queued > 0 && removal == Removal::Stale => {
            Err(RemoveError::Messages {
                name: name(),
                queued: seen.queued,
            })
        }
        Content::Mailbox(_) => Ok(()),
        _ => Err(RemoveError::NotAMailbox { name: name() }),
    }
}

impl From<SystemError> for RemoveError {
    fn from(error: SystemError) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for RemoveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::InUse { name, role } => write!(
                f,
                "object {name:?} is in use: it has a {role}; end that process first, or force the removal"
            ),
            Self::InitBusy { name } => init_busy(f, name),
            Self::Messages { name, queued } => write!(
                f,
                "object {name:?} has messages that nobody has taken ({queued}); receive them, or remove it with them"
            ),
            Self::NotAMailbox { name } => {
                write!(f, "object {name:?} is not a mailbox; it was left as it is")
            }
            Self::System(error) => error.fmt(f),
        }
    }
}

impl Error for RemoveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open(error) => error.source(),
            Self::System(error) => error.source(),
            _ => None,
        }
    }
}
