//! A descriptor that is readable once something has happened to an object, for those who wait for
//! several things at once.
//!
//! A bell is an inotify instance with a watch on the object itself, whatever its name. It rings
//!
//! * when a process [rings](Object::ring) it, which changes neither bytes nor size;
//! * when a process that had the object open for writing closes it, or dies;
//! * when the object is truncated, or a hole is punched into it;
//! * when it is removed or renamed, or its owner, mode or group change.
//!
//! It rings in each process that has one, also in the process that rang it.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use thiserror::Error;

use crate::fork::{self, ProcessToken};
use crate::{Moment, Object, SystemError};

/// Why an object has no bell.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BellError {
    /// This user has as many inotify instances as it may have, in all of its processes, or this
    /// process has no descriptor left.
    #[error(
        "no bell can be made: this user has all the inotify instances that \
        /proc/sys/fs/inotify/max_user_instances allows, or this process all its descriptors; \
        raise the limit, or wait without a bell"
    )]
    Instances,
    /// This user has as many inotify watches as it may have, in all of its processes.
    #[error(
        "no bell can be made: this user has all the inotify watches that \
        /proc/sys/fs/inotify/max_user_watches allows; raise the limit, or wait without a bell"
    )]
    Watches,
    /// `/proc` is not mounted, or does not show this process its descriptors.
    #[error("no bell can be made without /proc; mount it, or wait without a bell")]
    Proc,
    /// A filter of system calls, of a container for one, forbids inotify.
    #[error(
        "no bell can be made: a filter of system calls forbids inotify ({source}); \
        allow it, or wait without a bell",
        source = io::Error::from_raw_os_error(*errno)
    )]
    Denied {
        /// The error number, such as `EPERM`.
        errno: i32,
    },
    /// Another system call failed.
    #[error(transparent)]
    System(#[from] SystemError),
}

impl BellError {
    /// Returns the kind of the system's reason.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Self::Instances | Self::Watches => io::ErrorKind::QuotaExceeded,
            Self::Proc => io::ErrorKind::NotFound,
            Self::Denied { errno } => io::Error::from_raw_os_error(*errno).kind(),
            Self::System(error) => error.kind(),
        }
    }
}

/// What has rung a bell since it was last answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rings {
    mask: u32,
}

impl Rings {
    /// Tells whether nothing has.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.mask == 0
    }

    /// Tells whether it was rung by a process, and no more, or the object lost its name.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self.mask == shm_sys::IN_ATTRIB
    }

    /// Tells whether a process has closed the object, or died.
    ///
    /// The kernel rings just before it frees the locks of that process.
    #[must_use]
    pub fn closed(self) -> bool {
        self.mask & (shm_sys::IN_CLOSE_WRITE | shm_sys::IN_Q_OVERFLOW) != 0
    }
}

/// The bell of an object in this process.
///
/// Event loops wait for its descriptor to become readable. See the [module](self) for what rings
/// it.
#[derive(Debug)]
pub struct Bell {
    /// There until it is dropped.
    instance: Option<Instance>,
    watch: Mutex<i32>,
    /// Whether no caller has seen its descriptor.
    is_private: AtomicBool,
}

/// An inotify instance, and the process that made it.
#[derive(Debug)]
struct Instance {
    file: File,
    token: ProcessToken,
}

/// An instance without a watch.
#[derive(Debug)]
struct Retired {
    instance: Instance,
    /// It may be the next bell: no caller has seen its descriptor. An event loop that was not told
    /// to forget it would take the next bell for this one.
    is_private: bool,
    since: Moment,
}

/// Those that were given back. To close one that has just had a watch takes the kernel some
/// milliseconds, for which no caller should have to wait.
static POOL: Mutex<Vec<Retired>> = Mutex::new(Vec::new());
/// The most of them.
const POOL_SIZE: usize = 32;
/// The most that are kept for the next bells. Each counts for the limit of its user.
const KEPT: usize = 16;
/// After this time they can be closed at once.
const GRACE: Duration = Duration::from_millis(200);

