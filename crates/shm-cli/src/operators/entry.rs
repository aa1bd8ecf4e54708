//! An entry of `/dev/shm` as `shm ls` and `shm stat` show it; its fields are those of the JSON.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use shm_core::{FileKind, ListEntry, ObjectId, ShmName, Status};
use shm_mailbox::Role;
use shm_mailbox::observe::{Content, Snapshot};

use super::bus::{Bus, Lane, Traffic};
use super::holder::{Holder, ROLES, State};
use crate::failure::Failure;
use crate::system::people;
use crate::system::procfs::Uses;
use crate::terminal::{escape, locale};

/// A name in `/dev/shm` and what stands under it.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// Raised when the meaning of a field changes.
    schema: u32,
    /// Without the slash; what is not UTF-8 is replaced.
    pub(super) name: String,
    /// The name's bytes, in base64, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name_bytes: Option<String>,
    pub(super) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mailbox: Option<Mailbox>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bus: Option<Bus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) classic: Option<Classic>,
    pub(super) owner: u32,
    pub(super) group: u32,
    /// Octal.
    pub(super) mode: String,
    pub(super) size: u64,
    pub(super) allocated: u64,
    pub(super) inode: u64,
    /// The processes that have it open or mapped, as far as they are shown to us.
    pub(super) users: Vec<u32>,
    /// The name as it is.
    #[serde(skip)]
    pub(super) file_name: OsString,
    #[serde(skip)]
    pub(super) id: ObjectId,
    #[serde(skip)]
    pub(super) status: Status,
    /// The owner's name, or number if it has none.
    #[serde(skip)]
    pub(super) owner_name: String,
    /// The group's name, or its number.
    #[serde(skip)]
    pub(super) group_name: String,
    /// Why it is [`Kind::Unknown`] or [`Kind::Unreadable`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// What to report if this [`Kind::Unreadable`] one was asked for by its name.
    #[serde(skip)]
    pub(super) failure: Option<Failure>,
}

/// What an entry is, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Mailbox,
    /// Of several writers and readers.
    Bus,
    Classic,
    /// A mailbox of another version or form.
    Unknown,
    /// Another program's object.
    Foreign,
    /// An object that we may not read.
    Unreadable,
    Semaphore,
    Directory,
    Symlink,
    Fifo,
    Socket,
    Other,
}

#[derive(Debug, Serialize)]
pub(super) struct Mailbox {
    pub(super) id: String,
    pub(super) version: u32,
    pub(super) slots: u32,
    pub(super) hot_slots: u32,
    pub(super) queued: u64,
    pub(super) sent: u64,
    pub(super) received: u64,
    /// The writer's note, if there is one: 16 hexadecimal digits a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<[String; 3]>,
    pub(super) stale: bool,
    pub(super) changing: bool,
    pub(super) writer: Holder,
    pub(super) reader: Holder,
}

#[derive(Debug, Serialize)]
pub(super) struct Classic {
    pub(super) flag: i32,
    pub(super) writer: Holder,
    pub(super) reader: Holder,
}

impl Entry {
    /// What the name, the identity and the status tell; all three are of one object.
    pub(super) fn new(listed: ListEntry) -> Self {
        let status = listed.status;
        Self {
            schema: 1,
            name: listed.name.to_string_lossy().into_owned(),
            name_bytes: (listed.name.to_str().is_none())
                .then(|| STANDARD.encode(listed.name.as_bytes())),
            kind: Kind::of_file(&listed),
            mailbox: None,
            bus: None,
            classic: None,
            owner: status.owner,
            group: status.group,
            mode: format!("{:04o}", status.mode),
            size: status.size,
            allocated: status.allocated,
            inode: listed.id.inode,
            users: Vec::new(),
            file_name: listed.name,
            id: listed.id,
            status,
            owner_name: people::user_name(status.owner).unwrap_or_else(|| status.owner.to_string()),
            group_name: people::group_name_or_number(status.group),
            reason: None,
            failure: None,
        }
    }

