//! Attaching and closing: how an endpoint comes to its object, and how it leaves.
//!
//! Everything that changes who is there happens under the INIT lock, one byte of the object, which the
//! kernel frees when its holder dies. A process killed at any step leaves an object that the next one can
//! use: without a name (start over), half-made (finish it), or finished.

use std::cell::Cell;

use shm_core::{
    Created, Mapping, Object, ObjectOptions, ShmName, SystemError, Unlink, barrier, fork,
};

use crate::channel::{Channel, Fences, wake_unconditionally};
use crate::claim;
use crate::error::{AttachError, CloseError};
use crate::image::Image;
use crate::layout::{Geometry, lock_byte};
use crate::options::Options;
use crate::protocol;
use crate::region::Region;
use crate::role::Role;
use crate::wait;

/// How often the name may change hands while we attach.
const ATTEMPTS: u32 = 100;

/// What closing left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The object is unlinked: its memory is freed when the last process lets go of it.
    Unlinked,
    /// The object and the messages in it stay.
    Kept {
        /// Messages committed and not yet acknowledged.
        queued: u64,
    },
}

/// What to do with the object when closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// Unlink it if that is due.
    IfDue,
    /// Leave it.
    Keep,
}

/// Attaches `role`: opens or creates the object, takes the role, and lets the peer know.
///
/// `resume` makes the role's cursor; it runs while the role is held and INIT is locked.
pub(crate) fn attach<C>(
    options: &Options,
    role: Role,
    resume: impl Fn(&Region) -> Result<C, crate::Corrupt>,
) -> Result<(Channel, C), AttachError> {
    let name = ShmName::new(&options.name).map_err(AttachError::Name)?;
    let wanted = wanted(options)?;
    check_mode(options)?;
    let token = fork::token().map_err(AttachError::System)?;
    let objects = objects(options);
    let fences = Fences::new(options.wait);
    let mut holder = 0;
    // Everything is given back between two attempts: who wants to close needs INIT.
    let attached = wait::retry(claim::ROLE_LIMIT, || -> Result<_, AttachError> {
        let (object, region, created) = prepare(&objects, &name, wanted, options)?;
        let begun = begin(&object, &region, role, fences, &resume);
        if begun.is_err() && created {
            // Made here, under INIT, which is still ours, so nobody else has attached. The error to tell
            // is the first one.
            let _: Result<Unlink, SystemError> = object.unlink();
        }
        let Some(cursor) = begun? else {
            holder = protocol::holder(&region.side(role).presence);
            return Ok(None);
        };
        let channel = Channel {
            object,
            region,
            role,
            created,
            await_peer: options.await_peer,
            token,
            fences,
            broken: None,
            known_life: Cell::new(0),
            abandoned: Cell::new(false),
            announced: Cell::new(false),
        };
        Ok(Some((channel, cursor)))
    })?;
    attached.ok_or_else(|| AttachError::RoleTaken {
        name: name.to_string(),
        role,
        pid: holder,
    })
}

/// Takes the role, if it is free, lets the peer know, and frees INIT, which the caller holds.
fn begin<C>(
    object: &Object,
    region: &Region,
    role: Role,
    fences: Fences,
    resume: impl Fn(&Region) -> Result<C, crate::Corrupt>,
) -> Result<Option<C>, AttachError> {
    if claim::lock(object, lock_byte::of(role))?.is_none() {
        return Ok(None);
    }
    let cursor = resume(region);
    ensure_memory(region, object)?;
    let cursor = cursor.map_err(|corrupt| AttachError::Corrupt {
        name: object.name().to_string(),
        corrupt,
    })?;
    let presence = &region.side(role).presence;
    protocol::begin_life(presence, std::process::id(), fences.word());
    // So that the peer goes by our word on fences from now on. Where it is impossible it is rarely needed, and
    // costs a slice.
    let _: bool = barrier::heavy();
    wake_unconditionally(&region.side(role.peer()).presence);
    ensure_memory(region, object)?;
    object.unlock(lock_byte::INIT)?;
    Ok(Some(cursor))
}

/// The form of the mailbox if we make it.
fn wanted(options: &Options) -> Result<Geometry, AttachError> {
    let geometry = match options.slots {
        None => Geometry::DEFAULT,
        Some(slots) => Geometry::new(slots).ok_or(AttachError::Slots { found: slots })?,
    };
    let Some(found) = options.hot_slots else {
        return Ok(geometry);
    };
    let slots = geometry.slots();
    Geometry::with_hot(slots, found).ok_or(AttachError::HotSlots { found, slots })
}

/// An error if the mode would keep even the owner's other end out, or is more than permissions.
fn check_mode(options: &Options) -> Result<(), AttachError> {
    match options.mode {
        Some(found) if found > 0o777 || found & 0o600 != 0o600 => Err(AttachError::Mode { found }),
        _ => Ok(()),
    }
}

