//! What is in `/dev/shm`: each name with what an observer sees there, as `shm ls` and `shm stat` show it.

use std::fs;

use serde::Serialize;
use shm_core::{FileKind, ListEntry, OpenError, ShmName, Status};
use shm_mailbox::observe::{self, Content, Lesson, Side, Snapshot};
use shm_mailbox::{Peer, Role};

use crate::errors;
use crate::failure::Failure;
use crate::procfs::{Users, Uses};

/// A name in `/dev/shm` and what stands under it. Its fields are those of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    /// Raised when the meaning of a field changes.
    schema: u32,
    /// Without the slash; what is not UTF-8 is replaced.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mailbox: Option<Mailbox>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) classic: Option<Classic>,
    pub(crate) owner: u32,
    pub(crate) group: u32,
    /// Octal.
    pub(crate) mode: String,
    pub(crate) size: u64,
    pub(crate) allocated: u64,
    pub(crate) inode: u64,
    /// The processes that have it open or mapped, as far as they are shown to us.
    pub(crate) users: Vec<u32>,
    #[serde(skip)]
    pub(crate) status: Status,
    /// Why it is [`Kind::Unknown`] or [`Kind::Unreadable`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// What an entry is, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Mailbox,
    Classic,
    /// Empty, or a mailbox that its creator has not finished.
    Unfinished,
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
pub(crate) struct Mailbox {
    pub(crate) version: u32,
    pub(crate) slots: u32,
    pub(crate) hot_slots: u32,
    pub(crate) queued: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) stale: bool,
    pub(crate) changing: bool,
    pub(crate) writer: Holder,
    pub(crate) reader: Holder,
}

#[derive(Debug, Serialize)]
pub(crate) struct Classic {
    pub(crate) flag: i32,
    pub(crate) writer: Holder,
    pub(crate) reader: Holder,
}

/// Who has a role.
#[derive(Debug, Serialize)]
pub(crate) struct Holder {
    pub(crate) state: State,
    /// The holder, or the last one.
    pub(crate) pid: Option<u32>,
    /// Whether the system says that this very process has the lock.
    pub(crate) confirmed: bool,
    /// How many holders there have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fences: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Alive,
    Dead,
    Closed,
    None,
}

/// What is in `/dev/shm`, mailboxes first, then by name. With `all` also what is no object.
pub(crate) fn list(all: bool, wanted: impl Fn(&str) -> bool) -> Result<Vec<Entry>, Failure> {
    let listed = shm_core::list().map_err(|error| errors::list(&error))?;
    let wanted: Vec<_> = listed
        .into_iter()
        .filter(|entry| all || entry.object_name().is_some())
        .filter(|entry| wanted(&entry.name.to_string_lossy()))
        .collect();
    let users = Users::of(wanted.iter().map(|entry| entry.id));
    let entries = wanted.iter().filter_map(|entry| Entry::look(entry, &users));
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok(entries)
}

/// The object of a name.
pub(crate) fn find(name: &ShmName) -> Result<Entry, Failure> {
    let listed = shm_core::list().map_err(|error| errors::list(&error))?;
    let listed = listed
        .into_iter()
        .find(|entry| entry.name.to_str() == Some(name.as_str()));
    let found = listed.and_then(|listed| {
        let users = Users::of([listed.id]);
        Entry::look(&listed, &users)
    });
    found.ok_or_else(|| errors::open(&OpenError::NotFound { name: name.clone() }))
}

impl Entry {
    /// What can be seen; none if it is gone by now.
    fn look(listed: &ListEntry, users: &Users) -> Option<Self> {
        let uses = users.get(listed.id);
        let mut entry = Self {
            schema: 1,
            name: listed.name.to_string_lossy().into_owned(),
            kind: kind_of_file(listed),
            mailbox: None,
            classic: None,
            owner: listed.status.owner,
            group: listed.status.group,
            mode: format!("{:04o}", listed.status.mode),
            size: listed.status.size,
            allocated: listed.status.allocated,
            inode: listed.id.inode,
            users: uses.pids.iter().copied().collect(),
            status: listed.status,
            reason: None,
        };
        if let Some(name) = listed.object_name() {
            let content = observe::open(&name).and_then(|object| Ok(observe::look(&object)?));
            match content {
                Ok(content) => entry.fill(content, &uses),
                Err(OpenError::NotFound { .. }) => return None,
                Err(error) => {
                    entry.kind = Kind::Unreadable;
                    entry.reason = Some(error.to_string());
                }
            }
        }
        Some(entry)
    }

