//! Layout version 1: what stands where in the shared memory. Nouns only; the verbs are in
//! `protocol`.
//!
//! A mailbox (kind 1), which has one sender and one receiver:
//!
//! ```text
//! offset  size  field                  written by
//!      0     8  magic "shm-mbox"       the creator
//!      8     4  version                the creator
//!     12     4  kind (1: mailbox)      the creator
//!     16     4  slots N                the creator
//!     20     4  hot slots H            the creator; see `ring`
//!     32    16  id, random, not 0      the creator
//!    128     8  sent                   the sender
//!    256     8  life of the sender     the sender
//!    264     4  parked                 the sender sets it, the receiver that wakes clears it
//!    268     4  pid, for display       the sender
//!    272     4  fences                 the sender
//!    276     4  kept                   the sender
//!    320    32  note, see `note`       the sender
//!    384     8  received               the receiver
//!    512     8  life of the receiver   the receiver
//!    520     4  parked                 the receiver sets it, the sender that wakes clears it
//!    524     4  pid, for display       the receiver
//!    528     4  fences                 the receiver
//!    640  1088  slot 0: stamp (8), payload (1024), 56 unused
//!   1728  1088  slot 1 …: H hot slots; then N cold ones, unless H = N
//! ```
//!
//! A bus (kind 2) has S *lanes*, one for each sender, and R *places*, one for each receiver. What a
//! mailbox has once, a bus has for each of them. With S = R = 1 both are the same except for the
//! kind.
//!
//! ```text
//!     24     4  lanes S                the creator
//!     28     4  places R               the creator
//!     64     8  members                the holder of INIT
//!     72     4  opened                 the holder of INIT
//!    128   256  lane 0: as offsets 128 to 383 of a mailbox, and
//!    280     8    floor                the holder of INIT
//!    288    32    label                the holder of INIT
//!           ⋮   lanes 1 … S-1
//!      A   128  received, lane 0, place 0       the receiver; PENDING: the holder of INIT
//!           ⋮   … place 1 …; then the R counts of lane 1 …
//!      B   128  place 0: as offsets 512 to 639 of a mailbox, and
//!  B + 32    32    label               the holder of INIT
//!           ⋮   places 1 … R-1
//!      C        the slots of lane 0, as those of a mailbox; then those of lane 1 …
//! ```
//!
//! with A = 128 + 256 S, B = A + 128 S R, C = B + 128 R.
//!
//! All integers are in the machine's byte order (little-endian on both supported machines). The
//! object's size is the end of the last slot rounded up to 4096 bytes. Unused bytes are 0.
//!
//! A count stands alone on its 128 bytes (two cache lines, the unit in which x86 prefetches): the
//! sender stores `sent` with every message, and the receiver looks at the sender's `parked` after
//! every message; on one line they would tear it from each other each time.

use crate::memory::label::LabelCell;
use crate::memory::note::Note;
use crate::memory::payload::Payload;
use crate::memory::sync::{AtomicU32, AtomicU64};

/// The first eight bytes of a mailbox: `shm-mbox`.
pub(crate) const MAGIC: u64 = u64::from_le_bytes(*b"shm-mbox");
/// The version of the layout and of the protocol.
pub(crate) const VERSION: u32 = 1;
/// One sender and one receiver; other numbers are left for other shapes.
pub(crate) const KIND_MAILBOX: u32 = 1;
/// Several senders and receivers.
pub(crate) const KIND_BUS: u32 = 2;
/// `received` of a receiver that is joining a bus and does not count yet.
pub(crate) const PENDING: u64 = u64::MAX;
/// The end of header and role blocks, and the start of slot 0.
pub(crate) const SLOTS_OFFSET: usize = 640;
/// `parked`: the owner sleeps on this word, or is about to, or its last wait ended in an error.
pub(crate) const PARKED: u32 = 1;
/// `parked`: the owner waits for its bell, or is about to, or its last wait ended in an error.
pub(crate) const BELL: u32 = 2;
/// `parked`: the owner need not be woken.
pub(crate) const AWAKE: u32 = 0;

/// `fences`: the side that publishes executes a full fence before it looks at the owner's `parked`.
pub(crate) const PUBLISHER_FENCES: u32 = 0;
/// `fences`: the owner executes a barrier for both before it sleeps, or it never sleeps.
pub(crate) const SLEEPER_FENCES: u32 = 1;

/// A stamp's low bits: the length; the number of the message, from 1, stands above them.
const LENGTH_BITS: u32 = 11;
/// The highest message number: its stamp is the largest that fits into 64 bits.
pub(crate) const LAST_MESSAGE: u64 = (1 << (64 - LENGTH_BITS)) - 2;

/// The byte that is locked while a process attaches, closes or unlinks. Those of the roles are
/// [`Role::lock_byte`](crate::Role::lock_byte). See `fcntl(2)`, "Open file description locks".
pub(crate) const INIT: u64 = 0;

