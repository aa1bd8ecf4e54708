//! Mappings that have no object, and advice about them.

use std::sync::atomic::{AtomicU32, Ordering};

use test_support::{in_child, skip};

use crate::errno;

#[test]
fn anonymous_memory_is_zeroed_and_shared_with_a_child() {
    let memory = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: the first bytes of a fresh mapping of a page, zeroed, and unmapped only at the end.
    let word = unsafe { memory.cast::<AtomicU32>().as_ref() };
    assert_eq!(word.load(Ordering::Acquire), 0);
    in_child(|| word.store(7, Ordering::Release));
    assert_eq!(word.load(Ordering::Acquire), 7);
    // SAFETY: the mapping from above; `word` is not used any more.
    unsafe { shm_sys::munmap(memory, 4096) }.unwrap();
}

#[test]
fn mappings_that_cannot_be_are_errors() {
    assert_eq!(errno(shm_sys::mmap_shared_anonymous(0)), libc::EINVAL);
    assert_eq!(errno(shm_sys::mmap_shared_anonymous(1 << 60)), libc::ENOMEM);
}

#[test]
fn advice_that_cannot_be_followed_is_an_error() {
    let shared = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: nothing refers to the mapping from above.
    let unknown = unsafe { shm_sys::madvise_unknown(shared, 4096) };
    // SAFETY: refused for shared memory, and nothing in it would mind.
    let wiped = unsafe { shm_sys::madvise_wipeonfork(shared, 4096) };
    // SAFETY: the mapping from above, to which nothing refers.
    unsafe { shm_sys::munmap(shared, 4096) }.unwrap();
    if unknown.is_ok() {
        skip("a system that looks at advice, as emulators do not");
        return;
    }
    assert_eq!(errno(unknown), libc::EINVAL);
    assert_eq!(errno(wiped), libc::EINVAL);
}

#[test]
fn a_page_is_replaced_by_private_zeros() {
    let page = shm_sys::page_size();
    let memory = shm_sys::mmap_shared_anonymous(2 * page).unwrap();
    let bytes = memory.as_ptr();
    // SAFETY: within the two pages, which nobody else uses.
    unsafe { bytes.write_bytes(7, 2 * page) };
    let prot = shm_sys::PROT_READ | shm_sys::PROT_WRITE;
    // SAFETY: the first of the two pages; nothing refers to it.
    unsafe { shm_sys::mmap_fixed_private_anonymous(memory, page, prot) }.unwrap();
    let read = |offset: usize| {
        let byte = bytes.wrapping_add(offset);
        // SAFETY: within the two pages.
        unsafe { byte.read() }
    };
    assert_eq!([read(page - 1), read(page)], [0, 7]);
    // SAFETY: within the two pages.
    let crooked = unsafe { memory.add(1) };
    // SAFETY: nothing is mapped at an address that is no multiple of the page size.
    let refused = unsafe { shm_sys::mmap_fixed_private_anonymous(crooked, page, prot) };
    assert_eq!(errno(refused), libc::EINVAL);
    // SAFETY: the pages mapped above.
    unsafe { shm_sys::munmap(memory, 2 * page) }.unwrap();
}
