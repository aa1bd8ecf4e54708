//! From a name to an open object: creating and opening it, and the checks before its use.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use shm_sys::{O_CLOEXEC, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR};

use crate::object::{DIRECTORY, kind_of, metadata_of};
use crate::{FileKind, Object, ObjectId, OpenError, ShmName, Status, SystemError, fork};

/// How often [`ObjectOptions::open_or_create`] tries before it calls the name unstable.
const ROUNDS: u32 = 128;
/// The bits that [`ObjectOptions::mode`] takes.
const NINE_BITS: u32 = 0o777;
/// What the owner may do.
const OWNER: u32 = 0o700;
/// Others may write.
const OTHERS_WRITE: u32 = 0o002;
/// The number that no group has: -1 as `gid_t`.
const NO_GROUP: u32 = u32::MAX;
/// The lowest number of a descriptor through which locks are taken: above those that most programs
/// have.
///
/// When a process dies, the kernel closes its files one after the other, and the locks are free
/// only then. Closing an inotify instance takes it 10 ms and more; the highest numbers come first.
const LOWEST_DESCRIPTOR: i32 = 256;

/// How to create or open an object.
///
/// ```
/// use shm_core::{ObjectOptions, OpenError, ShmName};
///
/// let name = ShmName::new(&format!("shm-core-options-{}", std::process::id()))?;
/// let object = ObjectOptions::new().mode(0o640).create_new(&name)?;
/// object.set_size(4096)?;
/// assert_eq!(object.status()?.mode, 0o640);
///
/// let same = ObjectOptions::new().read_only(true).min_size(4096).open(&name)?;
/// assert_eq!(same.id(), object.id());
///
/// object.unlink()?;
/// assert!(matches!(ObjectOptions::new().open(&name), Err(OpenError::NotFound { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ObjectOptions {
    mode: u32,
    group: Option<u32>,
    any_owner: bool,
    any_mode: bool,
    min_size: u64,
    read_only: bool,
}

/// Whether a call created the object or found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is new, and its size is 0.
    Yes,
    /// It existed already.
    No,
}

impl ObjectOptions {
    /// Makes the default options: mode 0600, any size, for reading and writing.
    ///
    /// They open only objects of this user that others may not write to.
    pub fn new() -> Self {
        Self {
            mode: 0o600,
            group: None,
            any_owner: false,
            any_mode: false,
            min_size: 0,
            read_only: false,
        }
    }