/// Where an observer finds a field that it reads through a descriptor, in bytes from the object's
/// start.
#[cfg(not(shm_mailbox_loom))]
pub(crate) mod offset {
    use std::mem::offset_of;

    use super::{Control, Presence, Side};
    use crate::memory::role::Role;

    pub(crate) const MAGIC: u64 = offset_of!(Control, header.magic) as u64;
    pub(crate) const MEMBERS: u64 = offset_of!(Control, header.members) as u64;
    pub(crate) const SENT: u64 = offset_of!(Control, sender.count) as u64;
    pub(crate) const RECEIVED: u64 = offset_of!(Control, receiver.count) as u64;
    /// From the start of a lane.
    pub(crate) const PRESENCE: u64 = offset_of!(Side, presence) as u64;
    /// From the start of the role's [`Presence`].
    pub(crate) const LIFE: u64 = offset_of!(Presence, life) as u64;
    pub(crate) const PARKED: u64 = offset_of!(Presence, parked) as u64;
    pub(crate) const PID: u64 = offset_of!(Presence, pid) as u64;
    pub(crate) const FENCES: u64 = offset_of!(Presence, fences) as u64;
    pub(crate) const FLOOR: u64 = offset_of!(Presence, floor) as u64;
    pub(crate) const LABEL: u64 = offset_of!(Presence, label) as u64;
    pub(crate) const NOTE: u64 = offset_of!(Presence, note) as u64;
    /// An index into the bytes of the header.
    pub(crate) const ID: usize = offset_of!(Control, header.id);

    /// The [`Presence`] of a role.
    pub(crate) const fn presence(role: Role) -> u64 {
        (match role {
            Role::Sender => offset_of!(Control, sender.presence),
            Role::Receiver => offset_of!(Control, receiver.presence),
        }) as u64
    }
}

/// Written once by the creator.
#[repr(C, align(128))]
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) magic: AtomicU64,
    pub(crate) version: AtomicU32,
    pub(crate) kind: AtomicU32,
    pub(crate) slots: AtomicU32,
    pub(crate) hot: AtomicU32,
    /// Of a bus; 0 in a mailbox, as all below `id` are.
    pub(crate) senders: AtomicU32,
    pub(crate) receivers: AtomicU32,
    /// See [`MailboxId`](crate::MailboxId).
    pub(crate) id: [AtomicU64; 2],
    pub(crate) unused: [AtomicU64; 2],
    /// `generation << 32 | mask`: bit r of the mask says that place r counts.
    pub(crate) members: AtomicU64,
    /// Lanes that were ever taken are below it.
    pub(crate) opened: AtomicU32,
}

/// A number of messages since creation, alone on its lines.
#[repr(C, align(128))]
#[derive(Debug)]
pub(crate) struct Count(pub(crate) AtomicU64);

/// The state of a role and its holder.
#[repr(C, align(128))]
#[derive(Debug)]
pub(crate) struct Presence {
    /// `epoch << 1 | closed`; 0 if the role was never taken.
    pub(crate) life: AtomicU64,
    /// [`AWAKE`], [`PARKED`] or [`BELL`].
    pub(crate) parked: AtomicU32,
    /// For display; never acted on.
    pub(crate) pid: AtomicU32,
    /// [`PUBLISHER_FENCES`] or [`SLEEPER_FENCES`]: which side makes sure that the owner's sleep and
    /// the peer's publication do not miss one another.
    pub(crate) fences: AtomicU32,
    /// 1: the last sender asked to keep the object, even when the peer leaves later. Senders only.
    pub(crate) kept: AtomicU32,
    /// Of a lane of a bus: how many messages had been given back when the last place was left.
    pub(crate) floor: AtomicU64,
    /// Of a seat on a bus.
    pub(crate) label: LabelCell,
    /// What a sender leaves for the next. Senders only.
    pub(crate) note: Note,
}

/// One role's block.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Side {
    /// `sent` in the sender's block, `received` in the receiver's.
    pub(crate) count: Count,
    pub(crate) presence: Presence,
}

/// Everything before the slots.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) header: Header,
    pub(crate) sender: Side,
    pub(crate) receiver: Side,
}

/// Room for one message.
#[repr(C, align(64))]
#[derive(Debug)]
pub(crate) struct Slot {
    /// The commit: see [`Stamp`]. 0: never written.
    pub(crate) stamp: AtomicU64,
    pub(crate) payload: Payload,
}

impl Slot {
    /// Asks for its first two cache lines, which will be read soon.
    #[inline(always)]
    pub(crate) fn prefetch(&self) {
        #[cfg(not(shm_mailbox_loom))]
        for line in [0, 64] {
            let start = std::ptr::from_ref(self).cast::<u8>();
            shm_core::bytes::prefetch(start.wrapping_add(line));
        }
    }
}