/// The object with INIT locked, still linked, and the mailbox in it. Whether it was made here is the
/// third value.
fn prepare(
    objects: &ObjectOptions,
    name: &ShmName,
    wanted: Geometry,
    options: &Options,
) -> Result<(Object, Region, bool), AttachError> {
    for _ in 0..ATTEMPTS {
        let (object, created) = if options.create {
            objects.open_or_create(name).map_err(AttachError::Open)?
        } else {
            (objects.open(name).map_err(AttachError::Open)?, Created::No)
        };
        let init = claim::init(&object)?;
        init.ok_or_else(|| AttachError::InitBusy {
            name: name.to_string(),
        })?;
        if !object.is_linked()? {
            // Unlinked between our opening and our locking: the name is free, or another's.
            continue;
        }
        return match mailbox(&object, wanted, options) {
            Ok((region, created)) => Ok((object, region, created)),
            Err(error) => {
                // What we created may be another's mailbox by now, if it got INIT first. If it is still
                // half-made, nobody has attached, and nobody can, since INIT is ours: leave nothing behind.
                if created == Created::Yes && matches!(Image::read(&object), Ok(Image::HalfMade)) {
                    let _: Result<Unlink, SystemError> = object.unlink();
                }
                Err(error)
            }
        };
    }
    Err(AttachError::Unsteady {
        name: name.to_string(),
    })
}

fn objects(options: &Options) -> ObjectOptions {
    let mut objects = ObjectOptions::new();
    objects
        .any_owner(options.any_owner)
        .any_mode(options.any_owner);
    if let Some(group) = options.group {
        objects.group(group).mode(0o660);
    }
    if let Some(mode) = options.mode {
        objects.mode(mode);
    }
    objects
}

/// The object's mailbox, finished first if it is half-made. Whether we have done that is the second
/// value. The caller holds INIT.
fn mailbox(
    object: &Object,
    wanted: Geometry,
    options: &Options,
) -> Result<(Region, bool), AttachError> {
    match Image::read(object)? {
        Image::HalfMade => {
            object
                .reserve(wanted.object_size())
                .map_err(AttachError::Reserve)?;
            let region = map(object, wanted)?;
            protocol::write_header(&region);
            Ok((region, true))
        }
        Image::Mailbox(found)
            if options.exact && options.slots.is_some() && found.slots() != wanted.slots() =>
        {
            Err(AttachError::OtherSlots {
                name: object.name().to_string(),
                found: found.slots(),
                expected: wanted.slots(),
            })
        }
        Image::Mailbox(found) => Ok((map(object, found)?, false)),
    }
}

/// An error if the object was cut off while we attached, and the guard has put zeros in its place.
fn ensure_memory(region: &Region, object: &Object) -> Result<(), AttachError> {
    if region.is_lost() {
        return Err(AttachError::Truncated {
            name: object.name().to_string(),
        });
    }
    Ok(())
}

fn map(object: &Object, geometry: Geometry) -> Result<Region, AttachError> {
    let mapping = Mapping::shared(object).map_err(AttachError::Map)?;
    Region::map(mapping, geometry).map_err(AttachError::View)
}

/// Ends an endpoint: marks it closed, unlinks the object if that is due, frees the role, and wakes the
/// peer, which then finds a free lock and an odd `life`.
///
/// The sender owns the name and unlinks it once everything was acknowledged; with messages left, the
/// object stays for the next receiver. A receiver unlinks only what it made itself and no sender ever
/// attached to.
pub(crate) fn close(channel: &Channel, disposal: Disposal) -> Result<Closed, CloseError> {
    if !channel.token.is_current() {
        // A forked child's copy: the endpoint is the parent's.
        return Err(CloseError::Forked {
            name: channel.name().to_owned(),
        });
    }
    let object = &channel.object;
    let truncated = || CloseError::Truncated {
        name: channel.name().to_owned(),
    };
    let size = object.size().map_err(CloseError::System)?;
    if size < channel.region.geometry().object_size() || channel.broken_memory() {
        // Nothing may be touched any more; the role goes with the descriptor.
        return Err(truncated());
    }
    let init = claim::init(object).map_err(CloseError::System)?;
    protocol::end_life(channel.own());
    let queued = protocol::queued(&channel.region);
    if channel.broken_memory() {
        // A count of zeros must not unlink anything.
        return Err(truncated());
    }
    let due = match channel.role {
        Role::Sender => queued == 0,
        Role::Receiver => channel.created && protocol::read_life(channel.peer()) == 0,
    };
    let unlinked = init.is_some() && due && disposal == Disposal::IfDue;
    let unlinking = match unlinked {
        // By identity: a name that is gone, or another object's by now, is left alone.
        true => object.unlink().map(drop),
        false => Ok(()),
    };
    // Whatever came of that (only the owner of an object may unlink it), the role is free and the peer told.
    object
        .unlock(lock_byte::of(channel.role))
        .map_err(CloseError::System)?;
    wake_unconditionally(channel.peer());
    if init.is_none() {
        return Err(CloseError::InitBusy {
            name: channel.name().to_owned(),
        });
    }
    object.unlock(lock_byte::INIT).map_err(CloseError::System)?;
    unlinking.map_err(CloseError::System)?;
    Ok(if unlinked {
        Closed::Unlinked
    } else {
        Closed::Kept { queued }
    })
}
