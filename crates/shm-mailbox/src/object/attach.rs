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
use crate::memory::layout;
use crate::memory::region::{Region, View};
use crate::memory::role::{Role, Seat};
use crate::object::bell::Belfry;
use crate::object::channel::Channel;
use crate::object::claim;
use crate::object::fences::Fences;
use crate::object::image::{Form, Image};
use crate::object::seat::{Seats, Taking};
use crate::options::Settings;
use crate::protocol::{self, Bed, Cursor, ReceiveCursor, SendCursor};
use crate::wait;

/// How often the name may change hands while we attach.
const ATTEMPTS: u32 = 100;

/// How long a mailbox for which there is no room is tried again, since it may be another's attempt,
/// about to be the mailbox itself or to be given up, that takes the room.
const ROOM_LIMIT: Duration = Duration::from_millis(20);

/// A role in an object, and where it goes on.
pub(crate) type Attached<C> = (Channel<<C as Cursor>::Region>, C);

/// Attaches `role`: opens or creates the object, takes the role, and wakes the peer. Retries a
/// taken role for as long as `limit`.
///
/// The cursor is made while the role is held and INIT is locked.
pub(crate) fn attach<C: Cursor<Region: Seats>>(
    settings: &Settings,
    limit: Duration,
) -> Result<Attached<C>, AttachError> {
    let attaching = Attaching::new::<C::Region>(settings, C::ROLE)?;
    let mut busy = None;
    // Unlock everything between two attempts, because a process that closes needs INIT.
    let attached = wait::retry(limit, || attaching.once(&mut busy))?;
    match (attached, busy) {
        (Some(attached), _) => Ok(attached),
        (None, Some((object, seat))) => Err(C::Region::busy(seat, C::ROLE, &object, settings)),
        (None, None) => unreachable!("an attempt that found nothing busy has an outcome"),
    }
}

/// Makes a mailbox that never gets a name, and attaches both roles.
pub(crate) fn pair(
    settings: &Settings,
) -> Result<(Attached<SendCursor>, Attached<ReceiveCursor>), AttachError> {
    let sending = Attaching::new::<Region>(settings, Role::Sender)?;
    let receiving = Attaching::new::<Region>(settings, Role::Receiver)?;
    let object = sending.objects.create_unnamed(&sending.name);
    let object = object.map_err(AttachError::Open)?;
    let size = sending.wanted.object_size();
    object.reserve(size).map_err(AttachError::Reserve)?;
    // Locks are an open file's: two that are of one would not see each other's.
    let second = object.reopen()?;
    let (sender, cursor) = sending.begin_new(object)?;
    let mut region: Region = map(&second, receiving.wanted)?;
    // It is free, because no other process can open the object.
    let _ = region.take(Role::Receiver, &second, settings)?;
    let belfry = receiving.belfry(&second)?;
    let receiver = receiving.begin(second, region, belfry, sender.id, false)?;
    Ok(((sender, cursor), receiver))
}

/// What attaching needs.
struct Attaching<'a> {
    name: ShmName,
    wanted: Form,
    objects: ObjectOptions,
    token: ProcessToken,
    fences: Fences,
    settings: &'a Settings,
    role: Role,
}

/// The object, and the seat in it, that was busy in the last attempt.
type Busy = Option<(Object, Option<Seat>)>;

impl<'a> Attaching<'a> {
    fn new<R: Seats>(settings: &'a Settings, role: Role) -> Result<Self, AttachError> {
        settings.label()?;
        Ok(Self {
            name: ShmName::new(&settings.name).map_err(AttachError::Name)?,
            wanted: R::wanted(settings)?,
            objects: objects(settings)?,
            token: fork::token().map_err(AttachError::System)?,
            fences: Fences::new(settings.wait),
            settings,
            role,
        })
    }

