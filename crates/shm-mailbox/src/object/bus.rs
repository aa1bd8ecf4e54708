//! The seats of a bus: the lane or place that an endpoint gets, and the members that count or are
//! dropped.

use shm_core::{Mapping, Object, SystemError, ViewError};

use crate::error::{AttachError, Failure};
use crate::memory::bus::BusRegion;
use crate::memory::geometry::BusGeometry;
use crate::memory::label::Label;
use crate::memory::layout::INIT;
use crate::memory::region::View;
use crate::memory::role::{Role, Seat};
use crate::object::channel::{Channel, Watch};
use crate::object::claim;
use crate::object::image::Form;
use crate::object::seat::{self, Relief, Seats, Taking};
use crate::object::sleep::wake_all;
use crate::options::Settings;
use crate::protocol::bus::members::{self, Join, places_in};
use crate::protocol::{self, Peer};

impl Seats for BusRegion {
    const NAME: &'static str = "bus";

    type Watches = Box<[Watch]>;

    fn watches(&self, role: Role) -> Box<[Watch]> {
        let peers = self.seats(role.peer());
        (0..peers).map(|_| Watch::default()).collect()
    }

    fn wanted(settings: &Settings) -> Result<Form, AttachError> {
        let (senders, receivers) = (settings.senders(), settings.receivers());
        let form = BusGeometry::new(seat::ring(settings)?, senders, receivers);
        let form = form.ok_or(AttachError::Seats { senders, receivers })?;
        Ok(Form::Bus(form))
    }

    fn ask_for_the_same(&self, settings: &mut Settings) {
        settings.senders.get_or_insert(self.form().senders());
        settings.receivers.get_or_insert(self.form().receivers());
    }

    fn map(mapping: Mapping, form: Form) -> Option<Result<Self, ViewError>> {
        match form {
            Form::Bus(form) => Some(Self::map(mapping, form)),
            Form::Mailbox(_) => None,
        }
    }

    fn take(
        &mut self,
        role: Role,
        object: &Object,
        settings: &Settings,
    ) -> Result<Taking, AttachError> {
        let members = members::load(self);
        let within = members.ensure_within(self.form().receivers());
        within.map_err(|corrupt| AttachError::corrupt(object.name(), corrupt))?;
        // A process that attaches relies on the counts of the others.
        self.sweep(object, 0)?;
        let label = settings.label()?;
        let index = match label.and_then(|label| self.find(role, label)) {
            Some(index) => match self.lock(Seat::new(role, index), object)? {
                true => index,
                false => return Ok(Taking::Busy(Some(Seat::new(role, index)))),
            },
            None if settings.resume_only => {
                return Err(AttachError::NoLabel {
                    name: object.name().clone(),
                    role,
                    label: settings.label.clone().unwrap_or_default(),
                });
            }
            None => match self.enter(role, object, label.as_ref(), settings.join)? {
                Some(index) => index,
                None => return Ok(Taking::Busy(None)),
            },
        };
        if role == Role::Sender {
            // Also if a sender with this label was killed before it did so.
            members::open(self, index);
        }
        self.sit(index);
        Ok(Taking::Done)
    }

    fn busy(seat: Option<Seat>, role: Role, object: &Object, settings: &Settings) -> AttachError {
        let name = object.name().clone();
        match (seat, &settings.label) {
            (Some(seat), Some(label)) => AttachError::LabelTaken {
                pid: object.lock_holder(seat.lock_byte()),
                name,
                label: label.clone(),
            },
            _ => AttachError::NoPlace { name, role },
        }
    }

    fn give_up(channel: &Channel<Self>, for_good: bool) -> Result<(), SystemError> {
        let bus = &channel.region;
        let label = &channel.own().label;
        let leaves = label.load().is_none() || for_good;
        let own = match channel.role {
            Role::Receiver if leaves => 1 << bus.index(),
            _ => 0,
        };
        // First the dead, for which the bus holds nothing while another member counts. Otherwise
        // the last to leave would store their `floor`, and messages that it has received would be
        // held for no receiver.
        bus.sweep(&channel.object, own)?;
        members::remove(bus, own);
        if leaves {
            label.clear();
        }
        Ok(())
    }

    fn is_last(channel: &Channel<Self>, empty: bool) -> Result<bool, SystemError> {
        let bus = &channel.region;
        let form = bus.form();
        let mask = members::load(bus).mask();
        let is_kept = |place| bus.place(place).label.load().is_some();
        if !empty || places_in(mask, form.receivers()).any(is_kept) {
            return Ok(false);
        }
        for lane in 0..form.senders() {
            let seat = Seat::new(Role::Sender, lane);
            if seat == channel.seat() {
                continue;
            }
            let is_free = !channel.object.is_locked_elsewhere(seat.lock_byte())?;
            if !is_free || !protocol::leaves_nothing(bus.presence(seat)) {
                return Ok(false);
            }
        }
        // A receiver that is still attached waits for the next sender.
        for place in (0..form.receivers()).filter(|_| channel.role == Role::Receiver) {
            let byte = Seat::new(Role::Receiver, place).lock_byte();
            if channel.object.is_locked_elsewhere(byte)? {
                return Ok(false);
            }
        }
        // After the locks: a sender that cannot get INIT closes without it.
        let holds = |lane| members::queued(bus, lane) > 0;
        Ok(!(0..form.senders()).any(holds))
    }

