//! The protocol: send and receive as plain functions over a [`Region`], and every ordering there is.
//!
//! The same code runs over a mapping, on the heap in unit tests, and under loom. It knows nothing of
//! processes, clocks or system calls.
//!
//! # Why a kill at any instruction is harmless
//!
//! Message *n* is committed by one store, (S), of its slot's stamp; it is given back by one store, (R),
//! of `received`. Before (S) the receiver does not look at the payload, because the stamp carries an older
//! number; a half-written payload is overwritten by the next sender. Before (R) the sender does not
//! touch the slot, because it counts as full; the next receiver starts again from `received` and gets
//! the same messages. So a process killed anywhere leaves either the old state or the new one.
//!
//! `sent` serves the sender's own restart and observers. It is stored after every stamp, (C), so it is
//! never ahead of the stamps, and behind by at most one: a sender that restarts looks at one stamp and
//! knows which. (Were (C) relaxed it could become visible before (S); a kill in between would then skip a
//! message that was never stamped, and the receiver would wait for it for ever.)
//!
//! # The orderings, and what each pairs with
//!
//! * (S) stamp, Release, pairs with the Acquire load of the stamp in [`ReceiveCursor::look`]: whoever sees
//!   the number sees the payload.
//! * (R) `received`, Release, pairs with the Acquire load in [`SendCursor::room`]: whoever sees that the
//!   message was given back may overwrite it; its bytes have been read out.
//! * (C) `sent`, Release, pairs with the Acquire load in [`SendCursor::resume`]: the stamps up to it are
//!   there.
//! * (W) in [`park`] and (P) in [`take_parked`] are the two SeqCst fences of a Dekker pair. The waiter
//!   stores `parked`, fences, looks. The publisher stores the stamp (or `received`), fences, looks at
//!   `parked`. Whichever fence comes second in their single total order sees what was stored before the
//!   other: either the waiter finds the message, or the publisher finds the flag.
//!
//! # Who fences
//!
//! (P) comes after every message, and makes the processor wait until all its stores are seen: half of the time
//! of a small message. A side that rarely sleeps, or never, says so in its `fences`, and its peer leaves (P) to
//! it: it stores `parked`, has the kernel execute a fence on every processor that runs a process with a mailbox
//! (`membarrier(2)`), and then looks. If the publisher's store comes before that fence, the look finds it; if
//! it comes after, so does its load of `parked`, which then finds the flag. Whoever attaches asks for such a
//! fence too, after it has said who fences: a publisher that still goes by what the last owner said has
//! published before.
//!
//! # Why no wake-up is lost
//!
//! The waiter sleeps *on its own flag*, and only while that is [`PARKED`]. A publisher that clears the
//! flag wakes after clearing. If the clear comes before the sleep, there is no sleep; if after, the
//! wake ends it. A clear that comes late, after the waiter has gone round and announced itself again,
//! erases that second announcement, but in doing so it also ends or prevents the second sleep, and the
//! waiter looks again after setting the flag once more. (Sleeping on the count while clearing a
//! separate flag would lose a wake-up exactly here.) A publisher killed between clearing and waking
//! leaves the flag clear with the waiter asleep: the slice, or the next attach or close, which wake
//! unconditionally, end that.

use std::cell::Cell;

use crate::corrupt::{Corrupt, Field};
use crate::id::MailboxId;
use crate::layout::{
    AWAKE, KIND_RING, LAST_MESSAGE, MAGIC, PARKED, Presence, SLEEPER_FENCES, Side, Slot, Stamp,
    VERSION,
};
use crate::message::{MAX_MESSAGE, Message};
use crate::payload::FIRST_LINE;
use crate::region::Region;
use crate::sync::{AtomicU32, Ordering, compiler_fence, fence, light_fence};

/// Where an end stands. Private memory; the peer cannot touch it.
pub(crate) trait Cursor {
    /// What the end's own count says in the shared memory: messages sent, or received.
    fn count(&self) -> u64;

    /// How many messages are committed and not yet acknowledged, by this end's own count: 0 to the number of slots.
    fn queued(&mut self, region: &Region) -> Result<u64, Corrupt>;
}

