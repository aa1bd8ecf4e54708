//! Attaching: how an endpoint comes to its object.
//!
//! A mailbox is made without a name, and gets that in one step when it is whole, its creator
//! attached; so what has a name is a mailbox, or was never ours. Everything that changes who is
//! attached to an object that has a name happens under the INIT lock, one byte of the object, which
//! the kernel frees when its holder dies.

use std::cell::Cell;
use std::time::Duration;

use shm_core::fork::ProcessToken;
use shm_core::{
    Link, Mapping, Object, ObjectOptions, OpenError, ResizeError, ShmName, barrier, fork,
};

use crate::error::AttachError;
use crate::memory::id::MailboxId;
use crate::memory::layout::{self, Geometry};
use crate::memory::region::Region;
use crate::memory::role::Role;
use crate::object::bell::Belfry;
use crate::object::channel::Channel;
use crate::object::claim;
use crate::object::fences::Fences;
use crate::object::image::Image;
use crate::options::Options;
use crate::protocol::{self, Bed, Cursor, ReceiveCursor, SendCursor};
use crate::wait;

/// How often the name may change hands while we attach.
const ATTEMPTS: u32 = 100;

/// How long a mailbox for which there is no room is tried again, since it may be another's attempt,
/// about to be the mailbox itself or to be given up, that takes the room.
const ROOM_LIMIT: Duration = Duration::from_millis(20);

/// A role in an object, and where it goes on.
pub(crate) type Attached<C> = (Channel, C);

/// Attaches `role`: opens or creates the object, takes the role, and lets the peer know. A role
/// that is held is asked for again for as long as `limit`.
///
/// The cursor is made while the role is held and INIT is locked.
pub(crate) fn attach<C: Cursor>(
    options: &Options,
    limit: Duration,
) -> Result<Attached<C>, AttachError> {
    let attaching = Attaching::new(options, C::ROLE)?;
    let mut busy = None;
    // Everything is given back between two attempts: who wants to close needs INIT.
    let attached = wait::retry(limit, || attaching.once(&mut busy))?;
    attached.ok_or_else(|| AttachError::RoleTaken {
        pid: busy.and_then(|object| object.lock_holder(C::ROLE.lock_byte())),
        name: attaching.name.clone(),
        role: C::ROLE,
    })
}

/// Makes a mailbox that never gets a name, and attaches both roles.
pub(crate) fn pair(
    options: &Options,
) -> Result<(Attached<SendCursor>, Attached<ReceiveCursor>), AttachError> {
    let sending = Attaching::new(options, Role::Sender)?;
    let receiving = Attaching::new(options, Role::Receiver)?;
    let object = sending.objects.create_unnamed(&sending.name);
    let object = object.map_err(AttachError::Open)?;
    let size = sending.wanted.object_size();
    object.reserve(size).map_err(AttachError::Reserve)?;
    // Locks are an open file's: two that are of one would not see each other's.
    let second = object.reopen()?;
    let (sender, cursor) = sending.begin_new(object)?;
    let region = map(&second, receiving.wanted)?;
    // It is free: nobody else can open the object.
    let _ = claim::lock(&second, Role::Receiver.lock_byte())?;
    let receiver = receiving.begin(second, region, sender.id, false)?;
    Ok(((sender, cursor), receiver))
}

/// What attaching takes.
struct Attaching<'a> {
    name: ShmName,
    wanted: Geometry,
    objects: ObjectOptions,
    token: ProcessToken,
    fences: Fences,
    options: &'a Options,
    role: Role,
}

impl<'a> Attaching<'a> {
    fn new(options: &'a Options, role: Role) -> Result<Self, AttachError> {
        Ok(Self {
            name: ShmName::new(&options.name).map_err(AttachError::Name)?,
            wanted: wanted(options)?,
            objects: objects(options)?,
            token: fork::token().map_err(AttachError::System)?,
            fences: Fences::new(options.wait),
            options,
            role,
        })
    }

    /// Attaches to what has the name, or to what we give it. `None` if the role is held, in `busy`.
    fn once<C: Cursor>(
        &self,
        busy: &mut Option<Object>,
    ) -> Result<Option<Attached<C>>, AttachError> {
        for _ in 0..ATTEMPTS {
            let found = match self.objects.open(&self.name) {
                Err(OpenError::NotFound { .. }) if self.options.create => None,
                found => Some(found.map_err(AttachError::Open)?),
            };
            let Some(object) = found else {
                match self.create()? {
                    Some(attached) => return Ok(Some(attached)),
                    // Another process was quicker.
                    None => continue,
                }
            };
            let init = claim::init(&object)?;
            init.ok_or_else(|| AttachError::InitBusy {
                name: self.name.clone(),
            })?;
            if !object.has_name()? {
                // Unlinked between our opening and our locking: the name is free, or another's.
                continue;
            }
            let image = Image::read(&object)?;
            self.ensure_wanted(image.geometry)?;
            let region = map(&object, image.geometry)?;
            if claim::lock(&object, self.role.lock_byte())?.is_none() {
                object.unlock(layout::INIT)?;
                *busy = Some(object);
                return Ok(None);
            }
            let (channel, cursor) = self.begin(object, region, image.id, false)?;
            channel.wake_unconditionally();
            ensure_memory(&channel.region, &channel.object)?;
            channel.object.unlock(layout::INIT)?;
            return Ok(Some((channel, cursor)));
        }
        Err(AttachError::Unsteady {
            name: self.name.clone(),
        })
    }

