//! What a bus has beyond a mailbox: lanes and places, their endpoints, and forgetting labels.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use shm_mailbox::bus::{self, Bus, Label};
use shm_mailbox::observe::{self as observing, Content, Lane, Place};
use shm_mailbox::{Closed, ShmName};

use crate::either::Either;
use crate::error::{Failed, call};
use crate::handle;
use crate::number;
use crate::observe::{messages_left, shm_side};
use crate::pointer::{self, misuse, place};
use crate::receiver::Receiver;
use crate::sender::{self, Sender};

/// As in the header.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_lane {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) queued: u64,
    pub(crate) note: [u64; 3],
    pub(crate) sender: shm_side,
    pub(crate) lane: u32,
    pub(crate) has_note: c_int,
    pub(crate) corrupt: c_int,
    pub(crate) reserved: c_int,
    pub(crate) label: [u8; 32],
}

impl From<&Lane> for shm_lane {
    fn from(lane: &Lane) -> Self {
        Self {
            sent: lane.sent,
            received: lane.received,
            queued: lane.queued,
            note: lane.note.unwrap_or_default(),
            sender: lane.sender.into(),
            lane: lane.lane,
            has_note: c_int::from(lane.note.is_some()),
            corrupt: c_int::from(lane.corrupt),
            reserved: 0,
            label: text(lane.label),
        }
    }
}

/// As in the header.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_place {
    pub(crate) behind: u64,
    pub(crate) receiver: shm_side,
    pub(crate) place: u32,
    pub(crate) counts: c_int,
    pub(crate) kept: c_int,
    pub(crate) holds_back: c_int,
    pub(crate) label: [u8; 32],
}

impl From<&Place> for shm_place {
    fn from(place: &Place) -> Self {
        Self {
            behind: place.behind,
            receiver: place.receiver.into(),
            place: place.place,
            counts: c_int::from(place.counts),
            kept: c_int::from(place.is_kept()),
            holds_back: c_int::from(place.holds_back),
            label: text(place.label),
        }
    }
}

/// A label as a C string, which is empty if there is none.
fn text(label: Option<Label>) -> [u8; 32] {
    let mut text = [0; 32];
    if let Some(label) = label {
        // At most 31 bytes.
        let label = label.as_str().as_bytes();
        text[..label.len()].copy_from_slice(label);
    }
    text
}

/// A call for a bus, made on a mailbox.
fn no_bus() -> Failed {
    let text = "a mailbox has no lanes, places and labels: open a bus, with SHM_KIND_BUS";
    misuse(number::OTHER_KIND, text)
}

/// The sender of a bus, which must not have a message reserved.
///
/// # Safety
///
/// As for [`handle::end`].
unsafe fn bus_sender<'a>(sender: *const Sender) -> Result<&'a mut bus::Sender, Failed> {
    // SAFETY: the caller's contract.
    match unsafe { sender::free(sender) }? {
        Either::Bus(sender) => Ok(sender),
        Either::Mailbox(_) => Err(no_bus()),
    }
}

/// The receiver of a bus.
///
/// # Safety
///
/// As for [`handle::end`].
unsafe fn bus_receiver<'a>(receiver: *const Receiver) -> Result<&'a mut bus::Receiver, Failed> {
    // SAFETY: the caller's contract.
    match unsafe { handle::end(receiver) }? {
        Either::Bus(receiver) => Ok(receiver),
        Either::Mailbox(_) => Err(no_bus()),
    }
}

/// The lane of a sender.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_lane(sender: *mut Sender, lane: *mut u32) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(lane) }?;
        // SAFETY: the header.
        place.write(unsafe { bus_sender(sender) }?.lane());
        Ok(())
    })
}

/// The place of a receiver.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_place(receiver: *mut Receiver, index: *mut u32) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(index) }?;
        // SAFETY: the header.
        place.write(unsafe { bus_receiver(receiver) }?.place());
        Ok(())
    })
}

/// Writes the list, and its length to `found`.
///
/// # Safety
///
/// As [`pointer::write_list`] has it, and `found` is NULL or can be written.
unsafe fn list<T, C: Copy + for<'a> From<&'a T>>(
    list: *mut C,
    (size, count): (usize, usize),
    found: *mut usize,
    look: impl FnOnce() -> Result<Vec<T>, Failed>,
) -> c_int {
    call(|| {
        // SAFETY: the caller's contract.
        let found: &mut MaybeUninit<usize> = unsafe { place(found) }?;
        let found = found.write(0);
        let seen = look()?;
        // SAFETY: the caller's contract.
        unsafe { pointer::write_list(list, (size, count), seen.iter().map(C::from)) }?;
        *found = seen.len();
        Ok(())
    })
}

