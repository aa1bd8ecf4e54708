//! What an object is: its identity, its size, whose it is; and what else may stand under a name.

use std::fmt;
use std::fs::{FileType, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// The bits of a mode that say who may do what (`S_IFMT` and the like cut off).
pub(crate) const PERMISSIONS: u32 = 0o7777;

/// The identity of an object, whatever its name.
///
/// No other object has the same identity while this one is open or mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectId {
    /// The file system (`st_dev`).
    pub device: u64,
    /// The number in it (`st_ino`).
    pub inode: u64,
}

/// What the system knows about an object at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its size in bytes.
    pub size: u64,
    /// The memory it takes, in bytes: less than `size` where nothing was reserved or touched.
    pub allocated: u64,
    /// How many names it has: 1, or 0 after it was unlinked.
    pub links: u64,
    /// The user it belongs to.
    pub owner: u32,
    /// The group it belongs to.
    pub group: u32,
    /// Who may read and write it: the permission bits, such as `0o600`.
    pub mode: u32,
}

/// The kind of file that a name leads to; only a regular file is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An object, or any other regular file in `/dev/shm`.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device, or something newer than this library.
    Other,
}

impl ObjectId {
    pub(crate) fn of(status: &shm_sys::stat) -> Self {
        Self {
            device: status.st_dev,
            inode: status.st_ino,
        }
    }

    pub(crate) fn of_metadata(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

impl Status {
    #[allow(
        clippy::cast_sign_loss,
        reason = "the kernel counts bytes and blocks from 0"
    )]
    #[allow(
        clippy::useless_conversion,
        reason = "the link count has 64 bits on x86-64 and 32 on aarch64"
    )]
    pub(crate) fn of(status: &shm_sys::stat) -> Self {
        Self {
            size: status.st_size as u64,
            allocated: status.st_blocks as u64 * 512,
            links: u64::from(status.st_nlink),
            owner: status.st_uid,
            group: status.st_gid,
            mode: status.st_mode & PERMISSIONS,
        }
    }

    pub(crate) fn of_metadata(metadata: &Metadata) -> Self {
        Self {
            size: metadata.size(),
            allocated: metadata.blocks() * 512,
            links: metadata.nlink(),
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & PERMISSIONS,
        }
    }
}

impl FileKind {
    pub(crate) fn of(status: &shm_sys::stat) -> Self {
        match status.st_mode & shm_sys::S_IFMT {
            shm_sys::S_IFREG => Self::Regular,
            shm_sys::S_IFDIR => Self::Directory,
            shm_sys::S_IFLNK => Self::Symlink,
            shm_sys::S_IFIFO => Self::Fifo,
            shm_sys::S_IFSOCK => Self::Socket,
            _ => Self::Other,
        }
    }

    pub(crate) fn of_type(kind: FileType) -> Self {
        match kind {
            _ if kind.is_file() => Self::Regular,
            _ if kind.is_dir() => Self::Directory,
            _ if kind.is_symlink() => Self::Symlink,
            _ if kind.is_fifo() => Self::Fifo,
            _ if kind.is_socket() => Self::Socket,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symlink",
            Self::Fifo => "a fifo",
            Self::Socket => "a socket",
            Self::Other => "a device",
        })
    }
}
