//! A message that is written in its slot, over several calls.

use std::ffi::{c_int, c_void};

use shm_mailbox::{Draft, Kind, SendError, Sender};

use crate::either::{AnyDraft, Either, either};
use crate::error::{Failed, call};
use crate::handle;
use crate::number;
use crate::options::limit;
use crate::pointer::{bytes, misuse};
use crate::sender::{Sender as Handle, free};

/// Reserves the next slot, to write a message in it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reserve(sender: *mut Handle, timeout_ns: i64) -> c_int {
    call(|| {
        // SAFETY: the header.
        let end: &'static mut _ = unsafe { free(sender) }?;
        let draft = match end {
            Either::Mailbox(end) => Either::Mailbox(reserve(end, timeout_ns)?),
            Either::Bus(end) => Either::Bus(reserve(end, timeout_ns)?),
        };
        // SAFETY: the header. The draft is dropped before the endpoint: it stands before it in the
        // handle, and `free` lets nobody else have the endpoint before.
        let handle = unsafe { handle::get(sender) }?;
        // SAFETY: the header.
        *unsafe { handle.beside() } = Some(draft);
        Ok(())
    })
}

fn reserve<K: Kind>(end: &mut Sender<K>, timeout_ns: i64) -> Result<Draft<'_, K>, SendError> {
    match timeout_ns {
        0 => end.try_reserve(),
        timeout_ns => end.reserve_timeout(limit(timeout_ns)),
    }
}

/// The message that is being written.
///
/// # Safety
///
/// As for [`handle::end`].
unsafe fn draft<'a>(sender: *mut Handle) -> Result<&'a mut Option<AnyDraft<'static>>, Failed> {
    // SAFETY: the caller's contract.
    let handle = unsafe { handle::get(sender) }?;
    // SAFETY: the caller's contract.
    let draft = unsafe { handle.beside() };
    if draft.is_none() {
        return Err(misuse(number::DRAFT, "no message is reserved"));
    }
    Ok(draft)
}

/// Appends bytes to the reserved message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_append(
    sender: *mut Handle,
    data: *const c_void,
    length: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let bytes = unsafe { bytes(data, length) }?;
        // SAFETY: the header.
        let draft = unsafe { draft(sender) }?.as_mut();
        Ok(draft.map_or(Ok(()), |draft| either!(draft, it => it.append(bytes)))?)
    })
}

/// Commits the reserved message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_commit(sender: *mut Handle) -> c_int {
    call(|| {
        // SAFETY: the header.
        let draft = unsafe { draft(sender) }?.take();
        Ok(draft.map_or(Ok(()), |draft| either!(draft, it => it.commit()))?)
    })
}

/// Gives the reserved slot back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_discard(sender: *mut Handle) -> c_int {
    call(|| {
        // SAFETY: the header.
        *unsafe { draft(sender) }? = None;
        Ok(())
    })
}
