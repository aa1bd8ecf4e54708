//! The protocol: send and receive as plain functions over a [`Region`], and every ordering there
//! is.
//!
//! Whatever loads or stores shared words of a mailbox through a mapping lives here; nothing here
//! waits, reads a clock, or makes a system call. The same code runs over a mapping, on the heap in
//! unit tests, and under loom.
//!
//! # Why a kill at any instruction is harmless
//!
//! Message *n* is committed by one store, (S), of its slot's stamp; it is given back by one store,
//! (R), of `received`. Before (S) the receiver does not look at the payload, because the stamp
//! carries an older number; a half-written payload is overwritten by the next sender. Before (R)
//! the sender does not touch the slot, because it counts as full; the next receiver starts again
//! from `received` and gets the same messages. So a process killed anywhere leaves either the old
//! state or the new one.
//!
//! `sent` serves the sender's own restart and observers. It is stored after every stamp, (C), so it
//! is never ahead of the stamps, and behind by at most one: a sender that restarts looks at one
//! stamp and knows which. (Were (C) relaxed it could become visible before (S); a kill in between
//! would then skip a message that was never stamped, and the receiver would wait for it for ever.)
//!
//! # The orderings, and what each pairs with
//!
//! * (S) stamp, Release, pairs with the Acquire load of the stamp in [`ReceiveCursor::look`]: a
//!   side that sees the number sees the payload.
//! * (R) `received`, Release, pairs with the Acquire load in [`SendCursor::room`]: a side that sees
//!   that the message was given back may overwrite it; its bytes have been read out.
//! * (C) `sent`, Release, pairs with the Acquire load in [`SendCursor::resume`]: the stamps up to
//!   it are there.
//! * (W) in [`announce`] and (P) in [`take_parked`] are the two SeqCst fences of a Dekker pair. The
//!   waiter stores `parked`, fences, looks. The publisher stores the stamp (or `received`), fences,
//!   looks at `parked`. Whichever fence comes second in their single total order sees what was
//!   stored before the other: either the waiter finds the message, or the publisher finds the flag.
//!
//! # Who fences
//!
//! (P) comes after every message, and makes the processor wait until all its stores are seen: half
//! of the time of a small message. A side that rarely sleeps, or never, announces that in its
//! `fences`, and its peer leaves (P) to it: it stores `parked`, has the kernel execute a fence on
//! every processor that runs a process with a mailbox (`membarrier(2)`), and then looks. If the
//! publisher's store comes before that fence, the look finds it; if it comes after, so does its
//! load of `parked`, which then finds the flag. A process that attaches asks for such a fence too,
//! after it has said who fences: a publisher that still goes by what the last owner said has
//! published before.
//!
//! # Why no wake-up is lost
//!
//! The waiter sleeps *on its own flag*, and only while that is
//! [`PARKED`](crate::memory::layout::PARKED). A publisher that clears the flag wakes after
//! clearing. If the clear comes before the sleep, there is no sleep; if after, the wake ends it. A
//! clear that comes late, after the waiter has gone round and announced itself again, erases that
//! second announcement, but in doing so it also ends or prevents the second sleep, and the waiter
//! looks again after setting the flag once more. (Sleeping on the count while clearing a separate
//! flag would lose a wake-up exactly here.) A publisher killed between clearing and waking leaves
//! the flag clear with the waiter asleep: the slice, or the next attach or close, which wake
//! unconditionally, end that.
//!
//! A waiter may instead wait for its bell ([`BELL`](crate::memory::layout::BELL)), a descriptor
//! that stays rung until it is answered. It answers the bell before it announces itself, so that no
//! ring for this announcement is taken for an old one. A publisher killed between clearing and
//! ringing rings by dying: the kernel does it.
//!
//! A waiter may go from one bed to the other. So a publisher clears the flag by an exchange, and
//! goes by what that has returned. (With a load and a store, it would clear the announcement at the
//! bell and wake the flag, which the waiter has left.)

pub(crate) mod bus;
pub(crate) mod corrupt;
pub(crate) mod life;
#[cfg(not(shm_mailbox_loom))]
mod note;
mod park;
mod receive;
mod send;

#[cfg(all(test, shm_mailbox_loom))]
mod models;
#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests;

pub use life::Peer;
// What the endpoints use besides; under loom there are none.
#[cfg(not(shm_mailbox_loom))]
pub(crate) use {
    bus::BusReceiveCursor,
    life::{
        begin_life, end_life, glance_at_life, is_closed, is_intact, leave_fences, leaves_nothing,
        read_life, write_header,
    },
    note::{read_note, whole_note, write_note},
    park::withdraw,
};

