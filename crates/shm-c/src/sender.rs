//! The sender.

use std::ffi::{c_char, c_int, c_void};
use std::slice;

use shm_mailbox::{Armed, Limit, SendError};

use crate::either::{AnyDraft, AnySender, Either, either};
use crate::error::{Failed, call};
use crate::handle::{self, Handle};
use crate::number;
use crate::observe::{self, armed, messages_left, shm_state};
use crate::options::{limit, shm_options};
use crate::pointer::{self, bytes, meaningless, misuse, null, place};

/// `shm_sender`: beside the endpoint stands the message that is being written in its slot.
pub type Sender = Handle<AnySender, Option<AnyDraft<'static>>>;

/// As in the header: a message of a batch.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_bytes {
    pub(crate) data: *const c_void,
    pub(crate) length: usize,
}

/// Of a list that was checked.
impl AsRef<[u8]> for shm_bytes {
    fn as_ref(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: not NULL, and at most 1024 bytes: `shm_send_batch` has checked both. That they
        // can be read is in the header.
        unsafe { slice::from_raw_parts(self.data.cast(), self.length) }
    }
}

pub(crate) const LEAVE_CLOSE: c_int = 0;
pub(crate) const LEAVE_KEEP: c_int = 1;
pub(crate) const LEAVE_ABORT: c_int = 2;

/// The endpoint, which must not have a message reserved.
///
/// # Safety
///
/// As for [`handle::end`].
#[inline]
pub(crate) unsafe fn free<'a>(sender: *const Sender) -> Result<&'a mut AnySender, Failed> {
    // SAFETY: the caller's contract.
    let handle = unsafe { handle::get(sender) }?;
    // SAFETY: the caller's contract. While there is a draft, it has the endpoint for itself.
    if unsafe { handle.beside() }.is_some() {
        let text = "a message is reserved: commit or discard it first";
        return Err(misuse(number::DRAFT, text));
    }
    // SAFETY: the caller's contract.
    Ok(unsafe { handle.end() })
}

/// Attaches as the sender.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_open(
    sender: *mut *mut Sender,
    name: *const c_char,
    options: *const shm_options,
) -> c_int {
    let make = |interrupt| {
        // SAFETY: the header.
        let name = unsafe { pointer::name(name) }?;
        // SAFETY: the header.
        let options = unsafe { shm_options::read(options) }?;
        let sender = match options.is_bus()? {
            false => Either::Mailbox(options.mailbox(name, interrupt)?.sender()?),
            // SAFETY: the header.
            true => Either::Bus(unsafe { options.bus(name, interrupt) }?.sender()?),
        };
        Ok((sender, None))
    };
    // SAFETY: the header.
    unsafe { handle::open(sender, make) }
}

/// Sends a message, and waits for room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_send(
    sender: *mut Sender,
    data: *const c_void,
    length: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let bytes = unsafe { bytes(data, length) }?;
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        Ok(either!(sender, end => end.send_timeout(bytes, Limit::Never))?)
    })
}

/// Sends a message if there is room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_try_send(
    sender: *mut Sender,
    data: *const c_void,
    length: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let bytes = unsafe { bytes(data, length) }?;
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        Ok(either!(sender, end => end.try_send(bytes))?)
    })
}

/// Sends a message, and waits for room for so long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_send_within(
    sender: *mut Sender,
    data: *const c_void,
    length: usize,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let bytes = unsafe { bytes(data, length) }?;
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        Ok(either!(sender, end => match timeout_ns {
            0 => end.try_send(bytes),
            timeout_ns => end.send_timeout(bytes, limit(timeout_ns)),
        })?)
    })
}

/// Sends messages in order, and says how many were sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_send_batch(
    sender: *mut Sender,
    messages: *const shm_bytes,
    count: usize,
    sent: *mut usize,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let sent = unsafe { place(sent) }?.write(0);
        // SAFETY: the header.
        let messages = unsafe { pointer::list(messages, count) }?;
        for message in messages {
            // SAFETY: the header.
            unsafe { bytes(message.data, message.length) }?;
        }
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        if timeout_ns == 0 {
            *sent = either!(sender, end => end.try_send_batch(messages))?;
            return Ok(());
        }
        either!(sender, end => end.send_batch_timeout(messages, limit(timeout_ns)))
            .inspect_err(|error| *sent = error.sent)?;
        *sent = count;
        Ok(())
    })
}

