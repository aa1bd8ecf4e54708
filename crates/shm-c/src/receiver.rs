//! The receiver.

use std::ffi::{c_char, c_int, c_uchar};
use std::mem::MaybeUninit;

use shm_mailbox::{Limit, Message, RecvError};

use crate::either::{AnyReceiver, Either, either};
use crate::error::call;
use crate::handle::{self, Handle};
use crate::observe::{self, armed, messages_left, shm_state};
use crate::options::{limit, shm_options};
use crate::pointer::{self, place, places};

/// `shm_receiver`: beside the endpoint stand the buffers for its messages, at least one.
pub type Receiver = Handle<AnyReceiver, Box<[Message]>>;

/// As in the header: a message in a buffer of the receiver.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_message {
    pub(crate) data: *const c_uchar,
    pub(crate) length: usize,
    pub(crate) number: u64,
    pub(crate) lane: u32,
}

impl From<&Message> for shm_message {
    #[inline]
    fn from(message: &Message) -> Self {
        Self {
            data: message.as_bytes().as_ptr(),
            length: message.len(),
            number: message.sequence(),
            lane: message.lane(),
        }
    }
}

/// Buffers for so many messages: receiving allocates nothing.
pub(crate) fn buffers(count: usize) -> Box<[Message]> {
    vec![Message::new(); count].into_boxed_slice()
}

/// Receives one message with `receive`, and says where it is.
///
/// # Safety
///
/// As the header has it for the functions that receive.
#[inline(always)]
unsafe fn one(
    receiver: *mut Receiver,
    message: *mut shm_message,
    receive: impl FnOnce(&mut AnyReceiver, &mut Message) -> Result<(), RecvError>,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(message) }?;
        // SAFETY: the header.
        let handle = unsafe { handle::get(receiver) }?;
        // SAFETY: the header. What an earlier call has said of the buffer holds no longer.
        let buffer = &mut unsafe { handle.beside() }[0];
        // SAFETY: the header.
        receive(unsafe { handle.end() }, buffer)?;
        place.write((&*buffer).into());
        Ok(())
    })
}

/// Attaches as the receiver.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_open(
    receiver: *mut *mut Receiver,
    name: *const c_char,
    options: *const shm_options,
) -> c_int {
    let make = |interrupt| {
        // SAFETY: the header.
        let name = unsafe { pointer::name(name) }?;
        // SAFETY: the header.
        let options = unsafe { shm_options::read(options) }?;
        let receiver = match options.is_bus()? {
            false => Either::Mailbox(options.mailbox(name, interrupt)?.receiver()?),
            // SAFETY: the header.
            true => Either::Bus(unsafe { options.bus(name, interrupt) }?.receiver()?),
        };
        Ok((receiver, buffers(options.batch())))
    };
    // SAFETY: the header.
    unsafe { handle::open(receiver, make) }
}

/// Waits for the next message, and takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_recv(receiver: *mut Receiver, message: *mut shm_message) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(
            receiver,
            message,
            |receiver, buffer| either!(receiver, end => end.recv_timeout(buffer, Limit::Never)),
        )
    }
}

/// Takes the next message, if there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_try_recv(receiver: *mut Receiver, message: *mut shm_message) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(
            receiver,
            message,
            |receiver, buffer| either!(receiver, end => end.try_recv(buffer)),
        )
    }
}

/// Waits for the next message for so long, and takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_recv_within(
    receiver: *mut Receiver,
    message: *mut shm_message,
    timeout_ns: i64,
) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(receiver, message, |receiver, buffer| {
            either!(receiver, end => match timeout_ns {
                0 => end.try_recv(buffer),
                timeout_ns => end.recv_timeout(buffer, limit(timeout_ns)),
            })
        })
    }
}

