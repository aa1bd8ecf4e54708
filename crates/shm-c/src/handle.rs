//! Handles: what C holds of an endpoint, from opening to closing.

use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Failed, call};
use crate::pointer::null;

/// An endpoint, and what C needs beside it.
///
/// Calls take `&Handle`, also while another thread is in `interrupt`, which touches the flag alone.
pub struct Handle<E, B = ()> {
    interrupt: Arc<AtomicBool>,
    beside: UnsafeCell<B>,
    end: UnsafeCell<E>,
}

impl<E, B> Handle<E, B> {
    pub(crate) fn new(interrupt: Arc<AtomicBool>, end: E, beside: B) -> Box<Self> {
        Box::new(Self {
            interrupt,
            beside: UnsafeCell::new(beside),
            end: UnsafeCell::new(end),
        })
    }

    /// The endpoint.
    ///
    /// # Safety
    ///
    /// Nothing else uses it for as long as the result is used.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the caller has it for itself")]
    pub(crate) unsafe fn end(&self) -> &mut E {
        // SAFETY: the caller's contract.
        unsafe { &mut *self.end.get() }
    }

    /// What stands beside it.
    ///
    /// # Safety
    ///
    /// Nothing else uses it for as long as the result is used.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the caller has it for itself")]
    pub(crate) unsafe fn beside(&self) -> &mut B {
        // SAFETY: the caller's contract.
        unsafe { &mut *self.beside.get() }
    }

    /// The endpoint alone. What stands beside it may refer to it, and is dropped where it stands.
    #[expect(
        clippy::boxed_local,
        reason = "it must not move while something refers to it"
    )]
    pub(crate) fn into_end(mut self: Box<Self>) -> E
    where
        B: Default,
    {
        *self.beside.get_mut() = B::default();
        self.end.into_inner()
    }
}

/// Makes a handle and puts it into `*handle`, or NULL if that fails.
///
/// # Safety
///
/// `handle` is NULL, or a pointer can be written there, which nothing else uses.
pub(crate) unsafe fn open<E, B>(
    handle: *mut *mut Handle<E, B>,
    make: impl FnOnce(Arc<AtomicBool>) -> Result<(E, B), Failed>,
) -> c_int {
    call(|| {
        // SAFETY: the caller's contract.
        let place = unsafe { crate::pointer::place(handle) }?;
        let place = place.write(ptr::null_mut());
        let interrupt = Arc::new(AtomicBool::new(false));
        let (end, beside) = make(Arc::clone(&interrupt))?;
        *place = Box::into_raw(Handle::new(interrupt, end, beside));
        Ok(())
    })
}

/// The handle behind the caller's pointer.
///
/// # Safety
///
/// `handle` is NULL, or was opened and is not closed for as long as the result is used.
#[inline]
pub(crate) unsafe fn get<'a, E, B>(
    handle: *const Handle<E, B>,
) -> Result<&'a Handle<E, B>, Failed> {
    // SAFETY: the caller's contract.
    let handle = unsafe { handle.as_ref() };
    handle.ok_or_else(|| null("the handle is NULL: it was not opened, or is closed"))
}

/// The endpoint of the handle behind the caller's pointer.
///
/// # Safety
///
/// As for [`get`], and nothing else uses the endpoint for as long as the result is used.
#[inline]
pub(crate) unsafe fn end<'a, E, B: 'a>(handle: *const Handle<E, B>) -> Result<&'a mut E, Failed> {
    // SAFETY: the caller's contract.
    let handle = unsafe { get(handle) }?;
    // SAFETY: the caller's contract.
    Ok(unsafe { handle.end() })
}

/// The handle in `*handle`.
///
/// # Safety
///
/// As for [`take`], and it is not closed for as long as the result is used.
pub(crate) unsafe fn at<'a, E, B>(
    handle: *const *mut Handle<E, B>,
) -> Result<&'a Handle<E, B>, Failed> {
    // SAFETY: the caller's contract.
    let place = unsafe { handle.as_ref() };
    let place = place.ok_or_else(|| null("the place of the handle is NULL"))?;
    // SAFETY: the caller's contract.
    unsafe { get(*place) }
}

/// Takes the handle out of `*handle`, where NULL remains: a second close finds that.
///
/// # Safety
///
/// `handle` is NULL, or holds NULL or a handle that was opened and not closed, which nothing else
/// uses.
pub(crate) unsafe fn take<E, B>(
    handle: *mut *mut Handle<E, B>,
) -> Result<Box<Handle<E, B>>, Failed> {
    // SAFETY: the caller's contract.
    let place = unsafe { handle.as_mut() };
    let place = place.ok_or_else(|| null("the place of the handle is NULL"))?;
    let taken = std::mem::replace(place, ptr::null_mut());
    if taken.is_null() {
        return Err(null("the handle is NULL: it was not opened, or is closed"));
    }
    // SAFETY: `open` made it so, and it was not closed.
    Ok(unsafe { Box::from_raw(taken) })
}

/// Sets or clears the flag that ends waits. One store: a signal handler may do it.
///
/// # Safety
///
/// As for [`get`].
pub(crate) unsafe fn interrupt<E, B>(handle: *const Handle<E, B>, on: c_int) {
    // SAFETY: the caller's contract.
    if let Some(handle) = unsafe { handle.as_ref() } {
        // Release: the caller may have left a reason in memory before it.
        handle.interrupt.store(on != 0, Ordering::Release);
    }
}
