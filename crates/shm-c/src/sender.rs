//! The sender.

use std::ffi::{c_char, c_int, c_void};
use std::slice;

use shm_mailbox::{Draft, Limit, SendError};

use crate::error::{Failed, call};
use crate::handle::{self, Handle};
use crate::number;
use crate::observe::{self, armed, messages_left, shm_state};
use crate::options::{limit, shm_options};
use crate::pointer::{self, bytes, meaningless, misuse, place};

/// `shm_sender`: beside the endpoint stands the message that is being written in its slot.
pub type Sender = Handle<shm_mailbox::Sender, Option<Draft<'static>>>;

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
pub(crate) unsafe fn free<'a>(
    sender: *const Sender,
) -> Result<&'a mut shm_mailbox::Sender, Failed> {
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
        Ok((options.mailbox(name, interrupt)?.sender()?, None))
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
        Ok(unsafe { free(sender) }?.send_timeout(bytes, Limit::Never)?)
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
        Ok(unsafe { free(sender) }?.try_send(bytes)?)
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
        Ok(match timeout_ns {
            0 => sender.try_send(bytes),
            timeout_ns => sender.send_timeout(bytes, limit(timeout_ns)),
        }?)
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
            *sent = sender.try_send_batch(messages)?;
            return Ok(());
        }
        sender
            .send_batch_timeout(messages, limit(timeout_ns))
            .inspect_err(|error| *sent = error.sent)?;
        *sent = count;
        Ok(())
    })
}

/// Waits until all messages are acknowledged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_drain(sender: *mut Sender, timeout_ns: i64) -> c_int {
    // SAFETY: the header.
    call(|| Ok(unsafe { free(sender) }?.drain(limit(timeout_ns))?))
}

/// The sender's bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_bell(sender: *mut Sender, descriptor: *mut c_int) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(descriptor) }?.write(-1);
        // SAFETY: the header.
        *place = observe::descriptor(unsafe { free(sender) }?.bell())?;
        Ok(())
    })
}

/// Prepares to wait for room by the bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_arm(sender: *mut Sender, timeout_ms: *mut c_int) -> c_int {
    // SAFETY: the header.
    unsafe { arm(sender, timeout_ms, shm_mailbox::Sender::arm) }
}

/// Prepares to wait by the bell until all messages are acknowledged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_sender_arm_drain(
    sender: *mut Sender,
    timeout_ms: *mut c_int,
) -> c_int {
    // SAFETY: the header.
    unsafe { arm(sender, timeout_ms, shm_mailbox::Sender::arm_drain) }
}

/// # Safety
///
/// As the header has it for the two above.
unsafe fn arm(
    sender: *mut Sender,
    timeout_ms: *mut c_int,
    arm: fn(&mut shm_mailbox::Sender) -> Result<shm_mailbox::Armed, SendError>,
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
        let close = match how {
            LEAVE_CLOSE => shm_mailbox::Sender::close,
            LEAVE_KEEP => shm_mailbox::Sender::keep,
            LEAVE_ABORT => shm_mailbox::Sender::abort,
            _ => return Err(meaningless("there is no such way to leave")),
        };
        // SAFETY: the header.
        let handle = unsafe { handle::take(sender) }?;
        let closed = close(handle.into_end())?;
        // SAFETY: the header.
        if let Some(left) = unsafe { left.as_mut() } {
            *left = messages_left(closed);
        }
        Ok(())
    })
}