/// A slot's stamp, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// The stamp of message `n` (from 0) of `length` bytes.
    #[inline]
    pub(crate) const fn new(n: u64, length: usize) -> Self {
        Self((n + 1) << LENGTH_BITS | length as u64)
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// How many messages there are up to and with this one: its number, from 1; 0 if there is none.
    #[inline]
    pub(crate) const fn ordinal(self) -> u64 {
        self.0 >> LENGTH_BITS
    }

    /// The length as it stands there: the peer's word, to be checked.
    #[inline]
    pub(crate) const fn length(self) -> u64 {
        self.0 & ((1 << LENGTH_BITS) - 1)
    }
}

// Under loom the atomics are larger, and nothing is mapped.
#[cfg(not(shm_mailbox_loom))]
const _: () = {
    use std::mem::{offset_of, size_of};

    use crate::memory::geometry::{BusGeometry, Geometry, STRIDE};
    use crate::memory::payload::MAX_MESSAGE;

    assert!(offset_of!(Control, header.magic) == 0);
    assert!(offset_of!(Control, header.version) == 8);
    assert!(offset_of!(Control, header.kind) == 12);
    assert!(offset_of!(Control, header.slots) == 16);
    assert!(offset_of!(Control, header.hot) == 20);
    assert!(offset_of!(Control, header.senders) == 24);
    assert!(offset_of!(Control, header.receivers) == 28);
    assert!(offset_of!(Control, header.id) == 32);
    assert!(offset_of!(Control, header.members) == 64);
    assert!(offset_of!(Control, header.opened) == 72);
    assert!(offset_of!(Control, sender.count) == 128);
    assert!(offset_of!(Control, sender.presence.life) == 256);
    assert!(offset_of!(Control, sender.presence.parked) == 264);
    assert!(offset_of!(Control, sender.presence.pid) == 268);
    assert!(offset_of!(Control, sender.presence.fences) == 272);
    assert!(offset_of!(Control, sender.presence.kept) == 276);
    assert!(offset_of!(Control, sender.presence.floor) == 280);
    assert!(offset_of!(Control, sender.presence.label) == 288);
    assert!(offset_of!(Control, sender.presence.note.words) == 320);
    assert!(offset_of!(Control, sender.presence.note.check) == 344);
    assert!(offset_of!(Control, receiver.count) == 384);
    assert!(offset_of!(Control, receiver.presence.life) == 512);
    assert!(offset_of!(Control, receiver.presence.parked) == 520);
    assert!(offset_of!(Control, receiver.presence.pid) == 524);
    assert!(offset_of!(Control, receiver.presence.fences) == 528);
    assert!(size_of::<Control>() == SLOTS_OFFSET);
    assert!(offset_of!(Slot, stamp) == 0);
    assert!(offset_of!(Slot, payload) == 8);
    assert!(size_of::<Slot>() as u64 == STRIDE);
    assert!(size_of::<Header>() == 128 && size_of::<Side>() == 256);
    assert!(size_of::<Count>() == 128 && size_of::<Presence>() == 128);
    assert!(MAX_MESSAGE < 1 << LENGTH_BITS);

    // A bus of one lane and one place is a mailbox, except for its kind.
    let one = match BusGeometry::new(Geometry::DEFAULT, 1, 1) {
        Some(one) => one,
        None => panic!("one of each"),
    };
    assert!(one.lane_offset(0) == offset_of!(Control, sender) as u64);
    assert!(one.count_offset(0, 0) == offset_of!(Control, receiver.count) as u64);
    assert!(one.place_offset(0) == offset_of!(Control, receiver.presence) as u64);
    assert!(one.slot_offset(0, 1) == Geometry::slot_offset(1));
    assert!(one.object_size() == Geometry::DEFAULT.object_size());
    assert!(Stamp::new(LAST_MESSAGE, MAX_MESSAGE).ordinal() == LAST_MESSAGE + 1);
};

// SAFETY: atomics only, valid for any bytes; changed by others at any time without harm.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Control {}

// SAFETY: as above.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Header {}

// SAFETY: as above.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Side {}

// SAFETY: as above.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Count {}

// SAFETY: as above.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Presence {}

// SAFETY: an atomic and a `Payload`, whose bytes are only ever copied by `shm_core::bytes`.
#[cfg(not(shm_mailbox_loom))]
unsafe impl shm_core::Shareable for Slot {}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_holds_number_and_length() {
        for n in [0, 1, 15, 1 << 40, LAST_MESSAGE] {
            for length in [0, 1, 1023, 1024] {
                let stamp = Stamp::from_bits(Stamp::new(n, length).bits());
                assert_eq!(stamp.ordinal(), n + 1);
                assert_eq!(stamp.length(), length as u64);
            }
        }
    }

    #[test]
    fn the_last_stamp_is_not_the_first() {
        assert_eq!(Stamp::new(LAST_MESSAGE, 2047).bits(), u64::MAX);
        assert_ne!(Stamp::new(0, 0).bits(), 0);
    }
}
