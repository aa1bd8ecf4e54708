//! Why an object was not created or opened: what was expected, what was found, what to do about it.

use crate::{FileKind, ShmName, SystemError};
use std::error::Error;
use std::fmt;

/// Why an object was not created or opened.
#[derive(Debug)]
pub enum OpenError {
    /// There is no object of this name.
    NotFound {
        /// The name.
        name: ShmName,
    },
    /// The name is taken, by an object or something else.
    Exists {
        /// The name.
        name: ShmName,
    },
    /// The system does not let this process open the object, or create one.
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
    /// Something else stands under the name.
    NotRegular {
        /// The name.
        name: ShmName,
        /// What it is.
        found: FileKind,
    },
    /// The object is smaller than it must be.
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
    OpenToOthers {
        /// The name.
        name: ShmName,
        /// Its permission bits.
        mode: u32,
    },
    /// The object cannot be given to a group that this process is not in
    /// ([`ObjectOptions::group`](crate::ObjectOptions::group)).
    NotInGroup {
        /// The name.
        name: ShmName,
        /// The group.
        group: u32,
    },
    /// `/dev/shm` takes no more names.
    NoInodes {
        /// The name.
        name: ShmName,
    },
    /// The system lacks what it takes to make an object whole before it has its name.
    Unsupported {
        /// The name.
        name: ShmName,
        /// What it takes.
        needed: &'static str,
    },
    /// The name kept appearing and vanishing.
    Unstable {
        /// The name.
        name: ShmName,
        /// How often this process tried to open and to create it.
        rounds: u32,
    },
    /// Whatever else the system says.
    System(SystemError),
}

impl From<SystemError> for OpenError {
    fn from(error: SystemError) -> OpenError {
        OpenError::System(error)
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::NotFound { name } => write!(f, "object {name:?} does not exist"),
            OpenError::Exists { name } => write!(
                f,
                "object {name:?} exists already; open it, or unlink it first"
            ),
            OpenError::PermissionDenied {
                name,
                owner: Some(owner),
                mode: Some(mode),
                euid,
            } => write!(
                f,
                "permission denied for object {name:?}: it belongs to uid {owner} with mode {mode:04o}, this process acts as uid {euid}"
            ),
            OpenError::PermissionDenied { name, euid, .. } => write!(
                f,
                "permission denied to create object {name:?}: uid {euid} may not write to /dev/shm"
            ),
            OpenError::NotRegular { name, found } => write!(
                f,
                "object {name:?} is {found}, not a shared memory object; choose another name"
            ),
            OpenError::TooSmall {
                name,
                expected,
                found,
            } => write!(
                f,
                "object {name:?} has {found} bytes, at least {expected} are needed"
            ),
            OpenError::ForeignOwner { name, owner, euid } => write!(
                f,
                "object {name:?} belongs to uid {owner}, this process acts as uid {euid}; allow any owner if you trust that one"
            ),
            OpenError::OpenToOthers { name, mode } => write!(
                f,
                "object {name:?} has mode {mode:04o}, so others may write to it; take that away (chmod o-w), or accept it if you trust all of them"
            ),
            OpenError::NotInGroup { name, group } => write!(
                f,
                "object {name:?} cannot be given to gid {group}, since this process is not in that group; add its user, or choose another group"
            ),
            OpenError::NoInodes { name } => write!(
                f,
                "no inode left in /dev/shm for object {name:?}; unlink stale objects, or mount it with more (nr_inodes)"
            ),
            OpenError::Unsupported { name, needed } => {
                write!(
                    f,
                    "object {name:?} cannot be created here: it takes {needed}"
                )
            }
            OpenError::Unstable { name, rounds } => write!(
                f,
                "object {name:?} appeared and vanished {rounds} times in a row; is another program creating and unlinking it in a loop?"
            ),
            OpenError::System(error) => error.fmt(f),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            OpenError::System(error) => Some(&error.source),
            _ => None,
        }
    }
}
