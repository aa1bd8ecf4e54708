//! Watching an object without taking part: what is in it, how far it is, and who holds which role.
//!
//! An observer opens the object for reading only, reads it through the descriptor, and asks for
//! locks without taking any. It maps nothing, so it cannot die of SIGBUS, and its looks change
//! nothing for the two ends.
//!
//! ```
//! use shm_mailbox::observe::{self, Content};
//! use shm_mailbox::{Mailbox, Peer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let orders = format!("doc-observe-{}", std::process::id());
//! # let orders = orders.as_str();
//! let mut sender = Mailbox::options(orders).sender()?;
//! sender.send(b"hello")?;
//!
//! let object = observe::open(&orders.parse()?)?;
//! let Content::Mailbox(seen) = observe::look(&object)? else {
//!     unreachable!("it was made just now")
//! };
//! assert_eq!((seen.sent, seen.received, seen.queued), (1, 0, 1));
//! assert_eq!(seen.sender.state, Peer::Attached);
//! assert_eq!(seen.receiver.state, Peer::NeverSeen);
//! # let mut receiver = Mailbox::options(orders).receiver()?;
//! # receiver.recv(&mut shm_mailbox::Message::new())?;
//! # sender.close()?;
//! # Ok(())
//! # }
//! ```

mod bus;

pub use bus::{Bus, Lane, Place};

use shm_core::{Object, ObjectOptions, OpenError, ShmName, SystemError};

use crate::classic;
use crate::error::AttachError;
use crate::memory::geometry::{Geometry, is_whole_pages};
use crate::memory::id::MailboxId;
use crate::memory::layout::{INIT, LAST_MESSAGE, MAGIC, SLOTS_OFFSET, Stamp, VERSION, offset};
use crate::memory::role::{Role, Seat};
use crate::object::image::{Form, Image};
use crate::{protocol, protocol::Peer};

/// How often a number is read again that changes while it is read: a busy channel moves on for as
/// long as we look.
const ROUNDS: u32 = 100;

/// The content of an object.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// A mailbox of a form that this library reads.
    Mailbox(Snapshot),
    /// A bus of this version.
    Bus(Bus),
    /// An object of the size of the classic layout.
    Classic(Lesson),
    /// A mailbox that this library cannot read: another version, kind or geometry.
    Unknown(AttachError),
    /// Something else.
    Foreign,
}

/// A mailbox at one moment. While messages flow, the moment is a fraction of a microsecond wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The mailbox's identity.
    pub id: MailboxId,
    /// The layout's version.
    pub version: u32,
    /// The number of messages it has room for.
    pub slots: u32,
    /// The number of hot slots; see [`Options::hot_slots`](crate::Options::hot_slots).
    pub hot_slots: u32,
    /// Messages committed since it was created.
    pub sent: u64,
    /// Messages acknowledged since it was created.
    pub received: u64,
    /// Messages committed and not acknowledged, 0 to `slots`.
    pub queued: u64,
    /// The sender's note, if there is one; see [`Sender::note`](crate::Sender::note).
    pub note: Option<[u64; 3]>,
    /// The sending side.
    pub sender: Side,
    /// The receiving side.
    pub receiver: Side,
    /// Whether a process is attaching, closing or removing at this moment.
    ///
    /// If it stays so for long, that process is stopped.
    pub changing: bool,
}

/// One side of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// Whether the role has a holder, and how the last one left.
    ///
    /// The lock, which the kernel frees, shows it.
    pub state: Peer,
    /// How many holders there have been.
    pub epoch: u64,
    /// The process number that the last holder stated; 0 if there was none.
    ///
    /// For display only: it may belong to another pid namespace, and numbers are reused.
    pub pid: u32,
    /// Whether the holder sleeps or is about to; also true if its last wait ended in an error.
    pub parked: bool,
    /// Whether it fences for both sides before it sleeps.
    pub fences: bool,
}

/// An object of the size of the classic layout, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The flag `clr2send`: above 0, a reader waits for a message.
    pub flag: i32,
    /// Whether a Rust writer is attached. A C writer takes no lock.
    pub writer: bool,
    /// Whether a Rust reader is attached. A C reader takes no lock.
    pub reader: bool,
}

impl Snapshot {
    /// Tells whether both roles are free and no process is attaching, closing or removing.
    ///
    /// The mailbox may then be taken over, or removed.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let alone = |side: &Side| side.state != Peer::Attached;
        alone(&self.sender) && alone(&self.receiver) && !self.changing
    }

    /// Returns the side of a role.
    #[must_use]
    pub fn side(&self, role: Role) -> &Side {
        match role {
            Role::Sender => &self.sender,
            Role::Receiver => &self.receiver,
        }
    }
}

/// Opens an object for watching, whatever its owner and mode.
///
/// # Errors
///
/// As for [`ObjectOptions::open`]; who may not read the object may not watch it.
pub fn open(name: &ShmName) -> Result<Object, OpenError> {
    let mut options = ObjectOptions::new();
    options.read_only(true).any_owner(true).any_mode(true);
    options.open(name)
}