/// Where the sender stands.
#[derive(Debug)]
pub(crate) struct SendCursor {
    /// The number of the next message, from 0. At most `LAST_MESSAGE + 1`.
    next: u64,
    /// The last `received` that was read. At most `next`, and `next` at most this plus the slots.
    received: u64,
    /// There is room for the messages below this number, at most `received` plus the slots. Those that are not below
    /// `received` plus the hot slots go to their cold ones, without a look at `received` for each.
    known: u64,
    /// The slot that `room` has found for the next message.
    slot: usize,
}

impl SendCursor {
    /// Takes up where the last sender, if any, left off. The caller holds the sender's role.
    pub(crate) fn resume(region: &Region) -> Result<Self, Corrupt> {
        let side = &region.control().sender;
        // Acquire: pairs with (C) in `publish`; the stamps of all messages before it are there.
        let sent = side.count.0.load(Ordering::Acquire);
        if sent > LAST_MESSAGE + 1 {
            return Err(Corrupt::new(Field::Sent, sent, 0..=LAST_MESSAGE + 1));
        }
        let mut cursor = Self {
            next: sent,
            received: 0,
            known: 0,
            slot: 0,
        };
        cursor.find_uncounted(region)?;
        if cursor.next > sent {
            // Release: as (C), which it makes up for.
            side.count.0.store(cursor.next, Ordering::Release);
        }
        // Acquire: pairs with (R). Loaded now because a cache that starts at 0 would take a full
        // mailbox for an empty one as soon as the difference wraps around the slots.
        let received = region.control().receiver.count.0.load(Ordering::Acquire);
        cursor.received = cursor.check_received(region, received, 0)?;
        cursor.known = cursor.known_after_look(region);
        Ok(cursor)
    }

    /// Finds the message that the last sender has committed and not counted, if it was killed between (S) and (C).
    fn find_uncounted(&mut self, region: &Region) -> Result<(), Corrupt> {
        if self.is_exhausted() {
            return Ok(());
        }
        let geometry = region.geometry();
        let expected = self.next + 1;
        for slot in [
            Some(geometry.hot_slot(self.next)),
            geometry.cold_slot(self.next),
        ] {
            let Some(slot) = slot else { continue };
            // Relaxed: our role's own earlier store, handed over by the role lock.
            let bits = region.slot(slot).stamp.load(Ordering::Relaxed);
            let stamp = Stamp::from_bits(bits);
            ensure_no_newer(stamp, expected)?;
            if stamp.ordinal() == expected {
                self.next = expected;
            }
        }
        Ok(())
    }

    /// How many messages were committed since the mailbox was created.
    #[inline]
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Whether the numbers are used up.
    #[inline]
    pub(crate) fn is_exhausted(&self) -> bool {
        self.next > LAST_MESSAGE
    }

    /// Whether there is room for the next message, and chooses its slot.
    ///
    /// Looks at the shared memory only if the last look does not suffice.
    #[inline]
    pub(crate) fn room(
        &mut self,
        region: &Region,
        again: impl FnMut() -> bool,
    ) -> Result<bool, Corrupt> {
        Ok(self.knows_room(region) || self.look_for_room(region, again)?)
    }

    /// Whether there is room for the next message for all that is known, and chooses its slot.
    #[inline]
    pub(crate) fn knows_room(&mut self, region: &Region) -> bool {
        let knows = self.next < self.known;
        if knows {
            self.slot = region
                .geometry()
                .slot_for(self.next, self.next - self.received);
        }
        knows
    }

    /// As [`room`](Self::room), by a look at the shared memory. It suffices for H messages: in the hot slots, or behind
    /// a longer queue in the cold ones, since each look takes the line of `received` away from the receiver.
    ///
    /// Going through the cold slots costs more than a short wait. So before it leaves the hot ones, and once in a
    /// round after that, it looks as often as `again` tells it to, unless the receiver sleeps.
    pub(crate) fn look_for_room(
        &mut self,
        region: &Region,
        mut again: impl FnMut() -> bool,
    ) -> Result<bool, Corrupt> {
        let geometry = region.geometry();
        let (hot, slots) = (u64::from(geometry.hot_slots()), u64::from(geometry.slots()));
        let parked = &region.control().receiver.presence.parked;
        let was_hot = self.slot < geometry.hot_slots() as usize;
        let patient = was_hot || self.next.is_multiple_of(slots);
        loop {
            let queued = self.queued(region)?;
            if queued == slots {
                return Ok(false);
            }
            // Relaxed: only a hint that it frees nothing soon.
            if queued < hot || !patient || parked.load(Ordering::Relaxed) == PARKED || !again() {
                break;
            }
        }
        self.known = self.known_after_look(region);
        Ok(self.knows_room(region))
    }

