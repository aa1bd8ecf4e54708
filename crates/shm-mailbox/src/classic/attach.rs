//! From a name to an attached object: opened or created, of the right size, with the role's lock
//! held.
//!
//! The lock INIT, as in a mailbox, is held while attaching and while unlinking. So a process that
//! holds it and finds the object linked can take its time: no Rust program unlinks the object or
//! changes its size until then.

use std::time::Duration;

use shm_core::{Created, Mapping, Object, ObjectOptions, OpenError, ShmName, fork};

use super::error::AttachError;
use super::layout::{SIZE, View};
use super::link::Link;
use super::umask;
use crate::memory::layout::INIT;
use crate::memory::role::Role;
use crate::object::claim;
use crate::wait;

/// The mode that the C writer passes to `shm_open`.
const MODE: u32 = 0o666;
/// How often the name may vanish between our opening and locking it.
const ROUNDS: u32 = 100;

/// What attaching gives.
pub(super) struct Attached {
    pub(super) link: Link,
    pub(super) created: Created,
}

/// Attaches to the object `name` as `role`, for which it asks as long as `limit`. Only a sender
/// creates one.
pub(super) fn attach(
    name: &str,
    role: Role,
    any_owner: bool,
    limit: Duration,
) -> Result<Attached, AttachError> {
    let name = ShmName::new(name).map_err(AttachError::Name)?;
    let process = fork::token().map_err(AttachError::System)?;
    for _ in 0..ROUNDS {
        let (object, created) = open(&name, role, any_owner)?;
        let claimed = wait::retry(limit, || claim(&object, role));
        let view = match claimed {
            Ok(Some(Claim::Unlinked)) => continue,
            Ok(Some(Claim::Held)) => map(&object),
            Ok(None) => Err(AttachError::RoleTaken {
                name: name.clone(),
                role,
            }),
            Err(error) => Err(error),
        };
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                if created == Created::Yes && is_nobodys(&error) && holds_init(&object) {
                    // The error to tell is the first one.
                    let _ = object.unlink();
                }
                return Err(error);
            }
        };
        object.unlock(INIT)?;
        return Ok(Attached {
            link: Link::new(view, object, process),
            created,
        });
    }
    Err(AttachError::Unsteady { name: name.clone() })
}

fn open(name: &ShmName, role: Role, any_owner: bool) -> Result<(Object, Created), AttachError> {
    let mut options = ObjectOptions::new();
    // The C programs' objects are open to others unless the umask forbids it.
    options.any_mode(true).any_owner(any_owner);
    let opened = match role {
        Role::Sender => options.mode(umask::masked(MODE)).open_or_create(name),
        Role::Receiver => options.open(name).map(|object| (object, Created::No)),
    };
    opened.map_err(|error| match error {
        OpenError::NotFound { name } => AttachError::NotFound { name: name.clone() },
        other => AttachError::Open(other),
    })
}

/// What became of an attempt to get hold of an object.
enum Claim {
    /// The role is ours, and INIT is still held.
    Held,
    /// The object was unlinked between our opening and locking it; what has the name now is
    /// another.
    Unlinked,
}

/// Sees to size and memory, and takes the role; `None` if that is busy.
///
/// INIT is given back between two attempts, since the process that has the role needs it to close.
fn claim(object: &Object, role: Role) -> Result<Option<Claim>, AttachError> {
    let name = || object.name().clone();
    claim::init(object)?.ok_or_else(|| AttachError::InitBusy { name: name() })?;
    if !object.has_name()? {
        return Ok(Some(Claim::Unlinked));
    }
    let status = object.status()?;
    // 0: new, or a C writer is between its O_TRUNC and its ftruncate. Both want the same size.
    if status.size != 0 && status.size != SIZE {
        return Err(AttachError::Foreign {
            name: name(),
            expected: SIZE,
            found: status.size,
        });
    }
    // The C writer's ftruncate leaves a hole, and touching that on a full /dev/shm is SIGBUS.
    object.reserve(SIZE).map_err(AttachError::Reserve)?;
    if claim::lock(object, role.lock_byte())?.is_none() {
        object.unlock(INIT)?;
        return Ok(None);
    }
    Ok(Some(Claim::Held))
}

fn map(object: &Object) -> Result<View, AttachError> {
    let mapping = Mapping::shared(object).map_err(AttachError::Map)?;
    View::new(mapping).map_err(AttachError::View)
}

/// Whether INIT is ours, or was free and is now.
fn holds_init(object: &Object) -> bool {
    matches!(claim::lock(object, INIT), Ok(Some(())))
}

/// Whether an object that we have made, and could not prepare for this reason, is of use to nobody
/// else.
fn is_nobodys(error: &AttachError) -> bool {
    !matches!(
        error,
        AttachError::RoleTaken { .. } | AttachError::Foreign { .. }
    )
}
