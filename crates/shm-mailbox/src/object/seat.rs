//! The seats of an object: what a mailbox and a bus do differently when an endpoint attaches or
//! leaves.

use shm_core::{Mapping, Object, SystemError, ViewError};

use crate::error::{AttachError, Failure};
use crate::memory::geometry::Geometry;
use crate::memory::region::{Region, View};
use crate::memory::role::{Role, Seat};
use crate::object::channel::{Channel, Watch};
use crate::object::claim;
use crate::object::image::Form;
use crate::options::Settings;
use crate::protocol;

/// The result of an attempt to take a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// We have it, and its lock.
    Done,
    /// Other processes have this seat, or with `None` all seats.
    Busy(Option<Seat>),
}

/// What a sender without room has learned of the receivers that hold it back.
#[derive(Debug, Default)]
pub(crate) struct Relief {
    /// One of them was dead, and no longer counts.
    pub(crate) freed: bool,
    /// One of them is absent, and the bus keeps messages for its label.
    pub(crate) held_by: Option<Failure>,
}

/// How the endpoints of a kind of object take and leave their seats. The caller of each function
/// except `relieve` has INIT, or no other process has the object.
pub(crate) trait Seats: View + Sized {
    /// What the kind is called in errors.
    const NAME: &'static str;

    /// The state of each seat of a peer: one, or several.
    type Watches: AsRef<[Watch]> + std::fmt::Debug;

    /// The watches of an endpoint with this role.
    fn watches(&self, role: Role) -> Self::Watches;

    /// The form of the object if we make it.
    fn wanted(settings: &Settings) -> Result<Form, AttachError>;

    /// Makes the next object have as many seats as this one, unless the user asked for another
    /// number.
    fn ask_for_the_same(&self, _settings: &mut Settings) {}

    /// Views a mapping of this form; `None` if the form is of another kind.
    fn map(mapping: Mapping, form: Form) -> Option<Result<Self, ViewError>>;

    /// Takes a seat for `role`.
    fn take(
        &mut self,
        role: Role,
        object: &Object,
        settings: &Settings,
    ) -> Result<Taking, AttachError>;

    /// The error to report if a seat stays busy.
    fn busy(seat: Option<Seat>, role: Role, object: &Object, settings: &Settings) -> AttachError;

    /// Gives up what the seat holds, after the endpoint has stored how it leaves. `for_good` also
    /// gives up a label.
    fn give_up(_channel: &Channel<Self>, _for_good: bool) -> Result<(), SystemError> {
        Ok(())
    }

    /// Whether to remove the object with an endpoint that leaves; `empty` says whether it leaves
    /// messages.
    fn is_last(channel: &Channel<Self>, empty: bool) -> Result<bool, SystemError>;

    /// Checks the receivers that hold a sender back, a mask of places.
    fn relieve(_channel: &Channel<Self>, _holding: u32) -> Result<Relief, Failure> {
        Ok(Relief::default())
    }
}

impl Seats for Region {
    const NAME: &'static str = "mailbox";

    type Watches = [Watch; 1];

    fn watches(&self, _role: Role) -> [Watch; 1] {
        [Watch::default()]
    }

    fn wanted(settings: &Settings) -> Result<Form, AttachError> {
        Ok(Form::Mailbox(ring(settings)?))
    }

    fn map(mapping: Mapping, form: Form) -> Option<Result<Self, ViewError>> {
        match form {
            Form::Mailbox(geometry) => Some(Self::map(mapping, geometry)),
            Form::Bus(_) => None,
        }
    }

    fn take(&mut self, role: Role, object: &Object, _: &Settings) -> Result<Taking, AttachError> {
        Ok(match claim::lock(object, role.lock_byte())? {
            Some(()) => Taking::Done,
            None => Taking::Busy(Some(Seat::new(role, 0))),
        })
    }

    fn busy(_: Option<Seat>, role: Role, object: &Object, _: &Settings) -> AttachError {
        AttachError::RoleTaken {
            pid: object.lock_holder(role.lock_byte()),
            name: object.name().clone(),
            role,
        }
    }

    fn is_last(channel: &Channel<Self>, empty: bool) -> Result<bool, SystemError> {
        Ok(match channel.role {
            Role::Sender => empty,
            Role::Receiver => {
                let alone = !channel.has_peer()?;
                let sender = &channel.region.side(Role::Sender).presence;
                empty && alone && protocol::leaves_nothing(sender)
            }
        })
    }
}

/// The ring of each sender, in an object that we make.
pub(crate) fn ring(settings: &Settings) -> Result<Geometry, AttachError> {
    let geometry = match settings.slots {
        None => Geometry::DEFAULT,
        Some(slots) => Geometry::new(slots).ok_or(AttachError::Slots { found: slots })?,
    };
    let Some(found) = settings.hot_slots else {
        return Ok(geometry);
    };
    let slots = geometry.slots();
    Geometry::with_hot(slots, found).ok_or(AttachError::HotSlots { found, slots })
}
