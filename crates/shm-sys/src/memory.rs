//! Memory without a name: shared with the children of `fork`, or wiped in them.

use crate::errno::check;
use std::io;
use std::ptr::{self, NonNull};

/// Maps `len` zeroed bytes that this process and the children it forks from now on share.
///
/// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);` with `prot`
/// `PROT_READ | PROT_WRITE` and `flags` `MAP_SHARED | MAP_ANONYMOUS`.
///
/// The address is a multiple of the page size. The mapping stays until [`munmap`], `execve` or the
/// end of the process.
///
/// # Errors
///
/// * `EINVAL`: `len` is 0.
/// * `ENOMEM`: no room in the address space, too many mappings, or overcommit was refused.
///
/// # References
///
/// [`mmap(2)`](https://man7.org/linux/man-pages/man2/mmap.2.html)
pub fn mmap_shared_anonymous(len: usize) -> io::Result<NonNull<u8>> {
    // SAFETY: no address is asked for, so no existing mapping is replaced; there is no descriptor.
    let address = unsafe {
        libc::mmap(
            ptr::null_mut(),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // Only a fixed mapping can be placed at address 0, and this one is not.
    NonNull::new(address.cast()).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))
}

/// Removes the mappings in the pages from `address` to `address + len`.
///
/// `int munmap(void *addr, size_t length);`
///
/// # Errors
///
/// * `EINVAL`: `address` is not a multiple of the page size, or `len` is 0.
/// * `ENOMEM`: unmapping the middle of a mapping would make one mapping too many.
///
/// # Safety
///
/// The range is one that the caller has mapped, and nothing refers to its bytes any more.
///
/// # References
///
/// [`munmap(2)`](https://man7.org/linux/man-pages/man2/munmap.2.html)
pub unsafe fn munmap(address: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: the caller vouches for the range.
    check(unsafe { libc::munmap(address.as_ptr().cast(), len) })?;
    Ok(())
}

/// Makes the pages from `address` to `address + len` read as zero in every child forked from now
/// on.
///
/// `int madvise(void *addr, size_t length, MADV_WIPEONFORK);`
///
/// `len` is rounded up to whole pages. The children of the children find zeros too.
///
/// # Errors
///
/// * `EINVAL`: `address` is not a multiple of the page size, the memory is shared or belongs to a
///   file, or the kernel is older than 4.14.
/// * `ENOMEM`: some of the pages are not mapped.
///
/// # Safety
///
/// The range is one that the caller has mapped, and whatever uses it in a child is content with
/// zeros.
///
/// # References
///
/// [`madvise(2)`](https://man7.org/linux/man-pages/man2/madvise.2.html)
pub unsafe fn madvise_wipeonfork(address: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: the caller vouches for the range.
    check(unsafe { libc::madvise(address.as_ptr().cast(), len, libc::MADV_WIPEONFORK) })?;
    Ok(())
}