    /// Attaches to what has the name, or to what we give it. `None` if there is no free seat, in
    /// `busy`.
    fn once<C: Cursor<Region: Seats>>(
        &self,
        busy: &mut Busy,
    ) -> Result<Option<Attached<C>>, AttachError> {
        for _ in 0..ATTEMPTS {
            let found = match self.objects.open(&self.name) {
                Err(OpenError::NotFound { .. }) if self.settings.create => None,
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
            let mut region: C::Region = map(&object, image.form)?;
            self.ensure_wanted(image.form)?;
            // Before taking a seat, so that a refused endpoint leaves no label behind.
            let belfry = self.belfry(&object)?;
            let taking = region.take(self.role, &object, self.settings);
            ensure_memory(&region, &object)?;
            if let Taking::Busy(seat) = taking? {
                object.unlock(layout::INIT)?;
                *busy = Some((object, seat));
                return Ok(None);
            }
            let (channel, cursor) = self.begin(object, region, belfry, image.id, false)?;
            channel.wake_peers();
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
    fn create<C: Cursor<Region: Seats>>(&self) -> Result<Option<Attached<C>>, AttachError> {
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

    /// Makes a mailbox of an object that no other process has, and takes up the role.
    fn begin_new<C: Cursor<Region: Seats>>(
        &self,
        object: Object,
    ) -> Result<Attached<C>, AttachError> {
        let mut region: C::Region = map(&object, self.wanted)?;
        let id = MailboxId::random()?;
        protocol::write_header(&region, id);
        // A seat is free, because no other process has the object.
        let _ = region.take(self.role, &object, self.settings)?;
        let belfry = self.belfry(&object)?;
        self.begin(object, region, belfry, id, true)
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

    /// An error if the object does not have the slots or seats that the user asked for.
    fn ensure_wanted(&self, found: Form) -> Result<(), AttachError> {
        let settings = self.settings;
        let suits = |found, wanted: Option<u32>| match (settings.exact, wanted) {
            (_, None) | (Some(false), _) => true,
            (Some(true), Some(wanted)) => found == wanted,
            (None, Some(wanted)) => found >= wanted,
        };
        let slots = found.ring().slots();
        if !suits(slots, settings.slots) {
            return Err(AttachError::OtherSlots {
                name: self.name.clone(),
                found: slots,
                expected: self.wanted.ring().slots(),
            });
        }
        let Form::Bus(found) = found else {
            return Ok(());
        };
        for (role, found, wanted) in [
            (Role::Sender, found.senders(), settings.senders),
            (Role::Receiver, found.receivers(), settings.receivers),
        ] {
            if !suits(found, wanted) {
                return Err(AttachError::OtherSeats {
                    name: self.name.clone(),
                    role,
                    found,
                    expected: wanted.unwrap_or(found),
                });
            }
        }
        Ok(())
    }

    /// The bell, if the endpoint sleeps on one.
    fn belfry(&self, object: &Object) -> Result<Option<Belfry>, AttachError> {
        Ok(match self.settings.bed() {
            Bed::Bell => Some(Belfry::new(object).map_err(AttachError::Bell)?),
            Bed::Futex => None,
        })
    }

    /// Takes up the role, whose lock we hold, with INIT, or in an object that no other process has.
    fn begin<C: Cursor<Region: Seats>>(
        &self,
        object: Object,
        region: C::Region,
        belfry: Option<Belfry>,
        id: MailboxId,
        created: bool,
    ) -> Result<Attached<C>, AttachError> {
        let cursor = C::resume(&region);
        ensure_memory(&region, &object)?;
        let cursor = cursor.map_err(|corrupt| AttachError::Corrupt {
            name: self.name.clone(),
            corrupt,
        })?;
        let presence = region.presence(region.seat(self.role));
        let life = protocol::begin_life(presence, std::process::id(), self.fences.word());
        // So that the peer goes by our word on fences from now on. Where it is impossible it is
        // rarely needed, and costs a slice.
        let _: bool = barrier::heavy();
        let channel = Channel {
            watches: region.watches(self.role),
            object,
            region,
            role: self.role,
            id,
            life,
            created,
            await_peer: self.settings.await_peer,
            token: self.token,
            fences: self.fences.clone(),
            broken: None,
            abandoned: Cell::new(false),
            looked_after: Cell::new(0),
            announced: Cell::new(false),
            bed: self.settings.bed(),
            belfry,
        };
        channel.look_around()?;
        Ok((channel, cursor))
    }
}

/// How to open or make the object; an error if the mode would keep even the owner's other end out,
/// or is more than permissions.
fn objects(settings: &Settings) -> Result<ObjectOptions, AttachError> {
    let mut objects = ObjectOptions::new();
    objects
        .any_owner(settings.any_owner)
        .any_mode(settings.any_owner);
    if let Some(group) = settings.group {
        objects.group(group).mode(0o660);
    }
    if let Some(found) = settings.mode {
        if found > 0o777 || found & 0o600 != 0o600 {
            return Err(AttachError::Mode { found });
        }
        objects.mode(found);
    }
    Ok(objects)
}

/// An error if the object was truncated while we attached, and the guard has replaced it by zeros.
fn ensure_memory(region: &impl View, object: &Object) -> Result<(), AttachError> {
    if region.is_lost() {
        return Err(AttachError::Truncated {
            name: object.name().clone(),
        });
    }
    Ok(())
}

fn map<R: Seats>(object: &Object, form: Form) -> Result<R, AttachError> {
    let mapping = Mapping::shared(object).map_err(AttachError::Map)?;
    let region = R::map(mapping, form).ok_or_else(|| AttachError::OtherKind {
        name: object.name().clone(),
        found: form.name(),
        expected: R::NAME,
    })?;
    region.map_err(AttachError::View)
}
