//! Waiting for any of several endpoints, and what arming an endpoint says.

use std::ffi::c_int;
use std::time::Duration;

use shm_mailbox::{Armed, Select, Selectable};

use crate::error::call;
use crate::handle;
use crate::options::limit;
use crate::pointer::{list, meaningless, place};
use crate::receiver::Receiver;
use crate::sender::{self, Sender};

/// As in the header: an endpoint to wait for, of which one of the two is NULL.
#[derive(Clone, Copy, PartialEq)]
#[repr(C)]
pub struct shm_end {
    pub(crate) sender: *mut Sender,
    pub(crate) receiver: *mut Receiver,
}

/// For how long to wait for the bell, as poll(2) takes it: 0 is not at all, -1 without a limit.
pub(crate) fn armed(armed: Armed) -> c_int {
    match armed {
        Armed::Now => 0,
        Armed::Wait { at_most: None } => -1,
        Armed::Wait {
            at_most: Some(pause),
        } => {
            let pause = pause
                .as_nanos()
                .div_ceil(Duration::from_millis(1).as_nanos());
            c_int::try_from(pause).unwrap_or(c_int::MAX).max(1)
        }
    }
}

/// Waits until an endpoint is ready, and says which.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_select(
    ends: *const shm_end,
    count: usize,
    ready: *mut usize,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let ends = unsafe { list(ends, count) }?;
        if ready.is_null() {
            // SAFETY: it is NULL, which is reported.
            unsafe { place(ready) }?;
        }
        // SAFETY: the header.
        let last = unsafe { ready.read() };
        // An endpoint that is named twice would be borrowed twice.
        if (1..ends.len()).any(|place| ends[..place].contains(&ends[place])) {
            return Err(meaningless("an endpoint is in the list twice"));
        }
        let first = if last < count { (last + 1) % count } else { 0 };
        let (before, after) = ends.split_at(first);
        let mut chosen: Vec<&mut dyn Selectable> = Vec::with_capacity(count);
        for end in after.iter().chain(before) {
            chosen.push(match (end.sender.is_null(), end.receiver.is_null()) {
                // SAFETY: the header; each is there once.
                (false, true) => unsafe { sender::free(end.sender) }?,
                // SAFETY: the header; each is there once.
                (true, false) => unsafe { handle::end(end.receiver) }?,
                _ => return Err(meaningless("an end has either a sender or a receiver")),
            });
        }
        let found = Select::new().wait(&mut chosen, limit(timeout_ns))?;
        // SAFETY: not NULL, and the header.
        unsafe { ready.write((first + found) % count) };
        Ok(())
    })
}
