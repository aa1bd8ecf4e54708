//! Memory without a name: shared with the children of `fork`, wiped in them, or in the place of
//! pages that are lost.

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
/// * `ENOMEM`: no room in the address space, too many mappings, or the kernel does not overcommit.
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

/// Puts private zeroed pages where the pages from `address` to `address + len` are mapped.
///
/// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);` with `flags`
/// `MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE`.
///
/// What was mapped there disappears from this process, and is the same in every other. A handler of
/// signals may call it: it is one system call, and what it returns allocates nothing.
///
/// # Errors
///
/// * `EINVAL`: `address` is not a multiple of the page size, or `len` is 0.
/// * `ENOMEM`: too many mappings, or no room in the address space (`RLIMIT_AS`).
///
/// # Safety
///
/// The range is one that the caller has mapped, with at most the access of `prot`, and whatever
/// refers to its bytes works with zeros that no other process sees.
///
/// # References
///
/// [`mmap(2)`](https://man7.org/linux/man-pages/man2/mmap.2.html)
pub unsafe fn mmap_fixed_private_anonymous(
    address: NonNull<u8>,
    len: usize,
    prot: libc::c_int,
) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
    // SAFETY: the caller vouches for the range; there is no descriptor.
    let mapped = unsafe { libc::mmap(address.as_ptr().cast(), len, prot, flags, -1, 0) };
    if mapped == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Returns the size of a page in bytes: 4096 on x86-64, and up to 65,536 on aarch64.
///
/// `long sysconf(_SC_PAGESIZE);`
///
/// It always succeeds.
///
/// # References
///
/// [`sysconf(3)`](https://man7.org/linux/man-pages/man3/sysconf.3.html)
pub fn page_size() -> usize {
    // SAFETY: a number.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
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

/// Makes the pages from `address` to `address + len` read as zero in children forked from now on.
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

/// Gives advice that does not exist for the pages from `address` to `address + len`.
///
/// Linux rejects it, and emulators that ignore all advice do not.
///
/// `int madvise(void *addr, size_t length, -1);`
///
/// # Errors
///
/// * `EINVAL`: on every Linux.
///
/// # Safety
///
/// The range is one that the caller has mapped, and nothing refers to its bytes.
///
/// # References
///
/// [`madvise(2)`](https://man7.org/linux/man-pages/man2/madvise.2.html)
pub unsafe fn madvise_unknown(address: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: the caller vouches for the range.
    check(unsafe { libc::madvise(address.as_ptr().cast(), len, -1) })?;
    Ok(())
}
