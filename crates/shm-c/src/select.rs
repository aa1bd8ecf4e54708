//! Functions for several endpoints: a pair, and waiting for any of them.

use std::ffi::c_int;
use std::sync::Arc;

use shm_mailbox::{Select, Selectable};

use crate::either::Either;
use crate::error::call;
use crate::handle::{self, Handle};
use crate::options::{limit, shm_options};
use crate::pointer::{list, meaningless, null, place};
use crate::receiver::{Receiver, buffers};
use crate::sender::{self, Sender};

/// As in the header: an endpoint to wait for, of which one of the two is NULL.
#[derive(Clone, Copy, PartialEq)]
#[repr(C)]
pub struct shm_end {
    pub(crate) sender: *mut Sender,
    pub(crate) receiver: *mut Receiver,
}

/// Makes both endpoints of a mailbox without a name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_pair(
    sender: *mut *mut Sender,
    receiver: *mut *mut Receiver,
    options: *const shm_options,
) -> c_int {
    let mut other = None;
    let make = |interrupt| {
        // SAFETY: the header.
        let place = unsafe { place(receiver) }?;
        place.write(std::ptr::null_mut());
        // SAFETY: the header.
        let options = unsafe { shm_options::read(options) }?;
        if options.is_bus()? {
            return Err(meaningless("a bus has no pair: give it a name"));
        }
        let flag = Arc::clone(&interrupt);
        let (sender, receiver) = options.mailbox("pair", interrupt)?.pair()?;
        let receiver = Either::Mailbox(receiver);
        other = Some(Handle::new(flag, receiver, buffers(options.batch())));
        Ok((Either::Mailbox(sender), None))
    };
    // SAFETY: the header.
    let opened = unsafe { handle::open(sender, make) };
    let Some(other) = other else {
        return opened;
    };
    // SAFETY: not NULL, as `make` has found, and the header.
    unsafe { receiver.write(Box::into_raw(other)) };
    opened
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
            return Err(null("the place for the result is NULL"));
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
                (false, true) => unsafe { sender::free(end.sender) }?.selectable(),
                // SAFETY: the header; each is there once.
                (true, false) => unsafe { handle::end(end.receiver) }?.selectable(),
                _ => return Err(meaningless("an end has either a sender or a receiver")),
            });
        }
        let found = Select::new().wait(&mut chosen, limit(timeout_ns))?;
        // SAFETY: not NULL, and the header.
        unsafe { ready.write((first + found) % count) };
        Ok(())
    })
}