pub(crate) use park::{Bed, Slept, Wake, announce, park, take_bed, take_parked};
pub(crate) use receive::{ReceiveCursor, Receiving};
pub(crate) use send::{SendCursor, SendRing};

use corrupt::{Corrupt, Field};

use crate::memory::geometry::Geometry;
use crate::memory::layout::{Presence, Slot, Stamp};
use crate::memory::region::{Region, View};
use crate::memory::role::Role;
use crate::memory::sync::{AtomicU64, Ordering};

/// A ring as its cursors see it: that of a mailbox, or of one sender of a bus.
pub(crate) trait Ring {
    fn geometry(&self) -> Geometry;

    /// The slot with this index, which comes from this side's own count, never from the peer.
    fn slot(&self, index: usize) -> &Slot;

    /// How many messages the sender has counted.
    fn sent(&self) -> &AtomicU64;
}

impl Ring for Region {
    #[inline(always)]
    fn geometry(&self) -> Geometry {
        self.geometry()
    }

    #[inline(always)]
    fn slot(&self, index: usize) -> &Slot {
        self.slot(index)
    }

    #[inline(always)]
    fn sent(&self) -> &AtomicU64 {
        &self.control().sender.count.0
    }
}

/// The position of an endpoint. Private memory; the peer cannot touch it.
pub(crate) trait Cursor: Sized {
    /// The memory that it moves in.
    type Region: View;

    /// The role that it is for.
    const ROLE: Role;

    /// Resumes where the last holder of the role, if any, stopped. The caller holds the role.
    fn resume(region: &Self::Region) -> Result<Self, Corrupt>;

    /// Whether the endpoint's own counts, of messages sent or received, are unchanged in the shared
    /// memory.
    fn stands(&self, region: &Self::Region) -> bool;

    /// How many messages are committed and not yet acknowledged, by this endpoint's own counts: 0
    /// to the number of slots, for each sender.
    fn queued(&mut self, region: &Self::Region) -> Result<u64, Corrupt>;

    /// Whether it has met the last holder of a peer's seat since it was made, attached or not.
    fn has_met(&self, _peer: u32) -> bool {
        false
    }

    /// After publishing: calls `wake` for each peer that sleeps. `registered` says that a peer that
    /// fences for both reaches us.
    fn wake_peers(&self, region: &Self::Region, registered: bool, wake: impl FnMut(Bed, &Presence));

    /// How many messages are committed and not yet acknowledged, as any process sees it.
    fn glance_at_queue(region: &Self::Region) -> u64;

    /// The places of a bus that hold a sender back: a mask.
    fn holding_back(&self, _region: &Self::Region) -> u32 {
        0
    }

    /// Whether the endpoint continues after reporting this failure, with other lanes of a bus.
    fn leaves_out(&mut self, _corrupt: &Corrupt) -> bool {
        false
    }

    /// An error if a message was announced to it and does not exist, because memory was lost. For
    /// occasional checks.
    fn ensure_announced_is_there(&mut self, _region: &Self::Region) -> Result<(), Corrupt> {
        Ok(())
    }
}

/// Messages committed and not yet acknowledged, as any process sees it: 0 to the number of slots.
pub(crate) fn glance_at_mailbox(region: &Region) -> u64 {
    let control = region.control();
    let slots = region.geometry().slots();
    glance(&control.sender.count.0, &control.receiver.count.0, slots)
}

/// What is sent and not received of `slots` messages.
fn glance(sent_to: &AtomicU64, received_from: &AtomicU64, slots: u32) -> u64 {
    let slots = u64::from(slots);
    let mut queued = 0;
    // Bounded: a busy channel may move on for as long as we like to look.
    for _ in 0..100 {
        // Acquire: so that the three loads happen in this order.
        let before = received_from.load(Ordering::Acquire);
        let sent = sent_to.load(Ordering::Acquire);
        let received = received_from.load(Ordering::Acquire);
        // `sent` may be one behind, below `received`. If the receiver has moved on since, this is
        // too much, never too little: a sender that closes must not take messages for acknowledged.
        queued = sent.saturating_sub(before).min(slots);
        if before == received {
            break;
        }
    }
    queued
}

/// An error if `stamp` is of a later message than the `newest` that can be there.
#[inline]
fn ensure_no_newer(stamp: Stamp, newest: u64) -> Result<(), Corrupt> {
    if stamp.ordinal() > newest {
        return Err(Corrupt::new(Field::Stamp, stamp.ordinal(), 0..=newest));
    }
    Ok(())
}
