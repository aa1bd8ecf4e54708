//! A process: its next step, its private memory, and its locks.

use super::state::{LANES, PENDING};

/// Why a process has INIT.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Task {
    None,
    Join,
    Leave,
    Forget,
    /// A sender attaches.
    Attach,
    /// A sender makes room.
    Room,
    /// A sender closes.
    Close,
}

/// Where a process is: the access it makes next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum At {
    Idle,
    /// With INIT: chooses what to drop, and a place.
    Choose,
    Floor,
    Drop,
    Label,
    Pending,
    Bit,
    Least,
    Sent,
    Position,
    Unlock,
    Free,
    /// A receiver or a sender is attached and between two calls.
    Rest,
    Cold,
    Copy,
    Ack,
    /// A sender finds its own number.
    Find,
    Repair,
    Members,
    Count,
    CountFloor,
    MembersAgain,
    Full,
    Init,
    Payload,
    Stamp,
    Counted,
    Unlink,
}

/// The private memory of a process, and its locks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Process {
    pub(super) at: At,
    pub(super) task: Task,
    /// How many more times it will start.
    pub(super) starts: u8,
    /// It has the lock on INIT.
    pub(super) init: bool,
    /// It has the lock of its place.
    pub(super) lock: bool,
    pub(super) place: u8,
    /// The number of the next message of each lane. A sender has only one.
    pub(super) n: [u8; LANES],
    /// What was given back, as far as a sender knows.
    pub(super) point: u8,
    /// Lane and place of a loop, and the slot of a message.
    pub(super) lane: u8,
    pub(super) next: u8,
    pub(super) slot: u8,
    /// The least count so far.
    pub(super) least: u8,
    /// `members` as it was seen, and whether it has changed since.
    pub(super) mask: u8,
    pub(super) changed: bool,
    /// The place that had the least count, plus one: only a near miss remembers it.
    pub(super) held_by: u8,
    /// The places to drop.
    pub(super) set: u8,
}

pub(super) const IDLE: Process = Process {
    at: At::Idle,
    task: Task::None,
    starts: 0,
    init: false,
    lock: false,
    place: 0,
    n: [0; LANES],
    point: 0,
    lane: 0,
    next: 0,
    slot: 0,
    least: PENDING,
    mask: 0,
    changed: false,
    held_by: 0,
    set: 0,
};

impl Process {
    /// The same process with only its numbers.
    pub(super) fn at_rest(self) -> Self {
        let Self {
            starts,
            lock,
            place,
            n,
            point,
            held_by,
            ..
        } = self;
        Self {
            at: At::Rest,
            starts,
            lock,
            place,
            n,
            point,
            held_by,
            ..IDLE
        }
    }

    /// The process has exited or was killed, so all its locks are free.
    pub(super) fn ended(self) -> Self {
        let Self { starts, .. } = self;
        Self { starts, ..IDLE }
    }
}