/// Waits until all messages are acknowledged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_drain(sender: *mut Sender, timeout_ns: i64) -> c_int {
    call(|| {
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        Ok(either!(sender, end => end.drain(limit(timeout_ns)))?)
    })
}

/// The sender's bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_bell(sender: *mut Sender, descriptor: *mut c_int) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(descriptor) }?.write(-1);
        // SAFETY: the header.
        let bell = either!(unsafe { free(sender) }?, end => end.bell());
        *place = observe::descriptor(bell)?;
        Ok(())
    })
}

/// Prepares to wait for room by the bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_arm(sender: *mut Sender, timeout_ms: *mut c_int) -> c_int {
    // SAFETY: the header.
    unsafe {
        arm(
            sender,
            timeout_ms,
            |sender| either!(sender, end => end.arm()),
        )
    }
}

/// Prepares to wait by the bell until all messages are acknowledged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_arm_drain(
    sender: *mut Sender,
    timeout_ms: *mut c_int,
) -> c_int {
    // SAFETY: the header.
    unsafe {
        arm(
            sender,
            timeout_ms,
            |sender| either!(sender, end => end.arm_drain()),
        )
    }
}

/// # Safety
///
/// As the header has it for the two above.
unsafe fn arm(
    sender: *mut Sender,
    timeout_ms: *mut c_int,
    arm: fn(&mut AnySender) -> Result<Armed, SendError>,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(timeout_ms) }?.write(0);
        // SAFETY: the header.
        *place = armed(arm(unsafe { free(sender) }?)?);
        Ok(())
    })
}

/// What the sender knows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_state(
    sender: *mut Sender,
    state: *mut shm_state,
    size: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let found = shm_state::of_sender(unsafe { free(sender) }?)?;
        // SAFETY: the header.
        unsafe { found.write(state, size) }
    })
}

/// The note that the senders of the object leave for themselves.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_note(sender: *mut Sender, words: *mut u64) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(words.cast::<[u64; 3]>()) }?;
        // SAFETY: the header.
        let note = either!(unsafe { free(sender) }?, end => end.note());
        let none = || misuse(number::NO_NOTE, "there is no note: no sender has left one");
        place.write(note.ok_or_else(none)?);
        Ok(())
    })
}

/// Writes the note.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_set_note(sender: *mut Sender, words: *const u64) -> c_int {
    call(|| {
        if words.is_null() {
            return Err(null("the words of the note are NULL"));
        }
        // SAFETY: not NULL, and the header.
        let words = unsafe { words.cast::<[u64; 3]>().read() };
        // SAFETY: the header.
        let sender = unsafe { free(sender) }?;
        Ok(either!(sender, end => end.set_note(words))?)
    })
}

/// Sets or clears the sender's interrupt flag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_interrupt(sender: *mut Sender, on: c_int) {
    // SAFETY: the header.
    unsafe { handle::interrupt(sender, on) }
}

/// Closes the sender, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_close(
    sender: *mut *mut Sender,
    how: c_int,
    left: *mut u64,
) -> c_int {
    call(|| {
        if !(LEAVE_CLOSE..=LEAVE_ABORT).contains(&how) {
            return Err(meaningless("there is no such way to leave"));
        }
        // SAFETY: the header.
        let handle = unsafe { handle::take(sender) }?;
        let closed = either!(handle.into_end(), end => match how {
            LEAVE_KEEP => end.keep(),
            LEAVE_ABORT => end.abort(),
            _ => end.close(),
        })?;
        // SAFETY: the header.
        if let Some(left) = unsafe { left.as_mut() } {
            *left = messages_left(closed);
        }
        Ok(())
    })
}