/// Reads the content of an object, which may be open for reading only.
///
/// # Errors
///
/// [`SystemError`] if the object was opened before a `fork`; otherwise in practice never.
pub fn look(object: &Object) -> Result<Content, SystemError> {
    let size = object.size()?;
    if size == classic::SIZE {
        return lesson(object).map(Content::Classic);
    }
    let mut bytes = [0; SLOTS_OFFSET];
    if !is_whole_pages(size) || object.read_at(&mut bytes, 0)? < bytes.len() {
        return Ok(Content::Foreign);
    }
    if word(object, offset::MAGIC)? != MAGIC {
        return Ok(Content::Foreign);
    }
    match Image::check(&bytes, size, object.name()) {
        Ok(Image { form, id }) => match form {
            Form::Mailbox(geometry) => mailbox(object, geometry, id).map(Content::Mailbox),
            Form::Bus(form) => bus::look(object, form, id).map(Content::Bus),
        },
        Err(error) => Ok(Content::Unknown(error)),
    }
}

/// The bus in an object; `None` if the object was truncated.
pub(crate) fn look_at_bus(object: &Object) -> Result<Option<Bus>, SystemError> {
    match look(object)? {
        Content::Bus(bus) => Ok(Some(bus)),
        _ => Ok(None),
    }
}

fn mailbox(object: &Object, geometry: Geometry, id: MailboxId) -> Result<Snapshot, SystemError> {
    let slots = u64::from(geometry.slots());
    let (mut sent, mut received) = (0, 0);
    for _ in 0..ROUNDS {
        let before = word(object, offset::RECEIVED)?;
        sent = word(object, offset::SENT)?;
        received = word(object, offset::RECEIVED)?;
        if before == received {
            break;
        }
    }
    if is_committed(object, geometry, Geometry::slot_offset, sent)? {
        // A sender was killed, or is at this moment, between the stamp and the count.
        sent += 1;
    }
    // If the receiver has moved on since, `received` is the newer.
    let queued = sent.saturating_sub(received).min(slots);
    Ok(Snapshot {
        id,
        version: VERSION,
        slots: geometry.slots(),
        hot_slots: geometry.hot_slots(),
        sent,
        received,
        queued,
        note: note(object, offset::presence(Role::Sender))?,
        sender: mailbox_side(object, Role::Sender)?,
        receiver: mailbox_side(object, Role::Receiver)?,
        changing: object.is_locked_elsewhere(INIT)?,
    })
}

/// Whether message `n`, the first that is not counted, is there anyway.
fn is_committed(
    object: &Object,
    geometry: Geometry,
    slot_offset: impl Fn(usize) -> u64,
    n: u64,
) -> Result<bool, SystemError> {
    if n > LAST_MESSAGE {
        return Ok(false);
    }
    let shows = |slot| {
        let bits = word(object, slot_offset(slot))?;
        Ok::<_, SystemError>(Stamp::from_bits(bits).ordinal() == n + 1)
    };
    Ok(shows(geometry.hot_slot(n))? || geometry.cold_slot(n).map_or(Ok(false), &shows)?)
}

fn mailbox_side(object: &Object, role: Role) -> Result<Side, SystemError> {
    side(object, Seat::new(role, 0), offset::presence(role))
}

/// The endpoint of the seat whose presence begins at `base`.
fn side(object: &Object, seat: Seat, base: u64) -> Result<Side, SystemError> {
    let mut state = Peer::NeverSeen;
    let mut life = word(object, base + offset::LIFE)?;
    for _ in 0..ROUNDS {
        let held = object.is_locked_elsewhere(seat.lock_byte())?;
        let after = word(object, base + offset::LIFE)?;
        state = Peer::judge(life, held);
        if life == after {
            break;
        }
        life = after;
    }
    Ok(Side {
        state,
        epoch: life >> 1,
        pid: half(object, base + offset::PID)?,
        parked: half(object, base + offset::PARKED)? != 0,
        fences: half(object, base + offset::FENCES)? != 0,
    })
}

/// The note of the sender whose presence begins at `base`; `None` also while the sender writes it.
fn note(object: &Object, base: u64) -> Result<Option<[u64; 3]>, SystemError> {
    let at = |index: u64| word(object, base + offset::NOTE + 8 * index);
    let check = at(3)?;
    let words = [at(0)?, at(1)?, at(2)?];
    // The sender has not begun another note since: the check word would differ.
    let lasts = at(3)? == check;
    Ok(protocol::whole_note(words, check).filter(|_| lasts))
}

fn lesson(object: &Object) -> Result<Lesson, SystemError> {
    let mut flag = [0; 4];
    object.read_at(&mut flag, 0)?;
    Ok(Lesson {
        flag: i32::from_ne_bytes(flag),
        writer: object.is_locked_elsewhere(Role::Sender.lock_byte())?,
        reader: object.is_locked_elsewhere(Role::Receiver.lock_byte())?,
    })
}

/// A word that its writer stores at once; 0 if the object has lost its memory.
fn word(object: &Object, offset: u64) -> Result<u64, SystemError> {
    let mut bytes = [0; 8];
    object.read_at(&mut bytes, offset)?;
    Ok(u64::from_ne_bytes(bytes))
}

/// As [`word`], of half the size.
fn half(object: &Object, offset: u64) -> Result<u32, SystemError> {
    let mut bytes = [0; 4];
    object.read_at(&mut bytes, offset)?;
    Ok(u32::from_ne_bytes(bytes))
}
