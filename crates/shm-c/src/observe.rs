//! What endpoints say of themselves and of their mailbox, and what anyone may know of an object.

use std::ffi::{c_char, c_int};
use std::mem::offset_of;
use std::os::fd::AsRawFd;
use std::time::Duration;

use shm_mailbox::observe::{Content, Side};
use shm_mailbox::{
    Armed, Bell, BellError, Closed, Peer, Removal, ShmName, Unlink, observe as observing, remove,
};

use crate::either::{AnyReceiver, AnySender, either};
use crate::error::{Failed, call};
use crate::number;
use crate::pointer::{self, meaningless, misuse};

pub(crate) const PEER_NEVER_SEEN: c_int = 0;
pub(crate) const PEER_ATTACHED: c_int = 1;
pub(crate) const PEER_CLOSED: c_int = 2;
pub(crate) const PEER_DIED: c_int = 3;
/// A state that a later version of the Rust library may have.
pub(crate) const PEER_OTHER: c_int = 4;

/// What a close that unlinked the object says instead of the number of messages left.
pub(crate) const REMOVED: u64 = u64::MAX;

pub(crate) const KIND_FOREIGN: c_int = 0;
pub(crate) const KIND_MAILBOX: c_int = 1;
pub(crate) const KIND_CLASSIC: c_int = 2;
pub(crate) const KIND_BUS: c_int = 3;

pub(crate) const REMOVE_STALE: c_int = 0;
pub(crate) const REMOVE_STALE_WITH_MESSAGES: c_int = 1;
pub(crate) const REMOVE_UNUSED: c_int = 2;
pub(crate) const REMOVE_ANY: c_int = 3;

/// As in the header.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_state {
    pub(crate) count: u64,
    pub(crate) queued: u64,
    pub(crate) slots: u32,
    pub(crate) peer: c_int,
    pub(crate) created: c_int,
    pub(crate) reserved: c_int,
    pub(crate) id: [u8; 16],
    pub(crate) name: [u8; 256],
}

/// What the endpoints have methods for.
macro_rules! state_of {
    ($end:ident, $count:ident) => {{
        let mut name = [0; 256];
        // At most 255 bytes.
        name[..$end.name().len()].copy_from_slice($end.name().as_bytes());
        Ok(Self {
            count: $end.$count(),
            queued: $end.queued(),
            slots: $end.capacity(),
            peer: peer($end.peer()?),
            created: c_int::from($end.created()),
            reserved: 0,
            id: *$end.id().as_bytes(),
            name,
        })
    }};
}

impl shm_state {
    pub(crate) fn of_sender(sender: &AnySender) -> Result<Self, Failed> {
        either!(sender, end => state_of!(end, committed))
    }

    pub(crate) fn of_receiver(receiver: &AnyReceiver) -> Result<Self, Failed> {
        either!(receiver, end => state_of!(end, acknowledged))
    }

    /// # Safety
    ///
    /// `place` is NULL, or `size` bytes can be written there, which nothing else uses.
    pub(crate) unsafe fn write(&self, place: *mut Self, size: usize) -> Result<(), Failed> {
        // SAFETY: the caller's contract.
        unsafe { pointer::write_sized(place, size, size_of::<Self>(), self) }
    }
}

fn peer(peer: Peer) -> c_int {
    match peer {
        Peer::NeverSeen => PEER_NEVER_SEEN,
        Peer::Attached => PEER_ATTACHED,
        Peer::Closed => PEER_CLOSED,
        Peer::Died => PEER_DIED,
        _ => PEER_OTHER,
    }
}

/// For how long to wait for the bell, as poll(2) takes it: 0 does not wait, -1 waits without a
/// limit.
pub(crate) fn armed(armed: Armed) -> c_int {
    match armed {
        Armed::Now => 0,
        Armed::Wait { at_most: None } => -1,
        Armed::Wait {
            at_most: Some(pause),
        } => {
            let pause = pause
                .as_nanos()
                .div_ceil(Duration::from_millis(1).as_nanos());
            c_int::try_from(pause).unwrap_or(c_int::MAX).max(1)
        }
    }
}

/// The number of messages that stay in the object, if it stays.
pub(crate) fn messages_left(closed: Closed) -> u64 {
    match closed {
        Closed::Kept { queued } => queued,
        _ => REMOVED,
    }
}

/// The descriptor of a bell, which the endpoint keeps open.
pub(crate) fn descriptor(bell: Result<Bell, BellError>) -> Result<c_int, Failed> {
    Ok(bell?.as_raw_fd())
}

