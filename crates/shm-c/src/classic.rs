//! The classic layout's writer and reader.

use std::ffi::{c_char, c_int, c_void};

use shm_mailbox::{Message, classic};

use crate::error::{Failed, call};
use crate::handle::{self, Handle};
use crate::number;
use crate::options::{limit, shm_options};
use crate::pointer::{self, bytes, misuse, place};
use crate::receiver::shm_message;

/// `shm_writer`.
pub type Writer = Handle<classic::Writer>;

/// `shm_reader`: beside the endpoint stands its message.
pub type Reader = Handle<classic::Reader, Box<Message>>;

/// The options for an object of the classic layout.
///
/// # Safety
///
/// As for [`pointer::name`] and [`shm_options::read`].
unsafe fn options(
    name: *const c_char,
    options: *const shm_options,
    interrupt: std::sync::Arc<std::sync::atomic::AtomicBool>,
) -> Result<classic::Options, Failed> {
    // SAFETY: the caller's contract.
    let name = unsafe { pointer::name(name) }?;
    // SAFETY: the caller's contract.
    unsafe { shm_options::read(options) }?.classic(name, interrupt)
}

/// Attaches as the writer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_writer_open(
    writer: *mut *mut Writer,
    name: *const c_char,
    given: *const shm_options,
) -> c_int {
    let make = |interrupt| {
        // SAFETY: the header.
        let options = unsafe { options(name, given, interrupt) }?;
        Ok((options.writer()?, ()))
    };
    // SAFETY: the header.
    unsafe { handle::open(writer, make) }
}

/// Waits for the reader's request, and hands a message over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_writer_send(
    writer: *mut Writer,
    data: *const c_void,
    length: usize,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let bytes = unsafe { bytes(data, length) }?;
        // SAFETY: the header.
        Ok(unsafe { handle::end(writer) }?.send_timeout(bytes, limit(timeout_ns))?)
    })
}

/// Waits until the reader has taken the last message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_writer_drain(writer: *mut Writer, timeout_ns: i64) -> c_int {
    // SAFETY: the header.
    call(|| Ok(unsafe { handle::end(writer) }?.drain(limit(timeout_ns))?))
}

/// Sets or clears the writer's interrupt flag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_writer_interrupt(writer: *mut Writer, on: c_int) {
    // SAFETY: the header.
    unsafe { handle::interrupt(writer, on) }
}

/// Closes the writer, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_writer_close(writer: *mut *mut Writer, keep: c_int) -> c_int {
    call(|| {
        // SAFETY: the header.
        let writer = unsafe { handle::take(writer) }?.into_end();
        if keep != 0 {
            writer.keep();
            return Ok(());
        }
        Ok(writer.close()?)
    })
}

/// Attaches as the reader.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_open(
    reader: *mut *mut Reader,
    name: *const c_char,
    given: *const shm_options,
) -> c_int {
    let make = |interrupt| {
        // SAFETY: the header.
        let options = unsafe { options(name, given, interrupt) }?;
        Ok((options.reader()?, Box::default()))
    };
    // SAFETY: the header.
    unsafe { handle::open(reader, make) }
}

/// Requests the next message, waits for it, and takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_recv(
    reader: *mut Reader,
    message: *mut shm_message,
    timeout_ns: i64,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(message) }?;
        // SAFETY: the header.
        let handle = unsafe { handle::get(reader) }?;
        // SAFETY: the header. What an earlier call has said of the buffer holds no longer.
        let buffer = unsafe { handle.beside() };
        // SAFETY: the header.
        unsafe { handle.end() }.recv_timeout(buffer, limit(timeout_ns))?;
        place.write((&**buffer).into());
        Ok(())
    })
}

/// Marks the last message as taken.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_taken(reader: *mut Reader) -> c_int {
    // SAFETY: the header.
    call(|| Ok(unsafe { handle::end(reader) }?.taken()?))
}

/// Takes the request back, or a message that came at that moment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_withdraw(
    reader: *mut Reader,
    message: *mut shm_message,
) -> c_int {
    call(|| {
        // SAFETY: the header.
        let place = unsafe { place(message) }?;
        // SAFETY: the header.
        let handle = unsafe { handle::get(reader) }?;
        // SAFETY: the header.
        let found = unsafe { handle.end() }.withdraw()?;
        let Some(found) = found else {
            return Err(misuse(number::EMPTY, "no message came"));
        };
        // SAFETY: the header. What an earlier call has said of the buffer holds no longer.
        let buffer = unsafe { handle.beside() };
        **buffer = found;
        place.write((&**buffer).into());
        Ok(())
    })
}

/// Sets or clears the reader's interrupt flag.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_interrupt(reader: *mut Reader, on: c_int) {
    // SAFETY: the header.
    unsafe { handle::interrupt(reader, on) }
}

/// Withdraws the request, frees the handle, and sets the caller's pointer to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shm_reader_close(reader: *mut *mut Reader) -> c_int {
    call(|| {
        // SAFETY: the header.
        let reader = unsafe { handle::take(reader) }?.into_end();
        reader.close()?;
        Ok(())
    })
}
