//! Why an object was not created or opened: what was expected, what was found, what to do about it.

use crate::{FileKind, ShmName, SystemError};
use std::fmt;
use std::io::ErrorKind;
use thiserror::Error;

/// Why an object was not created or opened.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no object of this name.
    #[error("object {name:?} does not exist")]
    NotFound {
        /// The name.
        name: ShmName,
    },
    /// The name is taken, by an object or something else.
    #[error("object {name:?} exists already; open it, or unlink it first")]
    Exists {
        /// The name.
        name: ShmName,
    },
    /// The system does not let this process open the object, or create one.
    #[error(fmt = permission_denied)]
    PermissionDenied {
        /// The name.
        name: ShmName,
        /// Whose it is; none if there is nothing under the name.
        owner: Option<u32>,
        /// Its permission bits; none if there is nothing under the name.
        mode: Option<u32>,
        /// The user this process acts as.
        euid: u32,
    },
    /// The name belongs to something that is no object.
    #[error("object {name:?} is {found}, not a shared memory object; choose another name")]
    NotRegular {
        /// The name.
        name: ShmName,
        /// What it is.
        found: FileKind,
    },
    /// The object is smaller than the minimum.
    #[error("object {name:?} has {found} bytes, at least {expected} are needed")]
    TooSmall {
        /// The name.
        name: ShmName,
        /// The least size in bytes ([`ObjectOptions::min_size`](crate::ObjectOptions::min_size)).
        expected: u64,
        /// Its size in bytes.
        found: u64,
    },
    /// The object belongs to someone else
    /// ([`ObjectOptions::any_owner`](crate::ObjectOptions::any_owner)).
    #[error(
        "object {name:?} belongs to uid {owner}, this process acts as uid {euid}; \
        allow any owner if you trust that one"
    )]
    ForeignOwner {
        /// The name.
        name: ShmName,
        /// Whose it is.
        owner: u32,
        /// The user this process acts as.
        euid: u32,
    },
    /// Others may write to the object
    /// ([`ObjectOptions::any_mode`](crate::ObjectOptions::any_mode)).
    #[error(
        "object {name:?} has mode {mode:04o}, so others may write to it; \
        remove that permission (chmod o-w), or accept it if you trust all users"
    )]
    OpenToOthers {
        /// The name.
        name: ShmName,
        /// Its permission bits.
        mode: u32,
    },
    /// The object cannot be given to a group that this process is not in
    /// ([`ObjectOptions::group`](crate::ObjectOptions::group)).
    #[error(
        "object {name:?} cannot be given to gid {group}, since this process is not in that group; \
        add its user, or choose another group"
    )]
    NotInGroup {
        /// The name.
        name: ShmName,
        /// The group.
        group: u32,
    },
    /// `/dev/shm` takes no more names.
    #[error(
        "no inode left in /dev/shm for object {name:?}; \
        unlink stale objects, or mount it with more (nr_inodes)"
    )]
    NoInodes {
        /// The name.
        name: ShmName,
    },
    /// The system cannot make an object whole before it has its name.
    #[error("object {name:?} cannot be created here: it takes {needed}")]
    Unsupported {
        /// The name.
        name: ShmName,
        /// What it takes.
        needed: &'static str,
    },
    /// The name kept appearing and vanishing.
    #[error(
        "object {name:?} appeared and vanished {rounds} times in a row; \
        is another program creating and unlinking it in a loop?"
    )]
    Unstable {
        /// The name.
        name: ShmName,
        /// How often this process tried to open and to create it.
        rounds: u32,
    },
    /// The system reported another error.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl OpenError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`NotFound`](ErrorKind::NotFound), [`AlreadyExists`](ErrorKind::AlreadyExists) | [`OpenError::NotFound`], [`OpenError::Exists`] |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`OpenError::PermissionDenied`], [`OpenError::ForeignOwner`], [`OpenError::OpenToOthers`], [`OpenError::NotInGroup`] |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`OpenError::NotRegular`], [`OpenError::TooSmall`] |
    /// | [`StorageFull`](ErrorKind::StorageFull) | [`OpenError::NoInodes`] |
    /// | [`Unsupported`](ErrorKind::Unsupported) | [`OpenError::Unsupported`] |
    /// | [`ResourceBusy`](ErrorKind::ResourceBusy) | [`OpenError::Unstable`]: it may work later |
    /// | that of the system's reason | [`OpenError::System`] |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Exists { .. } => ErrorKind::AlreadyExists,
            Self::PermissionDenied { .. }
            | Self::ForeignOwner { .. }
            | Self::OpenToOthers { .. }
            | Self::NotInGroup { .. } => ErrorKind::PermissionDenied,
            Self::NotRegular { .. } | Self::TooSmall { .. } => ErrorKind::InvalidData,
            Self::NoInodes { .. } => ErrorKind::StorageFull,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Unstable { .. } => ErrorKind::ResourceBusy,
            Self::System(error) => error.kind(),
        }
    }
}

fn permission_denied(
    name: &ShmName,
    owner: &Option<u32>,
    mode: &Option<u32>,
    euid: &u32,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    match (owner, mode) {
        (Some(owner), Some(mode)) => write!(
            f,
            "permission denied for object {name:?}: it belongs to uid {owner} with mode {mode:04o}, \
             this process acts as uid {euid}"
        ),
        _ => write!(
            f,
            "permission denied to create object {name:?}: uid {euid} may not write to /dev/shm"
        ),
    }
}