    /// Adds what is in that object.
    pub(super) fn with(mut self, content: Content) -> Self {
        self.kind = match content {
            Content::Mailbox(seen) => {
                self.mailbox = Some(Mailbox::from(seen));
                Kind::Mailbox
            }
            Content::Bus(seen) => {
                self.bus = Some(Bus::from(seen));
                Kind::Bus
            }
            Content::Classic(seen) => {
                let state = |is_held| if is_held { State::Alive } else { State::None };
                self.classic = Some(Classic {
                    flag: seen.flag,
                    writer: Holder::new(state(seen.writer)),
                    reader: Holder::new(state(seen.reader)),
                });
                Kind::Classic
            }
            Content::Unknown(error) => {
                self.reason = Some(error.to_string());
                Kind::Unknown
            }
            _ => Kind::Foreign,
        };
        self
    }

    /// Adds who uses that object: `/proc` tells who a living holder is, and else its own word.
    pub(super) fn add_users(&mut self, uses: &Uses) {
        self.users = uses.pids.iter().copied().collect();
        for (role, index, holder) in self.seats_mut() {
            if let (State::Alive, Some(pid)) = (holder.state, uses.holder(role, index)) {
                holder.pid = Some(pid);
                holder.confirmed = true;
            }
        }
    }

    /// Every role of the object, with its number on a bus.
    fn seats_mut(&mut self) -> Vec<(Role, u32, &mut Holder)> {
        if let Some(bus) = &mut self.bus {
            let lanes = bus.lanes.iter_mut();
            let lanes = lanes.map(|lane| (Role::Sender, lane.lane, &mut lane.writer));
            let places = bus.places.iter_mut();
            let places = places.map(|place| (Role::Receiver, place.place, &mut place.reader));
            return lanes.chain(places).collect();
        }
        let holders = match (&mut self.mailbox, &mut self.classic) {
            (Some(mailbox), _) => [&mut mailbox.writer, &mut mailbox.reader],
            (_, Some(classic)) => [&mut classic.writer, &mut classic.reader],
            _ => return Vec::new(),
        };
        let seats = ROLES.into_iter().zip(holders);
        seats.map(|(role, holder)| (role, 0, holder)).collect()
    }

    /// The writer and the reader, if what is in the object has one of each.
    pub(super) fn holders(&self) -> Option<[&Holder; 2]> {
        match (&self.mailbox, &self.classic) {
            (Some(mailbox), _) => Some([&mailbox.writer, &mailbox.reader]),
            (_, Some(classic)) => Some([&classic.writer, &classic.reader]),
            _ => None,
        }
    }

    /// The writers, and the readers, in a column.
    pub(super) fn short_holders(&self) -> Option<[String; 2]> {
        match &self.bus {
            Some(bus) => Some(bus.short_holders()),
            None => Some(self.holders()?.map(Holder::short)),
        }
    }

    /// Every role of the object, with its present or last holder.
    pub(super) fn all_holders(&self) -> Vec<(Role, &Holder)> {
        match &self.bus {
            Some(bus) => bus.holders().collect(),
            None => ROLES
                .into_iter()
                .zip(self.holders().into_iter().flatten())
                .collect(),
        }
    }

    /// Each ring of messages: its number on a bus, the identity of the object, and its numbers.
    pub(super) fn rings(&self) -> Vec<(u32, &str, Traffic)> {
        match &self.bus {
            Some(bus) => {
                let lanes = bus.lanes.iter();
                let ring = |lane: &Lane| (lane.lane, bus.id.as_str(), bus.traffic_of(lane));
                lanes.map(ring).collect()
            }
            None => {
                let mailbox = self.mailbox.as_ref().zip(self.traffic());
                let ring = mailbox.map(|(mailbox, traffic)| (0, mailbox.id.as_str(), traffic));
                ring.into_iter().collect()
            }
        }
    }

    /// The roles that are taken, and the processes that have them.
    pub(super) fn living_holders(&self) -> Vec<(Role, &Holder)> {
        let mut holders = self.all_holders();
        holders.retain(|(_, holder)| holder.state == State::Alive);
        holders
    }

