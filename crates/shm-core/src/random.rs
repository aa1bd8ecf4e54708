//! Unpredictable numbers.

use crate::SystemError;

/// Fills `buffer`, of at most 256 bytes, with random bytes from the kernel.
///
/// # Errors
///
/// [`SystemError`] on Linux before 3.17.
///
/// # Panics
///
/// If `buffer` is longer.
pub fn random(buffer: &mut [u8]) -> Result<(), SystemError> {
    shm_sys::getrandom(buffer).map_err(|source| SystemError {
        call: "getrandom",
        name: None,
        source,
    })
}