    /// The messages below this number need no other look at `received`.
    #[inline]
    fn known_after_look(&self, region: &Region) -> u64 {
        let geometry = region.geometry();
        let (hot, slots) = (u64::from(geometry.hot_slots()), u64::from(geometry.slots()));
        let is_hot = self.next - self.received < hot;
        let from = if is_hot { self.received } else { self.next };
        (from + hot).min(self.received + slots)
    }

    /// Writes a part of the next message's payload. There must be room.
    #[inline]
    pub(crate) fn write_at(&self, region: &Region, offset: usize, bytes: &[u8]) {
        region.slot(self.slot).payload.write_at(offset, bytes);
    }

    /// Writes the next message, and commits it. There must be room.
    ///
    /// The line with the stamp comes last, directly before the stamp, so that a receiver that polls
    /// the stamp does not take it away half-filled.
    #[inline]
    pub(crate) fn commit(&mut self, region: &Region, message: &[u8]) {
        let slot = region.slot(self.slot);
        if let Some((first, rest)) = message.split_at_checked(FIRST_LINE) {
            slot.payload.write_at(FIRST_LINE, rest);
            slot.payload.write_at(0, first);
        } else {
            slot.payload.write_at(0, message);
        }
        self.publish_in(region, slot, message.len());
    }

    /// Commits the next message, whose payload stands in its slot. There must be room.
    #[inline]
    pub(crate) fn publish(&mut self, region: &Region, length: usize) {
        self.publish_in(region, region.slot(self.slot), length);
    }

    #[inline(always)]
    fn publish_in(&mut self, region: &Region, slot: &Slot, length: usize) {
        debug_assert!(length <= MAX_MESSAGE && !self.is_exhausted());
        let stamp = Stamp::new(self.next, length).bits();
        // (S) Release: pairs with the Acquire in `ReceiveCursor::look`; publishes the payload.
        slot.stamp.store(stamp, Ordering::Release);
        self.next += 1;
        // (C) Release: after the stamp, for whoever restarts the sender.
        region
            .control()
            .sender
            .count
            .0
            .store(self.next, Ordering::Release);
    }

    /// Sends the first of `messages`, of at most 1024 bytes each, as far as hot slots are known to be free.
    ///
    /// What [`room`](Self::room) and [`commit`](Self::commit) would do, with one decision for all.
    #[inline]
    pub(crate) fn publish_hot<T: AsRef<[u8]>>(&mut self, region: &Region, messages: &[T]) -> usize {
        let geometry = region.geometry();
        let queued = self.next - self.received;
        let free = u64::from(geometry.hot_slots()).saturating_sub(queued);
        let numbers = LAST_MESSAGE + 1 - self.next;
        let run = (messages.len() as u64).min(free).min(numbers);
        let mut sent = 0;
        for message in messages.iter().take(usize::try_from(run).unwrap_or(0)) {
            let message = message.as_ref();
            self.slot = geometry.hot_slot(self.next);
            self.commit(region, message);
            sent += 1;
        }
        sent
    }

    /// `received` must not go backwards, nor be ahead of us, nor more than the slots behind.
    #[inline]
    fn check_received(&self, region: &Region, found: u64, last: u64) -> Result<u64, Corrupt> {
        let oldest = self
            .next
            .saturating_sub(u64::from(region.geometry().slots()))
            .max(last);
        if found < oldest || found > self.next {
            return Err(Corrupt::new(Field::Received, found, oldest..=self.next));
        }
        Ok(found)
    }
}

impl Cursor for SendCursor {
    fn count(&self) -> u64 {
        self.next
    }

    #[inline]
    fn queued(&mut self, region: &Region) -> Result<u64, Corrupt> {
        // Acquire: pairs with (R) in `acknowledge`; the slots about to be overwritten were read out.
        let received = region.control().receiver.count.0.load(Ordering::Acquire);
        self.received = self.check_received(region, received, self.received)?;
        Ok(self.next - self.received)
    }
}