    /// Sets the exact mode of an object that is created, whatever the umask, which stays as it is.
    ///
    /// Only the nine permission bits count.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = mode & NINE_BITS;
        self
    }

    /// Shares the object with a group, by its number.
    ///
    /// A created object is given to the group before any other user may open it (see also
    /// [`mode`](ObjectOptions::mode)). An existing object of the group is opened even if another
    /// user owns it.
    ///
    /// Only members can give an object to a group, so this trusts the members and no other user.
    pub fn group(&mut self, group: u32) -> &mut Self {
        self.group = Some(group);
        self
    }

    /// Sets whether to open an object that belongs to another user than this process acts as.
    pub fn any_owner(&mut self, allowed: bool) -> &mut Self {
        self.any_owner = allowed;
        self
    }

    /// Sets whether to open an object that others (neither owner nor group) may write to.
    pub fn any_mode(&mut self, allowed: bool) -> &mut Self {
        self.any_mode = allowed;
        self
    }

    /// Sets the size in bytes below which an existing object is not opened.
    pub fn min_size(&mut self, bytes: u64) -> &mut Self {
        self.min_size = bytes;
        self
    }

    /// Sets whether to open an existing object for reading only.
    ///
    /// An object that is created is always writable for its creator.
    pub fn read_only(&mut self, read_only: bool) -> &mut Self {
        self.read_only = read_only;
        self
    }

    /// Creates an object of size 0; fails if the name exists.
    ///
    /// # Errors
    ///
    /// [`OpenError::Exists`] if the name is taken, by whatever; [`OpenError::NoInodes`] if
    /// `/dev/shm` takes no more names; [`OpenError::PermissionDenied`] if this process may not
    /// create there; [`OpenError::NotInGroup`] if it is to be given to another group, or to
    /// `u32::MAX`, which is the number of none.
    pub fn create_new(&self, name: &ShmName) -> Result<Object, OpenError> {
        let system = |call| move |e| SystemError::new(call, name, e);
        let opened_by = fork::token()?;
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
        // Until it has its group, it is the owner's alone.
        let first_mode = match self.group {
            Some(_) => self.mode & OWNER,
            None => self.mode,
        };
        let descriptor = match shm_sys::shm_open(name.as_c_str(), flags, first_mode) {
            Ok(descriptor) => out_of_the_way(descriptor),
            Err(e) => return Err(self.why_not_created("shm_open", name, e)),
        };
        let status = shm_sys::fstat(descriptor.as_fd()).map_err(system("fstat"))?;
        let file = File::from(descriptor);
        let object = Object::new(file, name.clone(), ObjectId::of(&status), true, opened_by);
        if let Err(error) = self.share(&object) {
            // The error to tell is the first one.
            let _ = object.unlink();
            return Err(error);
        }
        Ok(object)
    }

    /// Creates an object of size 0 with its group and mode, but without its name.
    ///
    /// No other process can open it. [`Object::link`] gives it the name in one step, so a process
    /// that opens it finds what was put into it before. Without that, and also if this process
    /// dies, nothing remains.
    ///
    /// # Errors
    ///
    /// [`OpenError::Unsupported`] if `/dev/shm` makes no files without a name; otherwise as for
    /// [`ObjectOptions::create_new`], without `Exists`.
    pub fn create_unnamed(&self, name: &ShmName) -> Result<Object, OpenError> {
        let opened_by = fork::token()?;
        let directory = CString::new(DIRECTORY).expect("no NUL in it");
        let descriptor = match shm_sys::open_tmpfile(&directory, self.mode & OWNER) {
            Ok(descriptor) => out_of_the_way(descriptor),
            Err(e) => return Err(self.why_not_created("open(O_TMPFILE)", name, e)),
        };
        let status =
            shm_sys::fstat(descriptor.as_fd()).map_err(|e| SystemError::new("fstat", name, e))?;
        let file = File::from(descriptor);
        let object = Object::new(file, name.clone(), ObjectId::of(&status), true, opened_by);
        self.share(&object)?;
        Ok(object)
    }

    /// Gives a new object its group and its mode.
    fn share(&self, object: &Object) -> Result<(), OpenError> {
        if let Some(group) = self.group {
            let name = || object.name().clone();
            // To fchown it means the group that the object has already.
            if group == NO_GROUP {
                return Err(OpenError::NotInGroup {
                    name: name(),
                    group,
                });
            }
            match shm_sys::fchown(object.as_fd(), None, Some(group)) {
                Ok(()) => {}
                Err(e) if e.raw_os_error() == Some(shm_sys::EPERM) => {
                    return Err(OpenError::NotInGroup {
                        name: name(),
                        group,
                    });
                }
                Err(e) => return Err(object.error("fchown", e).into()),
            }
        }
        shm_sys::fchmod(object.as_fd(), self.mode).map_err(|e| object.error("fchmod", e).into())
    }

    /// Opens an existing object, if these options allow it.
    ///
    /// # Errors
    ///
    /// [`OpenError::NotFound`]; [`OpenError::PermissionDenied`]; [`OpenError::NotRegular`],
    /// [`OpenError::ForeignOwner`], [`OpenError::OpenToOthers`] and [`OpenError::TooSmall`],
    /// checked in this order.
    pub fn open(&self, name: &ShmName) -> Result<Object, OpenError> {
        let system = |call| move |e| SystemError::new(call, name, e);
        let opened_by = fork::token()?;
        // Without O_NONBLOCK, opening a FIFO for reading waits for a process that writes to it.
        let access = if self.read_only { O_RDONLY } else { O_RDWR };
        let flags = access | O_NONBLOCK | O_CLOEXEC;
        let descriptor = match shm_sys::shm_open(name.as_c_str(), flags, 0) {
            Ok(descriptor) => descriptor,
            Err(e) => return Err(why_not_opened(name, e)),
        };
        // Without a writable descriptor there are no locks.
        let descriptor = match self.read_only {
            true => descriptor,
            false => out_of_the_way(descriptor),
        };
        let status = shm_sys::fstat(descriptor.as_fd()).map_err(system("fstat"))?;
        self.check(name, FileKind::of(&status), &Status::of(&status))?;
        let file = File::from(descriptor);
        let id = ObjectId::of(&status);
        let name = name.clone();
        Ok(Object::new(file, name, id, !self.read_only, opened_by))
    }

    /// Opens the object, or creates it if it does not exist.
    ///
    /// If several processes do this at once, exactly one creates it.
    ///
    /// # Errors
    ///
    /// As for [`ObjectOptions::open`] and [`ObjectOptions::create_new`], without `NotFound` and
    /// `Exists`; [`OpenError::Unstable`] if others keep creating and unlinking the name.
    pub fn open_or_create(&self, name: &ShmName) -> Result<(Object, Created), OpenError> {
        for _ in 0..ROUNDS {
            match self.open(name) {
                Err(OpenError::NotFound { .. }) => {}
                result => return result.map(|object| (object, Created::No)),
            }
            match self.create_new(name) {
                Err(OpenError::Exists { .. }) => {}
                result => return result.map(|object| (object, Created::Yes)),
            }
        }
        let name = name.clone();
        Err(OpenError::Unstable {
            name,
            rounds: ROUNDS,
        })
    }

    fn check(&self, name: &ShmName, kind: FileKind, status: &Status) -> Result<(), OpenError> {
        let name = || name.clone();
        if kind != FileKind::Regular {
            return Err(OpenError::NotRegular {
                name: name(),
                found: kind,
            });
        }
        let euid = shm_sys::geteuid();
        let trusted = self.any_owner || self.group == Some(status.group);
        if !trusted && status.owner != euid {
            return Err(OpenError::ForeignOwner {
                name: name(),
                owner: status.owner,
                euid,
            });
        }
        if !self.any_mode && status.mode & OTHERS_WRITE != 0 {
            return Err(OpenError::OpenToOthers {
                name: name(),
                mode: status.mode,
            });
        }
        if status.size < self.min_size {
            return Err(OpenError::TooSmall {
                name: name(),
                expected: self.min_size,
                found: status.size,
            });
        }
        Ok(())
    }

    fn why_not_created(&self, call: &'static str, name: &ShmName, error: io::Error) -> OpenError {
        match error.raw_os_error() {
            Some(shm_sys::EOPNOTSUPP | shm_sys::EISDIR) => OpenError::Unsupported {
                name: name.clone(),
                needed: "a /dev/shm that makes files without a name (O_TMPFILE), as tmpfs does",
            },
            Some(shm_sys::EEXIST) => OpenError::Exists { name: name.clone() },
            // tmpfs takes no block for an empty file: what is missing is an inode.
            Some(shm_sys::ENOSPC) => OpenError::NoInodes { name: name.clone() },
            Some(shm_sys::EACCES) => denied(name),
            _ => SystemError::new(call, name, error).into(),
        }
    }
}

