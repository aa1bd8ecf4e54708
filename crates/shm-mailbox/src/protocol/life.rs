//! Whose life an end is in: how it begins and ends, and what one end can know of the other.

use std::fmt;

use crate::memory::id::MailboxId;
use crate::memory::layout::{AWAKE, Header, KIND_BUS, MAGIC, PUBLISHER_FENCES, Presence, VERSION};
use crate::memory::region::View;
use crate::memory::role::Role;
use crate::memory::sync::Ordering;

/// Writes the header of a new mailbox, whose bytes are all zero, and which has no name yet.
pub(crate) fn write_header<R: View>(region: &R, id: MailboxId) {
    let header = region.header();
    let geometry = region.ring();
    // Relaxed, here and below: no other process has the object before a system call gives it a
    // name.
    header.magic.store(MAGIC, Ordering::Relaxed);
    header.version.store(VERSION, Ordering::Relaxed);
    header.kind.store(R::KIND, Ordering::Relaxed);
    header.slots.store(geometry.slots(), Ordering::Relaxed);
    header.hot.store(geometry.hot_slots(), Ordering::Relaxed);
    if R::KIND == KIND_BUS {
        let seats = |role| region.seats(role);
        header.senders.store(seats(Role::Sender), Ordering::Relaxed);
        header
            .receivers
            .store(seats(Role::Receiver), Ordering::Relaxed);
    }
    for (field, word) in header.id.iter().zip(id.words()) {
        field.store(word, Ordering::Relaxed);
    }
}

/// Whether the header and the `life` that an endpoint wrote are still unchanged.
pub(crate) fn is_intact(header: &Header, own: &Presence, life: u64) -> bool {
    // Relaxed: no other process that keeps to the protocol writes them while this endpoint has its
    // role.
    header.magic.load(Ordering::Relaxed) == MAGIC && own.life.load(Ordering::Relaxed) == life
}

/// A new holder of a role, process `pid`, begins its life, which is returned. The caller holds
/// INIT, or an object without a name, and the role, and executes a barrier for all before it sleeps
/// for the first time.
pub(crate) fn begin_life(presence: &Presence, pid: u32, fences: u32) -> u64 {
    let epoch = read_life(presence) >> 1;
    presence.pid.store(pid, Ordering::Relaxed);
    presence.fences.store(fences, Ordering::Relaxed);
    presence.parked.store(AWAKE, Ordering::Relaxed);
    // The epoch wraps after 2^63 lives, or at once on a damaged object; 0 is kept for "never seen".
    let life = match epoch.wrapping_add(1) << 1 {
        0 => 2,
        life => life,
    };
    // Release: pairs with the Acquire in `read_life`.
    presence.life.store(life, Ordering::Release);
    // Release: not before `life`. A holder killed in between has died, and the object stays. The
    // other order would leave a closed object that no process asked to keep.
    presence.kept.store(0, Ordering::Release);
    life
}

/// The holder of a role leaves it to its peer from now on to fence. It executes a barrier for all
/// before it relies on that.
pub(crate) fn leave_fences(presence: &Presence) {
    presence.fences.store(PUBLISHER_FENCES, Ordering::Relaxed);
}

/// The holder of a role ends its `life`, and says whether the object is to stay. The caller holds
/// INIT and the role.
pub(crate) fn end_life(presence: &Presence, life: u64, kept: bool) {
    presence.kept.store(u32::from(kept), Ordering::Relaxed);
    // Release: everything committed comes before; pairs with the Acquire in `read_life`.
    presence.life.store(life | 1, Ordering::Release);
}

/// Whether this free role lets the last endpoint to leave remove the object: the role was never
/// taken, or its last holder closed and did not ask to keep the object.
pub(crate) fn leaves_nothing(presence: &Presence) -> bool {
    match read_life(presence) {
        0 => true,
        // Relaxed: `kept` comes with the `life` that was read.
        life => is_closed(life) && presence.kept.load(Ordering::Relaxed) == 0,
    }
}

/// `epoch << 1 | closed`, or 0.
pub(crate) fn read_life(presence: &Presence) -> u64 {
    // Acquire: pairs with the Releases above; a look that comes after a verdict sees what the peer
    // committed before it closed. (What a killed peer committed is ordered by the kernel: its lock
    // is freed after its last instruction, and we have tested the lock.)
    presence.life.load(Ordering::Acquire)
}

/// As [`read_life`], for a hint that costs nothing.
pub(crate) fn glance_at_life(presence: &Presence) -> u64 {
    // Relaxed: a side that finds a change checks properly.
    presence.life.load(Ordering::Relaxed)
}

/// Whether `life` says that its owner has closed.
pub(crate) const fn is_closed(life: u64) -> bool {
    life & 1 == 1
}

/// What is known of the peer.
///
/// A stopped or frozen process is attached: nothing is ever concluded from time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// No process ever had the role.
    NeverSeen,
    /// A living process has the role.
    Attached,
    /// The last holder closed.
    Closed,
    /// The last holder died without closing: killed, crashed, or exited.
    Died,
}

impl Peer {
    /// By the role's `life`, and whether its lock was held while that stood there.
    pub(crate) const fn judge(life: u64, held: bool) -> Self {
        match life {
            _ if held => Self::Attached,
            0 => Self::NeverSeen,
            life if is_closed(life) => Self::Closed,
            _ => Self::Died,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeverSeen => "never seen",
            Self::Attached => "attached",
            Self::Closed => "closed",
            Self::Died => "died",
        })
    }
}
