//! Taking the locks on an object's bytes: INIT while something changes, a role for as long as it is
//! played.

use std::time::Duration;

use shm_core::{Lock, Object, SystemError};

use crate::memory::layout::INIT;
use crate::wait;

/// How long INIT may stay busy: its holders need microseconds.
const INIT_LIMIT: Duration = Duration::from_secs(2);
/// How long a role that is held is asked for again, unless the user says otherwise: until the
/// kernel has torn down a killed holder. That takes 50 to 300 µs for a small process, and some
/// tenths of a second for one with gigabytes of memory. It decides nothing: who holds the lock is
/// alive.
pub(crate) const ROLE_LIMIT: Duration = Duration::from_millis(500);

/// Takes INIT; `None` if it stays busy, which only a stopped process makes it.
pub(crate) fn init(object: &Object) -> Result<Option<()>, SystemError> {
    wait::retry(INIT_LIMIT, || lock(object, INIT))
}

/// Takes the lock of a byte; `None` if it is busy.
pub(crate) fn lock(object: &Object, byte: u64) -> Result<Option<()>, SystemError> {
    Ok(match object.try_lock(byte)? {
        Lock::Taken => Some(()),
        Lock::Busy => None,
    })
}