/// As in the header.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct shm_side {
    pub(crate) epoch: u64,
    pub(crate) pid: u32,
    pub(crate) peer: c_int,
    pub(crate) parked: c_int,
    pub(crate) fences: c_int,
}

impl From<Side> for shm_side {
    fn from(side: Side) -> Self {
        Self {
            epoch: side.epoch,
            pid: side.pid,
            peer: peer(side.state),
            parked: c_int::from(side.parked),
            fences: c_int::from(side.fences),
        }
    }
}

/// As in the header.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct shm_snapshot {
    pub(crate) kind: c_int,
    pub(crate) version: u32,
    pub(crate) slots: u32,
    pub(crate) hot_slots: u32,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) queued: u64,
    pub(crate) sender: shm_side,
    pub(crate) receiver: shm_side,
    pub(crate) changing: c_int,
    pub(crate) flag: c_int,
    pub(crate) id: [u8; 16],
    pub(crate) senders: u32,
    pub(crate) receivers: u32,
    pub(crate) note: [u64; 3],
    pub(crate) has_note: c_int,
    pub(crate) reserved: c_int,
}

impl shm_snapshot {
    /// The size of the first version, which had no buses and no notes.
    const FIRST_SIZE: usize = offset_of!(Self, senders);

    fn of(content: Content) -> Result<Self, Failed> {
        // The classic layout shows whether a role has a holder, and no more.
        let held = |held| shm_side {
            peer: if held { PEER_ATTACHED } else { PEER_NEVER_SEEN },
            ..shm_side::default()
        };
        match content {
            Content::Mailbox(seen) => Ok(Self {
                kind: KIND_MAILBOX,
                version: seen.version,
                slots: seen.slots,
                hot_slots: seen.hot_slots,
                sent: seen.sent,
                received: seen.received,
                queued: seen.queued,
                sender: seen.sender.into(),
                receiver: seen.receiver.into(),
                changing: c_int::from(seen.changing),
                id: *seen.id.as_bytes(),
                senders: 1,
                receivers: 1,
                note: seen.note.unwrap_or_default(),
                has_note: c_int::from(seen.note.is_some()),
                ..Self::default()
            }),
            Content::Bus(seen) => {
                // The first of those that have the most.
                let fullest = seen.lanes.iter().rev().max_by_key(|lane| lane.queued);
                Ok(Self {
                    kind: KIND_BUS,
                    version: seen.version,
                    slots: seen.slots,
                    hot_slots: seen.hot_slots,
                    sent: fullest.map_or(0, |lane| lane.sent),
                    received: fullest.map_or(0, |lane| lane.received),
                    queued: fullest.map_or(0, |lane| lane.queued),
                    changing: c_int::from(seen.changing),
                    id: *seen.id.as_bytes(),
                    senders: seen.senders,
                    receivers: seen.receivers,
                    ..Self::default()
                })
            }
            Content::Classic(seen) => Ok(Self {
                kind: KIND_CLASSIC,
                sender: held(seen.writer),
                receiver: held(seen.reader),
                flag: seen.flag,
                ..Self::default()
            }),
            Content::Unknown(error) => Err(error.into()),
            _ => Ok(Self {
                kind: KIND_FOREIGN,
                ..Self::default()
            }),
        }
    }
}

/// What an object holds, without attaching to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_observe(
    name: *const c_char,
    snapshot: *mut shm_snapshot,
    size: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let name = ShmName::new(unsafe { pointer::name(name) }?)?;
        let found = shm_snapshot::of(observing::look(&observing::open(&name)?)?)?;
        // SAFETY: the header.
        unsafe { pointer::write_sized(snapshot, size, shm_snapshot::FIRST_SIZE, &found) }
    })
}

/// Removes the name of an object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_remove(name: *const c_char, condition: c_int) -> c_int {
    call(|| {
        let removal = match condition {
            REMOVE_STALE => Removal::Stale,
            REMOVE_STALE_WITH_MESSAGES => Removal::StaleWithMessages,
            REMOVE_UNUSED => Removal::Unused,
            REMOVE_ANY => Removal::Any,
            _ => return Err(meaningless("there is no such condition for a removal")),
        };
        // SAFETY: the header.
        let name = ShmName::new(unsafe { pointer::name(name) }?)?;
        match remove(&name, None, removal)? {
            Unlink::Done => Ok(()),
            _ => Err(misuse(
                number::NOT_FOUND,
                "another process has removed the object",
            )),
        }
    })
}
