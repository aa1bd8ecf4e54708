//! What the caller's pointers lead to: texts, bytes, and places for results.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::slice;

use shm_mailbox::{AttachError, MAX_MESSAGE, SendError};

use crate::error::Failed;
use crate::number::{self, Misuse};

/// A pointer is NULL that must not be.
pub(crate) fn null(text: &'static str) -> Failed {
    misuse(number::NULL, text)
}

/// An argument makes no sense.
pub(crate) fn meaningless(text: &'static str) -> Failed {
    misuse(number::OPTION, text)
}

#[cold]
pub(crate) fn misuse(number: c_int, text: &'static str) -> Failed {
    Misuse { number, text }.into()
}

/// The name of an object.
///
/// # Safety
///
/// `name` is NULL, or a C string that stays as it is for `'a`.
pub(crate) unsafe fn name<'a>(name: *const c_char) -> Result<&'a str, Failed> {
    if name.is_null() {
        return Err(null("the name is NULL"));
    }
    // SAFETY: the caller's contract.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_str()
        .map_err(|_| misuse(number::NAME, "the name is not UTF-8"))
}

/// A label, if there is one.
///
/// # Safety
///
/// `label` is NULL, or a C string that stays as it is for `'a`.
pub(crate) unsafe fn label<'a>(label: *const c_char) -> Result<Option<&'a str>, Failed> {
    if label.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's contract.
    let label = unsafe { CStr::from_ptr(label) };
    let text = label.to_str().map_err(|_| AttachError::Label {
        found: label.to_string_lossy().into_owned(),
    })?;
    Ok(Some(text))
}

/// A message to be sent.
///
/// # Safety
///
/// `data` is NULL, or `length` bytes can be read there, which stay as they are for `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(data: *const c_void, length: usize) -> Result<&'a [u8], Failed> {
    if length > MAX_MESSAGE {
        let excess = length - MAX_MESSAGE;
        return Err(SendError::TooLong { length, excess }.into());
    }
    match (data.is_null(), length) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(null("the bytes of the message are NULL")),
        // SAFETY: the caller's contract; at most 1024 bytes.
        _ => Ok(unsafe { slice::from_raw_parts(data.cast(), length) }),
    }
}

/// `count` elements that the caller gives.
///
/// # Safety
///
/// `first` is NULL, or `count` elements can be read there, which stay as they are for `'a`.
pub(crate) unsafe fn list<'a, T>(first: *const T, count: usize) -> Result<&'a [T], Failed> {
    match (first.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null("the list is NULL")),
        // SAFETY: the caller's contract.
        _ => Ok(unsafe { slice::from_raw_parts(first, count) }),
    }
}

/// A place for a result, or for a list of results: the caller need not have filled it.
///
/// # Safety
///
/// `first` is NULL, or `count` elements can be written there, which nothing else uses for `'a`.
#[inline]
pub(crate) unsafe fn places<'a, T>(
    first: *mut T,
    count: usize,
) -> Result<&'a mut [MaybeUninit<T>], Failed> {
    if count == 0 {
        return Ok(&mut []);
    }
    if first.is_null() {
        return Err(null("the place for the result is NULL"));
    }
    // SAFETY: the caller's contract.
    Ok(unsafe { slice::from_raw_parts_mut(first.cast(), count) })
}

/// A place for one result.
///
/// # Safety
///
/// `place` is NULL, or an element can be written there, which nothing else uses for `'a`.
#[inline]
pub(crate) unsafe fn place<'a, T>(place: *mut T) -> Result<&'a mut MaybeUninit<T>, Failed> {
    // SAFETY: the caller's contract.
    let place = unsafe { place.cast::<MaybeUninit<T>>().as_mut() };
    place.ok_or_else(|| null("the place for the result is NULL"))
}

/// Writes a structure that the caller has with `size` bytes: an earlier version is shorter, and a
/// later one gets zeros at its end.
///
/// # Safety
///
/// `place` is NULL, or `size` bytes can be written there, which nothing else uses.
pub(crate) unsafe fn write_sized<T: Copy>(
    place: *mut T,
    size: usize,
    first_size: usize,
    value: &T,
) -> Result<(), Failed> {
    if place.is_null() {
        return Err(null("the place for the result is NULL"));
    }
    if size < first_size {
        return Err(meaningless("the size of the structure is too small"));
    }
    let bytes = place.cast::<u8>();
    let common = size.min(size_of::<T>());
    // SAFETY: the caller's contract.
    unsafe { bytes.write_bytes(0, size) };
    // SAFETY: both are at least so long, and do not overlap: one is ours.
    unsafe { bytes.copy_from_nonoverlapping(std::ptr::from_ref(value).cast(), common) };
    Ok(())
}

/// Writes structures that the caller has with `size` bytes each, as [`write_sized`] does: the first
/// `count` of `values`.
///
/// # Safety
///
/// `first` is NULL, or `count` times `size` bytes can be written there, which nothing else uses.
pub(crate) unsafe fn write_list<T: Copy>(
    first: *mut T,
    (size, count): (usize, usize),
    values: impl Iterator<Item = T>,
) -> Result<(), Failed> {
    for (index, value) in values.take(count).enumerate() {
        // A NULL stays NULL.
        let place = first.cast::<u8>().wrapping_add(match first.is_null() {
            true => 0,
            false => index * size,
        });
        // SAFETY: the caller's contract.
        unsafe { write_sized(place.cast(), size, size_of::<T>(), &value) }?;
    }
    Ok(())
}
