//! Locks on single bytes of an object: who plays a role holds its byte, until that process is dead.

use crate::{Object, SystemError};
use shm_sys::LockKind;
use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;
use std::sync::{MutexGuard, PoisonError};

/// The outcome of [`Object::try_lock`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The byte is locked for this object now, if it was not before.
    Taken,
    /// Another object holds it, in this process or another.
    Busy,
}

/// # Locks
///
/// A lock excludes every other [`Object`] that was opened separately, in any process, from the same
/// byte. It says nothing about the bytes themselves, which need not even exist. The kernel frees it
/// at any death of the process (50 to 300 µs after `SIGKILL`, measured), so it needs no pid,
/// heartbeat or time-out; a process that is stopped still holds it. It survives unlinking and
/// truncation.
///
/// It belongs to the open file description. A forked child shares the parent's, and must open the
/// object itself: in a child, these three functions are errors. If the parent dies while a child
/// lives that has not closed its copy (by dropping the object, or by `exec`), the lock stays.
impl Object {
    /// Takes the lock of the byte `byte`, without waiting. Taking it again is no error.
    ///
    /// # Errors
    ///
    /// [`SystemError`] if the object was opened read-only or before a `fork`, or `byte` is over
    /// 2^63 - 1.
    pub fn try_lock(&self, byte: u64) -> Result<Lock, SystemError> {
        let start = self.lockable(byte)?;
        if !self.is_writable() {
            let reason = "the object was opened read-only, and a lock needs a writable one";
            let error = io::Error::new(io::ErrorKind::PermissionDenied, reason);
            return Err(self.error("fcntl(F_OFD_SETLK)", error));
        }
        // Held over the call, so that a concurrent `unlock` cannot come between it and the note.
        let mut taken = self.taken();
        match shm_sys::fcntl_ofd_setlk(self.as_fd(), LockKind::Write, start, 1) {
            Ok(()) => {
                taken.insert(byte);
                Ok(Lock::Taken)
            }
            Err(e) if matches!(e.raw_os_error(), Some(shm_sys::EAGAIN | shm_sys::EACCES)) => {
                Ok(Lock::Busy)
            }
            Err(e) => Err(self.error("fcntl(F_OFD_SETLK)", e)),
        }
    }

    /// Frees the lock of the byte `byte`. Freeing one that is not held is no error.
    ///
    /// # Errors
    ///
    /// [`SystemError`] if the object was opened before a `fork`, or `byte` is over 2^63 - 1.
    pub fn unlock(&self, byte: u64) -> Result<(), SystemError> {
        let start = self.lockable(byte)?;
        let mut taken = self.taken();
        shm_sys::fcntl_ofd_setlk(self.as_fd(), LockKind::Unlock, start, 1)
            .map_err(|e| self.error("fcntl(F_OFD_SETLK)", e))?;
        taken.remove(&byte);
        Ok(())
    }

    /// Returns whether another [`Object`], in this process or another, holds the lock of the byte
    /// `byte` (about 0.4 µs). A read-only object may ask too.
    ///
    /// # Errors
    ///
    /// [`SystemError`] if the object was opened before a `fork`, or `byte` is over 2^63 - 1.
    pub fn is_locked_elsewhere(&self, byte: u64) -> Result<bool, SystemError> {
        let start = self.lockable(byte)?;
        shm_sys::fcntl_ofd_getlk(self.as_fd(), LockKind::Write, start, 1)
            .map(|lock| lock.is_some())
            .map_err(|e| self.error("fcntl(F_OFD_GETLK)", e))
    }

    /// Frees what is held before the descriptor is closed, since a forked child's copy would keep
    /// it. In the child itself it does nothing: there the locks are the parent's.
    pub(crate) fn free_locks(&mut self) {
        if !self.opened_by.is_current() {
            return;
        }
        // Taken out first: `unlock` takes the mutex again.
        let taken = std::mem::take(&mut *self.taken());
        for byte in taken {
            // It was taken, so the byte is in range; and closing frees it too unless another
            // process forked.
            let _ = self.unlock(byte);
        }
    }

    /// The byte as the system takes it, if this process may lock at all.
    fn lockable(&self, byte: u64) -> Result<i64, SystemError> {
        if !self.opened_by.is_current() {
            let reason = "the object was opened before a fork; open it again in the child";
            return Err(self.error("fcntl", io::Error::other(reason)));
        }
        i64::try_from(byte)
            .map_err(|_| self.error("fcntl", io::Error::from_raw_os_error(shm_sys::EINVAL)))
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