/// The same file by a descriptor with a high number, if the limit of open files allows that.
pub(crate) fn out_of_the_way(descriptor: OwnedFd) -> OwnedFd {
    shm_sys::fcntl_dupfd_cloexec(descriptor.as_fd(), LOWEST_DESCRIPTOR).unwrap_or(descriptor)
}

impl Default for ObjectOptions {
    fn default() -> Self {
        Self::new()
    }
}

fn why_not_opened(name: &ShmName, error: io::Error) -> OpenError {
    match error.raw_os_error() {
        Some(shm_sys::ENOENT) => OpenError::NotFound { name: name.clone() },
        Some(shm_sys::EACCES) => denied(name),
        // Symbolic links, directories and sockets do not open; each C library has its own errors
        // for them.
        Some(shm_sys::ELOOP | shm_sys::EINVAL | shm_sys::EISDIR | shm_sys::ENXIO) => {
            match kind_of(name) {
                Some(found) if found != FileKind::Regular => OpenError::NotRegular {
                    name: name.clone(),
                    found,
                },
                _ => SystemError::new("shm_open", name, error).into(),
            }
        }
        _ => SystemError::new("shm_open", name, error).into(),
    }
}

pub(crate) fn denied(name: &ShmName) -> OpenError {
    let status = metadata_of(name).ok().map(|m| Status::of_metadata(&m));
    OpenError::PermissionDenied {
        name: name.clone(),
        owner: status.map(|status| status.owner),
        mode: status.map(|status| status.mode),
        euid: shm_sys::geteuid(),
    }
}
