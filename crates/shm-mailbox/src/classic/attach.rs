//! From a name to an attached object: opened or created, of the right size, with the role's lock held.
//!
//! The lock INIT, as in a mailbox, is held while attaching and while unlinking. So whoever holds it and
//! finds the object linked can take his time: nobody of ours unlinks it, or sizes it, meanwhile.

use std::time::Duration;

use shm_core::{
    Created, Lock, Mapping, Object, ObjectOptions, OpenError, ShmName, SystemError, fork,
};

use super::error::AttachError;
use super::layout::{SIZE, View};
use super::link::Link;
use super::umask;
use crate::layout::lock_byte;
use crate::role::Role;
use crate::wait;

/// The mode that the lesson's writer passes to `shm_open`.
const MODE: u32 = 0o666;
/// How long INIT may be busy: attaching takes 20 ms at most, unless its process is stopped.
pub(super) const INIT_LIMIT: Duration = Duration::from_secs(2);
/// How long a role may be busy: a killed process holds its locks for 50 to 300 µs more.
const ROLE_LIMIT: Duration = Duration::from_millis(20);
/// How often the name may vanish between our opening and locking it.
const ROUNDS: u32 = 100;

/// What attaching gives.
pub(super) struct Attached {
    pub(super) link: Link,
    pub(super) created: Created,
}

/// Attaches to the object `name` as `role`. Only a sender creates one.
pub(super) fn attach(name: &str, role: Role, any_owner: bool) -> Result<Attached, AttachError> {
    let name = ShmName::new(name).map_err(AttachError::Name)?;
    let process = fork::token().map_err(|source| {
        AttachError::System(SystemError {
            call: "madvise",
            name: Some(name.clone()),
            source,
        })
    })?;
    for _ in 0..ROUNDS {
        let (object, created) = open(&name, role, any_owner)?;
        lock_within(&object, lock_byte::INIT, INIT_LIMIT)?.ok_or_else(|| {
            AttachError::InitBusy {
                name: name.to_string(),
            }
        })?;
        if !object.is_linked()? {
            // Unlinked between our opening and locking it; what has the name now is another object.
            continue;
        }
        let view = match prepare(&object, role) {
            Ok(view) => view,
            Err(error) => {
                if created == Created::Yes && is_nobodys(&error) {
                    // The error to tell is the first one.
                    let _ = object.unlink();
                }
                return Err(error);
            }
        };
        object.unlock(lock_byte::INIT)?;
        return Ok(Attached {
            link: Link::new(view, object, process),
            created,
        });
    }
    Err(AttachError::Unsteady {
        name: name.to_string(),
    })
}

fn open(name: &ShmName, role: Role, any_owner: bool) -> Result<(Object, Created), AttachError> {
    let mut options = ObjectOptions::new();
    // The lesson's objects are open to others unless the umask forbids it.
    options.any_mode(true).any_owner(any_owner);
    let opened = match role {
        Role::Sender => options.mode(umask::masked(MODE)).open_or_create(name),
        Role::Receiver => options.open(name).map(|object| (object, Created::No)),
    };
    opened.map_err(|error| match error {
        OpenError::NotFound { name } => AttachError::NotFound {
            name: name.to_string(),
        },
        other => AttachError::Open(other),
    })
}

/// Sees to size and memory, takes the role, and maps. The caller holds INIT.
fn prepare(object: &Object, role: Role) -> Result<View, AttachError> {
    match object.size()? {
        // New, or a C writer is between its O_TRUNC and its ftruncate; both want the same size.
        0 => {}
        SIZE => {}
        found => {
            return Err(AttachError::Foreign {
                name: object.name().to_string(),
                expected: SIZE,
                found,
            });
        }
    }
    // The C writer's ftruncate leaves a hole, and touching that on a full /dev/shm is SIGBUS.
    object.reserve(SIZE).map_err(AttachError::Reserve)?;
    lock_within(object, lock_byte::of(role), ROLE_LIMIT)?.ok_or_else(|| {
        AttachError::RoleTaken {
            name: object.name().to_string(),
            role,
        }
    })?;
    let mapping = Mapping::shared(object).map_err(AttachError::Map)?;
    View::new(mapping).map_err(AttachError::View)
}

/// Whether an object that we have made, and could not prepare for this reason, is of use to nobody else.
fn is_nobodys(error: &AttachError) -> bool {
    !matches!(
        error,
        AttachError::RoleTaken { .. } | AttachError::Foreign { .. }
    )
}

/// Takes the lock of a byte, or `None` if it is busy for so long.
pub(super) fn lock_within(
    object: &Object,
    byte: u64,
    limit: Duration,
) -> Result<Option<()>, SystemError> {
    wait::retry(limit, || {
        Ok(match object.try_lock(byte)? {
            Lock::Taken => Some(()),
            Lock::Busy => None,
        })
    })
}