/// Where the receiver stands.
#[derive(Debug)]
pub(crate) struct ReceiveCursor {
    /// The number of the next message to show, from 0.
    next: u64,
    /// The slot in which `look` has found the next message.
    slot: usize,
    /// What `received` says: messages before this one were given back. At most `next`.
    acknowledged: u64,
    /// Where it stood when it was made.
    resumed: u64,
}

impl ReceiveCursor {
    /// Takes up where the last receiver, if any, left off. The caller holds the receiver's role.
    pub(crate) fn resume(region: &Region) -> Result<Self, Corrupt> {
        // Relaxed: our role's own earlier store, handed over by the role lock.
        let received = region.control().receiver.count.0.load(Ordering::Relaxed);
        if received > LAST_MESSAGE + 1 {
            return Err(Corrupt::new(
                Field::Received,
                received,
                0..=LAST_MESSAGE + 1,
            ));
        }
        Ok(Self {
            next: received,
            slot: 0,
            acknowledged: received,
            resumed: received,
        })
    }

    /// Messages shown and not yet acknowledged.
    #[inline]
    pub(crate) fn shown(&self) -> u64 {
        self.next - self.acknowledged
    }

    /// Whether it has shown a message since it was made.
    pub(crate) fn has_shown(&self) -> bool {
        self.next != self.resumed
    }

    /// Messages acknowledged since the mailbox was created.
    #[inline]
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether the next message is there, and its length: 0 to 1024.
    ///
    /// One load for a message in a hot slot, otherwise two.
    #[inline(always)]
    pub(crate) fn look(&mut self, region: &Region) -> Result<Option<usize>, Corrupt> {
        let geometry = region.geometry();
        let expected = self.next + 1;
        self.slot = geometry.hot_slot(self.next);
        let hot = load_stamp(region, self.slot);
        if hot.ordinal() == expected {
            return checked_length(hot).map(Some);
        }
        if let Some(slot) = geometry.cold_slot(self.next) {
            self.slot = slot;
            let cold = load_stamp(region, slot);
            if cold.ordinal() == expected {
                return checked_length(cold).map(Some);
            }
            ensure_no_newer(cold, expected)?;
        }
        ensure_no_newer(hot, expected)?;
        Ok(None)
    }

    /// An error if the next message was announced and is not there: its memory was taken away. For once in a
    /// while. What is announced is read before the look, since a healthy sender may announce more at any moment.
    pub(crate) fn ensure_announced_is_there(&mut self, region: &Region) -> Result<(), Corrupt> {
        // Acquire: pairs with (C) in `publish`; the stamps of all messages before `sent` are there.
        let sent = region.control().sender.count.0.load(Ordering::Acquire);
        if sent > self.next && self.look(region)?.is_none() {
            let expected = self.next + 1;
            return Err(Corrupt::new(Field::Stamp, 0, expected..=expected));
        }
        Ok(())
    }

    /// Copies out the next message, which `look` has found, and steps to the one after it.
    #[inline(always)]
    pub(crate) fn show(&mut self, region: &Region, length: usize, message: &mut Message) {
        let payload = &region.slot(self.slot).payload;
        message.fill(self.next, length, |buffer| payload.read(buffer, length));
        self.next += 1;
    }

    /// Starts again at the first message that was not acknowledged.
    pub(crate) fn rewind(&mut self) {
        self.next = self.acknowledged;
    }

    /// Gives back everything shown so far.
    #[inline]
    pub(crate) fn acknowledge(&mut self, region: &Region) {
        self.acknowledged = self.next;
        // (R) Release: pairs with the Acquire in `SendCursor::queued`; our reads of the payload are done.
        region
            .control()
            .receiver
            .count
            .0
            .store(self.next, Ordering::Release);
    }
}

impl Cursor for ReceiveCursor {
    fn count(&self) -> u64 {
        self.acknowledged
    }

