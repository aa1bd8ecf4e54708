//! The seats of an object: what a mailbox and a bus do differently when an end comes and goes.

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

/// What became of an attempt to take a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// We have it, and its lock.
    Done,
    /// Somebody has this one, or, with `None`, all that there are.
    Busy(Option<Seat>),
}

/// What a sender without room has learned of those who hold it back.
#[derive(Debug, Default)]
pub(crate) struct Relief {
    /// One of them was dead, and counts no more.
    pub(crate) freed: bool,
    /// One of them is absent and was promised that its messages are kept.
    pub(crate) held_by: Option<Failure>,
}

/// How the ends of a kind of object take their seats, and leave them. INIT is held in all of these
/// but `relieve`, or nobody else has the object.
pub(crate) trait Seats: View + Sized {
    /// What the kind is called in errors.
    const NAME: &'static str;

    /// What is known of each seat of a peer: of one, or of several.
    type Watches: AsRef<[Watch]> + std::fmt::Debug;

    /// The watches of an endpoint with this role.
    fn watches(&self, role: Role) -> Self::Watches;

    /// The form of the object if we make it.
    fn wanted(settings: &Settings) -> Result<Form, AttachError>;

    /// Asks for the seats that this object has, unless the user has asked for others: for the one
    /// that comes in its place.
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

    /// The error to report when a seat stays busy.
    fn busy(seat: Option<Seat>, role: Role, object: &Object, settings: &Settings) -> AttachError;

    /// An end that has said how it leaves gives up what its seat holds. `for_good` is for one with
    /// a label.
    fn give_up(_channel: &Channel<Self>, _for_good: bool) -> Result<(), SystemError> {
        Ok(())
    }

    /// Whether the object goes with an end that has left `empty` behind it, for its own part.
    fn is_last(channel: &Channel<Self>, empty: bool) -> Result<bool, SystemError>;

    /// Looks after those who hold a sender back, a mask of places.
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