    /// Makes a mailbox, attaches to it, and gives it the name. `None` if that is taken, and what
    /// was made is removed.
    fn create<C: Cursor>(&self) -> Result<Option<Attached<C>>, AttachError> {
        let object = self.objects.create_unnamed(&self.name);
        let object = object.map_err(AttachError::Open)?;
        if !self.reserve(&object)? {
            return Ok(None);
        }
        let attached = self.begin_new(object)?;
        match attached.0.object.link().map_err(AttachError::Open)? {
            Link::Done => Ok(Some(attached)),
            Link::Taken => Ok(None),
        }
    }

    /// Makes a mailbox of an object that nobody else has, and takes up the role.
    fn begin_new<C: Cursor>(&self, object: Object) -> Result<Attached<C>, AttachError> {
        let region = map(&object, self.wanted)?;
        let id = MailboxId::random()?;
        protocol::write_header(&region, id);
        // It is free: nobody else has the object.
        let _ = claim::lock(&object, self.role.lock_byte())?;
        self.begin(object, region, id, true)
    }

    /// Reserves the memory; `false` if there is no room, and something has the name by now.
    fn reserve(&self, object: &Object) -> Result<bool, AttachError> {
        let mut full = None;
        let reserved = wait::retry(ROOM_LIMIT, || {
            match object.reserve(self.wanted.object_size()) {
                Ok(()) => Ok(Some(true)),
                Err(error @ ResizeError::NoSpace { .. }) => {
                    full = Some(error);
                    let taken = shm_core::ListEntry::find(&self.name)?.is_some();
                    Ok(taken.then_some(false))
                }
                Err(error) => Err(AttachError::Reserve(error)),
            }
        })?;
        match (reserved, full) {
            (None, Some(error)) => Err(AttachError::Reserve(error)),
            (reserved, _) => Ok(reserved == Some(true)),
        }
    }

    /// An error if there are not the slots that the user asked for.
    fn ensure_wanted(&self, found: Geometry) -> Result<(), AttachError> {
        let (slots, wanted) = (found.slots(), self.wanted.slots());
        let suits = match self.options.exact {
            _ if self.options.slots.is_none() => true,
            Some(true) => slots == wanted,
            Some(false) => true,
            None => slots >= wanted,
        };
        if !suits {
            return Err(AttachError::OtherSlots {
                name: self.name.clone(),
                found: found.slots(),
                expected: self.wanted.slots(),
            });
        }
        Ok(())
    }

    /// Takes up the role, whose lock we hold, with INIT, or in an object that nobody else has.
    fn begin<C: Cursor>(
        &self,
        object: Object,
        region: Region,
        id: MailboxId,
        created: bool,
    ) -> Result<Attached<C>, AttachError> {
        let cursor = C::resume(&region);
        ensure_memory(&region, &object)?;
        let cursor = cursor.map_err(|corrupt| AttachError::Corrupt {
            name: self.name.clone(),
            corrupt,
        })?;
        let bed = self.options.bed();
        let belfry = match bed {
            Bed::Bell => Some(Belfry::new(&object).map_err(AttachError::Bell)?),
            Bed::Futex => None,
        };
        let presence = &region.side(self.role).presence;
        let life = protocol::begin_life(presence, std::process::id(), self.fences.word());
        // So that the peer goes by our word on fences from now on. Where it is impossible it is
        // rarely needed, and costs a slice.
        let _: bool = barrier::heavy();
        let channel = Channel {
            object,
            region,
            role: self.role,
            id,
            life,
            created,
            await_peer: self.options.await_peer,
            token: self.token,
            fences: self.fences.clone(),
            broken: None,
            known_life: Cell::new(0),
            unmet: Cell::new(None),
            abandoned: Cell::new(false),
            announced: Cell::new(false),
            bed,
            belfry,
        };
        channel.look_around()?;
        Ok((channel, cursor))
    }
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

/// How to open or make the object; an error if the mode would keep even the owner's other end out,
/// or is more than permissions.
fn objects(options: &Options) -> Result<ObjectOptions, AttachError> {
    let mut objects = ObjectOptions::new();
    objects
        .any_owner(options.any_owner)
        .any_mode(options.any_owner);
    if let Some(group) = options.group {
        objects.group(group).mode(0o660);
    }
    if let Some(found) = options.mode {
        if found > 0o777 || found & 0o600 != 0o600 {
            return Err(AttachError::Mode { found });
        }
        objects.mode(found);
    }
    Ok(objects)
}

/// An error if the object was cut off while we attached, and the guard has put zeros in its place.
fn ensure_memory(region: &Region, object: &Object) -> Result<(), AttachError> {
    if region.is_lost() {
        return Err(AttachError::Truncated {
            name: object.name().clone(),
        });
    }
    Ok(())
}

fn map(object: &Object, geometry: Geometry) -> Result<Region, AttachError> {
    let mapping = Mapping::shared(object).map_err(AttachError::Map)?;
    Region::map(mapping, geometry).map_err(AttachError::View)
}