    /// Those shown and not acknowledged are shown again after this.
    fn queued(&mut self, region: &Region) -> Result<u64, Corrupt> {
        self.rewind();
        let slots = u64::from(region.geometry().slots());
        // Acquire: so that the look comes after it.
        let sent = region.control().sender.count.0.load(Ordering::Acquire);
        let counted = sent.saturating_sub(self.next).min(slots);
        // A sender that was killed between (S) and (C) has committed one more than it counted.
        let found = self.look(region)?.is_some();
        Ok(counted.max(u64::from(found)))
    }
}

#[inline]
fn load_stamp(region: &Region, slot: usize) -> Stamp {
    // Acquire: pairs with (S) in `publish`; with the number comes the payload.
    Stamp::from_bits(region.slot(slot).stamp.load(Ordering::Acquire))
}

/// The length in a stamp, which is the peer's word.
#[inline]
fn checked_length(stamp: Stamp) -> Result<usize, Corrupt> {
    match usize::try_from(stamp.length()) {
        Ok(length) if length <= MAX_MESSAGE => Ok(length),
        _ => Err(Corrupt::new(
            Field::Length,
            stamp.length(),
            0..=MAX_MESSAGE as u64,
        )),
    }
}

/// An error if `stamp` is of a later message than the `newest` that can be there.
#[inline]
fn ensure_no_newer(stamp: Stamp, newest: u64) -> Result<(), Corrupt> {
    if stamp.ordinal() > newest {
        return Err(Corrupt::new(Field::Stamp, stamp.ordinal(), 0..=newest));
    }
    Ok(())
}

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slept<T> {
    /// What was waited for is there.
    Found(T),
    /// It is not there, for all that somebody woke us.
    InVain,
    /// The time was up. Nobody has looked, and the memory may be gone; the sleep stays announced.
    Expired,
}

/// What has ended a sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The flag is not, or no longer, [`PARKED`]; or anything else, after which the memory is there.
    Up,
    /// The time was up.
    TimeUp,
}

/// Announces the owner's sleep on its flag `own`, executes `barrier` if the publisher leaves that to us, looks
/// once more, and if there is nothing, sleeps, and looks again if that did not just expire.
///
/// An error of `sleep` means that the memory may be gone, and nothing in it is touched any more.
///
/// After a time that was up the flag stays as it is, `announced` says so, and the next sleep goes on with it: whoever
/// publishes meanwhile finds it, and clears it, and then there is no sleep. So an idle endpoint announces itself once,
/// and not in every slice.
#[inline]
pub(crate) fn park<T, E>(
    own: &AtomicU32,
    announced: &Cell<bool>,
    barrier: impl FnOnce(),
    mut look: impl FnMut() -> Result<Option<T>, E>,
    sleep: impl FnOnce(&AtomicU32) -> Result<Wake, E>,
) -> Result<Slept<T>, E> {
    if !announced.get() {
        // Relaxed: ordered by the fence.
        own.store(PARKED, Ordering::Relaxed);
        // (W) SeqCst: pairs with (P) in `take_parked`.
        fence(Ordering::SeqCst);
        barrier();
    }
    let mut found = look();
    if let Ok(None) = found {
        if sleep(own)? == Wake::TimeUp {
            announced.set(true);
            return Ok(Slept::Expired);
        }
        found = look();
    }
    withdraw(own, announced);
    Ok(found?.map_or(Slept::InVain, Slept::Found))
}

/// Takes back the announcement of a sleep.
pub(crate) fn withdraw(own: &AtomicU32, announced: &Cell<bool>) {
    announced.set(false);
    // Relaxed: spares the peer a needless wake; nothing depends on when it is seen.
    own.store(AWAKE, Ordering::Relaxed);
}

/// After publishing: whether the peer sleeps on its flag and has to be woken now. `registered` says that a peer that
/// fences for both reaches us.
#[inline]
#[must_use]
pub(crate) fn take_parked(peer: &Presence, registered: bool) -> bool {
    // Not before the stamp: the compiler may not move the load of `fences` up. The processor may, which a new owner's
    // barrier takes care of.
    compiler_fence(Ordering::SeqCst);
    // Relaxed: a new owner makes sure that its word is seen before it counts.
    if registered && peer.fences.load(Ordering::Relaxed) == SLEEPER_FENCES {
        light_fence();
    } else {
        // (P) SeqCst: pairs with (W) in `park`; comes after (S), (C) or (R).
        fence(Ordering::SeqCst);
    }
    let peer = &peer.parked;
    // Relaxed: ordered by the fence.
    if peer.load(Ordering::Relaxed) != PARKED {
        return false;
    }
    // Relaxed: ordered by the wake that follows, a system call.
    peer.store(AWAKE, Ordering::Relaxed);
    true
}