    /// What passes through it in numbers: those of the lane of a bus that is furthest behind.
    pub(super) fn traffic(&self) -> Option<Traffic> {
        match (&self.mailbox, &self.bus) {
            (Some(mailbox), _) => Some(Traffic {
                slots: mailbox.slots,
                queued: mailbox.queued,
                sent: mailbox.sent,
                received: mailbox.received,
            }),
            (_, Some(bus)) => Some(bus.traffic()),
            _ => None,
        }
    }

    /// Whether a process attaches, closes or removes at this moment.
    pub(super) fn is_changing(&self) -> bool {
        let mailbox = self
            .mailbox
            .as_ref()
            .is_some_and(|mailbox| mailbox.changing);
        mailbox || self.bus.as_ref().is_some_and(|bus| bus.changing)
    }

    /// The messages in it that no reader has taken.
    pub(super) fn queued(&self) -> u64 {
        match (&self.mailbox, &self.bus) {
            (Some(mailbox), _) => mailbox.queued,
            (_, Some(bus)) => bus.queued(),
            _ => 0,
        }
    }

    /// The name with control characters, other bytes than UTF-8, and what the locale cannot show
    /// escaped, so that it stays on its line, and is another than every other name.
    pub(super) fn shown_name(&self) -> String {
        let name = escape::file_name(&self.file_name);
        match locale::is_utf8() {
            true => name,
            false => escape::ascii(&name),
        }
    }

    /// The name of the object; none if it is no object, or its name is not UTF-8.
    pub(super) fn object_name(&self) -> Option<ShmName> {
        match self.kind <= Kind::Unreadable {
            true => ShmName::new(self.file_name.to_str()?).ok(),
            false => None,
        }
    }

    pub(super) fn is_stale(&self) -> bool {
        let mailbox = self.mailbox.as_ref().is_some_and(|mailbox| mailbox.stale);
        mailbox || self.bus.as_ref().is_some_and(|bus| bus.stale)
    }

    /// Whether this process may remove it: in a directory with the sticky bit only the owner and
    /// root may.
    pub(super) fn is_ours(&self) -> bool {
        let euid = rustix::process::geteuid();
        euid.is_root() || self.owner == euid.as_raw()
    }
}

impl From<Snapshot> for Mailbox {
    fn from(seen: Snapshot) -> Self {
        Self {
            id: seen.id.to_string(),
            version: seen.version,
            slots: seen.slots,
            hot_slots: seen.hot_slots,
            queued: seen.queued,
            sent: seen.sent,
            received: seen.received,
            note: seen.note.map(digits),
            stale: seen.is_stale(),
            changing: seen.changing,
            writer: Holder::of_mailbox(&seen.sender),
            reader: Holder::of_mailbox(&seen.receiver),
        }
    }
}

/// A note as it is shown.
pub(super) fn digits(note: [u64; 3]) -> [String; 3] {
    note.map(|word| format!("{word:016x}"))
}

impl Kind {
    fn of_file(listed: &ListEntry) -> Self {
        match listed.kind {
            FileKind::Regular if listed.name.as_encoded_bytes().starts_with(b"sem.") => {
                Self::Semaphore
            }
            FileKind::Regular => Self::Foreign,
            FileKind::Directory => Self::Directory,
            FileKind::Symlink => Self::Symlink,
            FileKind::Fifo => Self::Fifo,
            FileKind::Socket => Self::Socket,
            FileKind::Other => Self::Other,
        }
    }
}

/// As in the JSON.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_has_one_word_whoever_names_it() {
        for (kind, file) in [
            (Kind::Directory, FileKind::Directory),
            (Kind::Symlink, FileKind::Symlink),
            (Kind::Fifo, FileKind::Fifo),
            (Kind::Socket, FileKind::Socket),
        ] {
            assert_eq!(file.to_string(), format!("a {kind}"));
        }
    }
}