/// Puts an instance into the pool, takes a private one out, or neither, and closes what is old.
fn with_pool<T>(work: impl FnOnce(&mut Vec<Retired>) -> T) -> Option<T> {
    // Locked for ever in a child that was forked while another thread had it: so no waiting.
    let mut pool = POOL.try_lock().ok()?;
    let now = Moment::now();
    // A forked child has copies of its parent's, and must leave those alone.
    pool.retain(|retired| {
        retired.instance.token.is_current()
            && (retired.is_private || now.since(retired.since) < GRACE)
    });
    Some(work(&mut pool))
}

/// The most bells for [`wait`].
pub const MOST: usize = 64;

impl Instance {
    /// From the pool, or a new one.
    fn new() -> Result<Self, BellError> {
        let private = |pool: &mut Vec<Retired>| {
            let place = pool.iter().position(|retired| retired.is_private)?;
            Some(pool.swap_remove(place).instance)
        };
        if let Some(instance) = with_pool(private).flatten() {
            return Ok(instance);
        }
        let token = fork::token()?;
        let made = shm_sys::inotify_init1().or_else(|error| {
            // Those that were given back count, too.
            if error.raw_os_error() != Some(shm_sys::EMFILE) || with_pool(Vec::clear).is_none() {
                return Err(error);
            }
            shm_sys::inotify_init1()
        });
        match made {
            Ok(descriptor) => Ok(Self {
                file: File::from(descriptor),
                token,
            }),
            Err(error) => Err(match error.raw_os_error() {
                Some(shm_sys::EMFILE) => BellError::Instances,
                Some(errno @ (shm_sys::EPERM | shm_sys::EACCES | shm_sys::ENOSYS)) => {
                    BellError::Denied { errno }
                }
                _ => SystemError::without_object("inotify_init1", error).into(),
            }),
        }
    }

    /// Begins to watch the object.
    fn watch(&self, object: &Object) -> Result<i32, BellError> {
        let path = format!("/proc/self/fd/{}", object.as_fd().as_raw_fd());
        let path = CString::new(path).expect("digits have no zeros");
        let mask = shm_sys::IN_ATTRIB
            | shm_sys::IN_MODIFY
            | shm_sys::IN_MOVE_SELF
            | shm_sys::IN_CLOSE_WRITE;
        let watch = shm_sys::inotify_add_watch(self.file.as_fd(), &path, mask);
        watch.map_err(|error| match error.raw_os_error() {
            Some(shm_sys::ENOSPC) => BellError::Watches,
            Some(shm_sys::ENOENT | shm_sys::ENOTDIR) => BellError::Proc,
            Some(errno @ (shm_sys::EPERM | shm_sys::ENOSYS)) => BellError::Denied { errno },
            _ => object.error("inotify_add_watch", error).into(),
        })
    }

    /// Takes all events.
    fn answer(&self) -> Result<Rings, SystemError> {
        /// An event without a name: watch, mask, cookie, length of the name.
        const EVENT: usize = 16;
        let mut rings = Rings::default();
        /// So many reads that a process must be ringing all the time.
        const READS: usize = 256;
        let mut events = [0_u8; 64 * EVENT];
        for _ in 0..READS {
            let read = match (&self.file).read(&mut events) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(rings),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SystemError::without_object("read", error)),
            };
            for event in events[..read].as_chunks::<EVENT>().0 {
                let mask = event[4..8].try_into().expect("four bytes");
                rings.mask |= u32::from_ne_bytes(mask);
            }
            // There was room for more.
            if read < events.len() {
                break;
            }
        }
        Ok(rings)
    }
}

impl Bell {
    /// Makes a bell for the object.
    ///
    /// # Errors
    ///
    /// [`BellError`] says what the system lacks.
    pub fn new(object: &Object) -> Result<Self, BellError> {
        let instance = Instance::new()?;
        let watch = instance.watch(object)?;
        Ok(Self {
            instance: Some(instance),
            watch: Mutex::new(watch),
            is_private: AtomicBool::new(true),
        })
    }