/// Messages committed and not yet acknowledged, as anybody sees it: 0 to the number of slots.
pub(crate) fn queued(region: &Region) -> u64 {
    let control = region.control();
    let slots = u64::from(region.geometry().slots());
    let mut queued = 0;
    // Bounded: a busy channel may move on for as long as we like to look.
    for _ in 0..100 {
        // Acquire: so that the three loads happen in this order.
        let before = control.receiver.count.0.load(Ordering::Acquire);
        let sent = control.sender.count.0.load(Ordering::Acquire);
        let received = control.receiver.count.0.load(Ordering::Acquire);
        // `sent` may be one behind, below `received`. If the receiver has moved on meanwhile, this is too
        // much, never too little: a sender that closes must not take messages for acknowledged.
        queued = sent.saturating_sub(before).min(slots);
        if before == received {
            break;
        }
    }
    queued
}

/// Writes the header of a new mailbox, whose bytes are all zero, and which has no name yet.
pub(crate) fn write_header(region: &Region, id: MailboxId) {
    let header = &region.control().header;
    let geometry = region.geometry();
    // Relaxed, here and below: nobody else has the object before it has its name, which a system call gives it.
    header.magic.store(MAGIC, Ordering::Relaxed);
    header.version.store(VERSION, Ordering::Relaxed);
    header.kind.store(KIND_RING, Ordering::Relaxed);
    header.slots.store(geometry.slots(), Ordering::Relaxed);
    header.hot.store(geometry.hot_slots(), Ordering::Relaxed);
    for (field, word) in header.id.iter().zip(id.words()) {
        field.store(word, Ordering::Relaxed);
    }
}

/// Whether the header, and what the holder of `own` has written, its `life` and its `count`, still stand there.
pub(crate) fn is_intact(region: &Region, own: &Side, life: u64, count: u64) -> bool {
    // Relaxed: nobody else who keeps to the protocol writes them while this end has its role.
    region.control().header.magic.load(Ordering::Relaxed) == MAGIC
        && own.presence.life.load(Ordering::Relaxed) == life
        && own.count.0.load(Ordering::Relaxed) == count
}

/// A new holder of a role, process `pid`, begins its life, which is returned. The caller holds INIT, or an object
/// without a name, and the role, and executes a barrier for all before it sleeps for the first time.
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
    // Release: not before `life`. A holder killed in between has died, and the object stays; the other way round it
    // would have left a closed one that nobody asked to keep.
    presence.kept.store(0, Ordering::Release);
    life
}

/// The holder of a role ends its `life`, and says whether the object is to stay. The caller holds INIT and the role.
pub(crate) fn end_life(presence: &Presence, life: u64, kept: bool) {
    presence.kept.store(u32::from(kept), Ordering::Relaxed);
    // Release: everything committed comes before; pairs with the Acquire in `read_life`.
    presence.life.store(life | 1, Ordering::Release);
}

/// Whether whoever leaves last is to remove the object, for all that the role of this presence, which nobody holds,
/// says: it was never taken, or its last holder has closed and did not ask that the object stays.
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
    // committed before it closed. (What a killed peer committed is ordered by the kernel: its lock is
    // freed after its last instruction, and we have tested the lock.)
    presence.life.load(Ordering::Acquire)
}

/// As [`read_life`], for a hint that costs nothing.
pub(crate) fn glance_at_life(presence: &Presence) -> u64 {
    // Relaxed: whoever finds a change looks properly.
    presence.life.load(Ordering::Relaxed)
}

/// Whether `life` says that its owner has closed.
pub(crate) const fn is_closed(life: u64) -> bool {
    life & 1 == 1
}

/// Clears the peer's flag, whatever it says, before an unconditional wake.
pub(crate) fn clear_parked(presence: &Presence) {
    // Release: what made us wake it comes before.
    presence.parked.store(AWAKE, Ordering::Release);
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests;
