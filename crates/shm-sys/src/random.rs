//! Unpredictable numbers.

use crate::errno::restart;
use std::io;

/// Fills `buffer`, of at most 256 bytes, with random bytes.
///
/// `ssize_t getrandom(void *buf, size_t buflen, 0);`
///
/// Up to 256 bytes come all at once. Early after the machine has started it waits until the kernel
/// has gathered enough randomness.
///
/// # Errors
///
/// * `ENOSYS`: Linux before 3.17.
///
/// `EINTR` is not returned: the call is made again.
///
/// # Panics
///
/// If `buffer` is longer.
///
/// # References
///
/// [`getrandom(2)`](https://man7.org/linux/man-pages/man2/getrandom.2.html)
pub fn getrandom(buffer: &mut [u8]) -> io::Result<()> {
    assert!(buffer.len() <= 256, "more may come in pieces");
    restart(|| {
        // SAFETY: the pointer is to as many bytes as it says, which may be written.
        match unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) } {
            ..0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    })
}