    /// Makes it the bell of another object, and no longer that of the one before.
    ///
    /// # Errors
    ///
    /// [`BellError::Watches`], for one; then it is still the bell of the one before.
    pub fn move_to(&self, object: &Object) -> Result<(), BellError> {
        let new = self.instance().watch(object)?;
        let mut watch = self
            .watch
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if *watch != new {
            let _: io::Result<()> = shm_sys::inotify_rm_watch(self.instance().file.as_fd(), *watch);
            *watch = new;
        }
        Ok(())
    }

    /// Tells what has rung it, and makes it quiet again.
    ///
    /// # Errors
    ///
    /// [`SystemError`], in practice never.
    pub fn answer(&self) -> Result<Rings, SystemError> {
        self.instance().answer()
    }

    fn instance(&self) -> &Instance {
        self.instance.as_ref().expect("there until it is dropped")
    }
}

/// Gives the instance back, without its watch.
impl Drop for Bell {
    fn drop(&mut self) {
        // The parent's watch is not for its forked child to end.
        let Some(instance) = self.instance.take().filter(|i| i.token.is_current()) else {
            return;
        };
        let watch = self.watch.get_mut();
        let watch = watch.unwrap_or_else(|poisoned| poisoned.into_inner());
        // It is silent from now on, even if a thread still waits for it. What is left are the
        // events so far.
        let _: io::Result<()> = shm_sys::inotify_rm_watch(instance.file.as_fd(), *watch);
        let _: Result<Rings, SystemError> = instance.answer();
        let is_private = *self.is_private.get_mut();
        with_pool(|pool| {
            let kept = pool.iter().filter(|retired| retired.is_private).count();
            if pool.len() < POOL_SIZE {
                pool.push(Retired {
                    instance,
                    is_private: is_private && kept < KEPT,
                    since: Moment::now(),
                });
            }
        });
    }
}

/// The descriptor stays open for a while when the bell was dropped, and silent: take it out of an
/// event loop before.
impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // Relaxed: only the thread that drops it loads this.
        self.is_private.store(false, Ordering::Relaxed);
        self.instance().file.as_fd()
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl Object {
    /// Rings the bells of this object in all processes (`futimens(2)`; 1 µs if there are none).
    ///
    /// # Errors
    ///
    /// [`SystemError`] of kind `PermissionDenied` if another user owns the object, and its mode
    /// does not let this one write.
    pub fn ring(&self) -> Result<(), SystemError> {
        shm_sys::futimens_now(self.as_fd()).map_err(|e| self.error("futimens", e))
    }
}

/// Waits until one of the bells has rung, or until the `deadline`.
///
/// Returns which of them have, by their places: bit 0 stands for the first. No bit means that the
/// time is up. Each of them stays as it is until it is [answered](Bell::answer).
///
/// # Errors
///
/// `EINTR` after a signal. `EINVAL` for more bells than the process may have descriptors.
///
/// # Panics
///
/// With more than [`MOST`] bells.
pub fn wait(bells: &[&Bell], deadline: Moment) -> io::Result<u64> {
    assert!(bells.len() <= MOST, "{} bells, at most {MOST}", bells.len());
    let mut descriptors = [shm_sys::pollfd {
        fd: -1,
        events: shm_sys::POLLIN,
        revents: 0,
    }; MOST];
    for (descriptor, bell) in descriptors.iter_mut().zip(bells) {
        descriptor.fd = bell.instance().file.as_raw_fd();
    }
    let descriptors = &mut descriptors[..bells.len()];
    let limit = (deadline != Moment::NEVER).then(|| deadline.since(Moment::now()));
    shm_sys::ppoll(descriptors, limit)?;
    let rung = descriptors.iter().enumerate();
    Ok(rung.fold(0, |rung, (place, descriptor)| {
        rung | u64::from(descriptor.revents != 0) << place
    }))
}