    fn relieve(channel: &Channel<Self>, holding: u32) -> Result<Relief, Failure> {
        let mut relief = Relief::default();
        let (bus, object) = (&channel.region, &channel.object);
        let members = members::load(bus);
        let mut is_any_dead = false;
        for place in places_in(holding & members.mask(), bus.form().receivers()) {
            let presence = bus.place(place);
            // Before its lock: a receiver that attached by then is not absent.
            let label = presence.label.load();
            if object.is_locked_elsewhere(Seat::new(Role::Receiver, place).lock_byte())? {
                continue;
            }
            match label {
                Some(label) if !members::is_pending(bus, place) => {
                    let state = Peer::judge(protocol::read_life(presence), false);
                    relief.held_by = Some(Failure::HeldBack {
                        place,
                        label,
                        state,
                    });
                }
                _ => is_any_dead = true,
            }
        }
        // Otherwise the label may have been forgotten before its lock was found free.
        relief.held_by = relief.held_by.filter(|_| members::load(bus) == members);
        if !is_any_dead {
            return Ok(relief);
        }
        if claim::lock(object, INIT)?.is_some() {
            let swept = bus.sweep(object, 0);
            object.unlock(INIT)?;
            relief.freed = swept?;
        } else if let Some(belfry) = &channel.belfry {
            // A process attaches, leaves or removes the object, and none of these rings.
            belfry.look_soon();
        }
        Ok(relief)
    }
}

impl BusRegion {
    /// The lane, or the place that counts, with this label.
    fn find(&self, role: Role, label: Label) -> Option<u32> {
        let has_label = |index: &u32| {
            let presence = self.presence(Seat::new(role, *index));
            presence.label.load() == Some(label)
        };
        match role {
            Role::Sender => (0..self.form().senders()).find(has_label),
            Role::Receiver => {
                let mask = members::load(self).mask();
                places_in(mask, self.form().receivers()).find(has_label)
            }
        }
    }

    /// Takes a free seat; `None` if there is none.
    fn enter(
        &self,
        role: Role,
        object: &Object,
        label: Option<&Label>,
        join: Join,
    ) -> Result<Option<u32>, AttachError> {
        match role {
            Role::Sender => {
                let lane = self.free_lane(object)?;
                if let (Some(lane), Some(label)) = (lane, label) {
                    self.lane(lane).presence.label.store(label);
                }
                Ok(lane)
            }
            Role::Receiver => {
                let place = self.free_place(object)?;
                if let Some(place) = place {
                    let joined = members::join(self, place, label, join);
                    joined.map_err(|corrupt| AttachError::corrupt(object.name(), corrupt))?;
                }
                Ok(place)
            }
        }
    }

    /// Locks the first lane without a holder and without a label. It prefers an empty lane, so that
    /// it does not append to the messages of another sender.
    fn free_lane(&self, object: &Object) -> Result<Option<u32>, SystemError> {
        for may_hold in [false, true] {
            for lane in 0..self.form().senders() {
                if self.lane(lane).presence.label.load().is_none()
                    && (may_hold || members::queued(self, lane) == 0)
                    && self.lock(Seat::new(Role::Sender, lane), object)?
                {
                    return Ok(Some(lane));
                }
            }
        }
        Ok(None)
    }

    /// Locks the first place that does not count.
    fn free_place(&self, object: &Object) -> Result<Option<u32>, SystemError> {
        let members = members::load(self);
        for place in (0..self.form().receivers()).filter(|place| !members.has(*place)) {
            if self.lock(Seat::new(Role::Receiver, place), object)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn lock(&self, seat: Seat, object: &Object) -> Result<bool, SystemError> {
        Ok(claim::lock(object, seat.lock_byte())?.is_some())
    }

    /// Drops the dead members, except those of `spared`, and wakes the senders if there were any.
    fn sweep(&self, object: &Object, spared: u32) -> Result<bool, SystemError> {
        let dead = self.dead(object)? & !spared;
        members::remove(self, dead);
        if dead != 0 {
            wake_all(self, object, Role::Sender);
        }
        Ok(dead != 0)
    }

    /// The dead members: those killed while they joined, because the caller has INIT, and those
    /// without a label whose lock is free.
    fn dead(&self, object: &Object) -> Result<u32, SystemError> {
        let mut dead = 0;
        for place in places_in(members::load(self).mask(), self.form().receivers()) {
            let byte = Seat::new(Role::Receiver, place).lock_byte();
            let is_kept = self.place(place).label.load().is_some();
            if members::is_pending(self, place) || !is_kept && !object.is_locked_elsewhere(byte)? {
                dead |= 1 << place;
            }
        }
        Ok(dead)
    }
}