/// Waits for a message for so long, and takes as many as there are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_recv_batch(
    receiver: *mut Receiver,
    messages: *mut shm_message,
    count: usize,
    received: *mut usize,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let received = unsafe { place(received) }?.write(0);
        // SAFETY: the header.
        let places = unsafe { places(messages, count) }?;
        // SAFETY: the header.
        let handle = unsafe { handle::get(receiver) }?;
        // SAFETY: the header. What an earlier call has said of the buffers holds no longer.
        let buffers = unsafe { handle.beside() };
        let most = count.min(buffers.len());
        let buffers = &mut buffers[..most];
        // SAFETY: the header.
        let end = unsafe { handle.end() };
        *received = either!(end, end => match timeout_ns {
            0 => end.try_recv_batch(buffers),
            timeout_ns => end.recv_batch_timeout(buffers, limit(timeout_ns)),
        })?;
        fill(places, &buffers[..*received]);
        Ok(())
    })
}

fn fill(places: &mut [MaybeUninit<shm_message>], messages: &[Message]) {
    for (place, message) in places.iter_mut().zip(messages) {
        place.write(message.into());
    }
}

/// Waits for the next message that was not shown, and shows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_peek(receiver: *mut Receiver, message: *mut shm_message) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(
            receiver,
            message,
            |receiver, buffer| either!(receiver, end => end.peek_timeout(buffer, Limit::Never)),
        )
    }
}

/// Shows the next message that was not shown, if there is one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_try_peek(receiver: *mut Receiver, message: *mut shm_message) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(
            receiver,
            message,
            |receiver, buffer| either!(receiver, end => end.try_peek(buffer)),
        )
    }
}

/// Waits for the next message that was not shown for so long, and shows it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_peek_within(
    receiver: *mut Receiver,
    message: *mut shm_message,
    timeout_ns: i64,
) -> c_int {
    // SAFETY: the header.
    unsafe {
        one(receiver, message, |receiver, buffer| {
            either!(receiver, end => match timeout_ns {
                0 => end.try_peek(buffer),
                timeout_ns => end.peek_timeout(buffer, limit(timeout_ns)),
            })
        })
    }
}

/// Acknowledges what was shown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_ack(receiver: *mut Receiver) -> c_int {
    // SAFETY: the header.
    call(|| Ok(either!(unsafe { handle::end(receiver) }?, end => end.ack())?))
}

/// Acknowledges what one lane has shown, up to a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_ack_through(
    receiver: *mut Receiver,
    lane: u32,
    sequence: u64,
) -> c_int {
    // SAFETY: the header.
    call(|| Ok(either!(unsafe { handle::end(receiver) }?, end => end.ack_through(lane, sequence))?))
}

/// Shows again what was shown and not acknowledged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_rewind(receiver: *mut Receiver) -> c_int {
    call(|| {
        // SAFETY: the header.
        either!(unsafe { handle::end(receiver) }?, end => end.rewind());
        Ok(())
    })
}

/// The receiver's bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_bell(
    receiver: *mut Receiver,
    descriptor: *mut c_int,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(descriptor) }?.write(-1);
        // SAFETY: the header.
        let bell = either!(unsafe { handle::end(receiver) }?, end => end.bell());
        *place = observe::descriptor(bell)?;
        Ok(())
    })
}

/// Prepares to wait for a message by the bell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_arm(
    receiver: *mut Receiver,
    timeout_ms: *mut c_int,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(timeout_ms) }?.write(0);
        // SAFETY: the header.
        *place = armed(either!(unsafe { handle::end(receiver) }?, end => end.arm())?);
        Ok(())
    })
}

/// What the receiver knows.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_state(
    receiver: *mut Receiver,
    state: *mut shm_state,
    size: usize,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let found = shm_state::of_receiver(unsafe { handle::end(receiver) }?)?;
        // SAFETY: the header.
        unsafe { found.write(state, size) }
    })
}

/// Sets or clears the receiver's interrupt flag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_interrupt(receiver: *mut Receiver, on: c_int) {
    // SAFETY: the header.
    unsafe { handle::interrupt(receiver, on) }
}

/// Closes the receiver, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_receiver_close(receiver: *mut *mut Receiver, left: *mut u64) -> c_int {
    call(|| {
        // SAFETY: the header.
        let handle = unsafe { handle::take(receiver) }?;
        let closed = either!(handle.into_end(), end => end.close())?;
        // SAFETY: the header.
        if let Some(left) = unsafe { left.as_mut() } {
            *left = messages_left(closed);
        }
        Ok(())
    })
}