/// The receivers that a sender sees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_places(
    sender: *mut Sender,
    places: *mut shm_place,
    size: usize,
    count: usize,
    found: *mut usize,
) -> c_int {
    // SAFETY: the header.
    let look = || Ok(unsafe { bus_sender(sender) }?.places()?);
    // SAFETY: the header.
    unsafe { list(places, (size, count), found, look) }
}

/// The senders that a receiver sees.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_lanes(
    receiver: *mut Receiver,
    lanes: *mut shm_lane,
    size: usize,
    count: usize,
    found: *mut usize,
) -> c_int {
    // SAFETY: the header.
    let look = || Ok(unsafe { bus_receiver(receiver) }?.lanes()?);
    // SAFETY: the header.
    unsafe { list(lanes, (size, count), found, look) }
}

/// A bus at this moment.
///
/// # Safety
///
/// As for [`pointer::name`].
unsafe fn look(name: *const c_char) -> Result<observing::Bus, Failed> {
    // SAFETY: the caller's contract.
    let name = ShmName::new(unsafe { pointer::name(name) }?)?;
    match observing::look(&observing::open(&name)?)? {
        Content::Bus(bus) => Ok(bus),
        Content::Unknown(error) => Err(error.into()),
        _ => Err(misuse(number::OTHER_KIND, "the object is no bus")),
    }
}

/// The lanes of a bus, without attaching to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_observe_lanes(
    name: *const c_char,
    lanes: *mut shm_lane,
    size: usize,
    count: usize,
    found: *mut usize,
) -> c_int {
    // SAFETY: the header.
    let look = || Ok(unsafe { look(name) }?.lanes);
    // SAFETY: the header.
    unsafe { list(lanes, (size, count), found, look) }
}

/// The places of a bus, without attaching to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_observe_places(
    name: *const c_char,
    places: *mut shm_place,
    size: usize,
    count: usize,
    found: *mut usize,
) -> c_int {
    // SAFETY: the header.
    let look = || Ok(unsafe { look(name) }?.places);
    // SAFETY: the header.
    unsafe { list(places, (size, count), found, look) }
}

/// Stores what is left.
///
/// # Safety
///
/// `left` is NULL, or can be written.
unsafe fn report(closed: Closed, left: *mut u64) {
    // SAFETY: the caller's contract.
    if let Some(left) = unsafe { left.as_mut() } {
        *left = messages_left(closed);
    }
}

/// Closes a sender, forgets its label, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_forget(sender: *mut *mut Sender, left: *mut u64) -> c_int {
    call(|| {
        // SAFETY: the header.
        let handle = unsafe { handle::at(sender) }?;
        // SAFETY: the header. While there is a draft, it has the endpoint for itself.
        let is_bus = match unsafe { handle.beside() } {
            Some(draft) => matches!(draft, Either::Bus(_)),
            // SAFETY: the header.
            None => matches!(unsafe { handle.end() }, Either::Bus(_)),
        };
        if !is_bus {
            return Err(no_bus());
        }
        // SAFETY: the header.
        let handle = unsafe { handle::take(sender) }?;
        let Either::Bus(end) = handle.into_end() else {
            unreachable!("it was asked before");
        };
        let closed = end.forget()?;
        // SAFETY: the header.
        unsafe { report(closed, left) };
        Ok(())
    })
}

/// Closes a receiver, forgets its label, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_forget(
    receiver: *mut *mut Receiver,
    left: *mut u64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let handle = unsafe { handle::at(receiver) }?;
        // SAFETY: the header.
        unsafe { bus_receiver(handle) }?;
        // SAFETY: the header.
        let handle = unsafe { handle::take(receiver) }?;
        let Either::Bus(end) = handle.into_end() else {
            unreachable!("it was asked before");
        };
        let closed = end.forget()?;
        // SAFETY: the header.
        unsafe { report(closed, left) };
        Ok(())
    })
}

/// Forgets a label without an endpoint.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_forget(
    name: *const c_char,
    label: *const c_char,
    left: *mut u64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let name = unsafe { pointer::name(name) }?;
        // SAFETY: the header.
        let label = unsafe { pointer::label(label) }?;
        let label = label.ok_or_else(|| pointer::null("the label is NULL"))?;
        let closed = Bus::options(name).label(label).forget()?;
        // SAFETY: the header.
        unsafe { report(closed, left) };
        Ok(())
    })
}