    fn fill(&mut self, content: Content, uses: &Uses) {
        self.kind = match content {
            Content::Mailbox(seen) => {
                self.mailbox = Some(Mailbox::new(&seen, uses));
                Kind::Mailbox
            }
            Content::Classic(seen) => {
                self.classic = Some(Classic::new(seen, uses));
                Kind::Classic
            }
            Content::Unfinished => Kind::Unfinished,
            Content::Unknown(error) => {
                self.reason = Some(error.to_string());
                Kind::Unknown
            }
            _ => Kind::Foreign,
        };
    }

    /// The name with control bytes escaped, so that it stays on its line.
    pub(crate) fn shown_name(&self) -> String {
        let quoted = format!("{:?}", self.name);
        quoted[1..quoted.len() - 1]
            .replace("\\\"", "\"")
            .replace("\\'", "'")
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.mailbox.as_ref().is_some_and(|mailbox| mailbox.stale)
    }

    /// The owner's name, or number if it has none.
    pub(crate) fn owner_name(&self) -> String {
        user_name(self.owner).unwrap_or_else(|| self.owner.to_string())
    }
}

impl Mailbox {
    fn new(seen: &Snapshot, uses: &Uses) -> Self {
        Self {
            version: seen.version,
            slots: seen.slots,
            hot_slots: seen.hot_slots,
            queued: seen.queued,
            sent: seen.sent,
            received: seen.received,
            stale: seen.is_stale(),
            changing: seen.changing,
            writer: Holder::new(&seen.sender, uses.holder(Role::Sender)),
            reader: Holder::new(&seen.receiver, uses.holder(Role::Receiver)),
        }
    }
}

impl Classic {
    fn new(seen: Lesson, uses: &Uses) -> Self {
        let holder = |held: bool, role| Holder {
            state: if held { State::Alive } else { State::None },
            pid: uses.holder(role),
            confirmed: uses.holder(role).is_some(),
            epoch: None,
            parked: None,
            fences: None,
        };
        Self {
            flag: seen.flag,
            writer: holder(seen.writer, Role::Sender),
            reader: holder(seen.reader, Role::Receiver),
        }
    }
}

impl Holder {
    /// The lock decides whether it lives; `/proc` tells who it is, and else its own word.
    fn new(side: &Side, holder: Option<u32>) -> Self {
        let (state, holder) = match side.state {
            Peer::Attached => (State::Alive, holder),
            Peer::Died => (State::Dead, None),
            Peer::Closed => (State::Closed, None),
            Peer::NeverSeen => (State::None, None),
        };
        Self {
            state,
            pid: holder.or((side.pid != 0).then_some(side.pid)),
            confirmed: holder.is_some(),
            epoch: Some(side.epoch),
            parked: Some(side.parked),
            fences: Some(side.fences),
        }
    }

    /// In a column: a question mark stands behind a number that nobody but the process itself has told.
    pub(crate) fn short(&self) -> String {
        match (self.state, self.pid) {
            (State::None, _) => "-".to_owned(),
            (State::Closed, _) => "closed".to_owned(),
            (State::Dead, _) => "dead".to_owned(),
            (State::Alive, Some(pid)) if self.confirmed => format!("alive {pid}"),
            (State::Alive, Some(pid)) => format!("alive {pid}?"),
            (State::Alive, None) => "alive".to_owned(),
        }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Classic => "classic",
            Self::Unfinished => "unfinished",
            Self::Unknown => "unknown",
            Self::Foreign => "foreign",
            Self::Unreadable => "unreadable",
            Self::Semaphore => "semaphore",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Other => "other",
        }
    }
}

fn kind_of_file(listed: &ListEntry) -> Kind {
    match listed.kind {
        FileKind::Regular if listed.name.as_encoded_bytes().starts_with(b"sem.") => Kind::Semaphore,
        FileKind::Regular => Kind::Foreign,
        FileKind::Directory => Kind::Directory,
        FileKind::Symlink => Kind::Symlink,
        FileKind::Fifo => Kind::Fifo,
        FileKind::Socket => Kind::Socket,
        FileKind::Other => Kind::Other,
    }
}

/// The name of a user, if the system's list has one (`passwd(5)`).
fn user_name(uid: u32) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        // `name:password:number:…`
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}
