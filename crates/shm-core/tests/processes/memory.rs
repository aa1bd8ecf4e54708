//! Mappings that children share, and memory that is cut off or was never there.

use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect};
use shm_core::bytes::{self, portable};
use shm_core::{Access, Mapping, ObjectOptions};
use test_support::{Child, End, Name, Signal, can_mount, in_child, own_dev_shm};

/// The page size of x86-64; on aarch64 it may be 16 or 64 KiB, so the tests use 64 KiB.
const PAGE: usize = 64 << 10;

#[test]
fn another_process_sees_what_is_written() {
    let name = Name::new();
    let mapping = Mapping::shared(&name.create(4096)).unwrap();
    in_child(|| {
        let theirs = Mapping::shared(&name.open()).unwrap();
        theirs.write(0, b"from the child").unwrap();
    });
    let mut seen = [0; 14];
    mapping.read(0, &mut seen).unwrap();
    assert_eq!(&seen, b"from the child");
}

#[test]
fn anonymous_memory_is_zeroed_and_shared_with_children_and_theirs() {
    let memory = Mapping::anonymous(10_000).unwrap();
    assert_eq!(memory.len(), 10_000);
    let words = memory.slice_view::<AtomicU32>(0, 3).unwrap();
    assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    in_child(|| {
        words[0].store(1, Ordering::Release);
        in_child(|| words[1].store(2, Ordering::Release));
        // The child's end of it is the child's.
        assert_eq!(words[1].load(Ordering::Acquire), 2);
    });
    let values = [0, 1, 2].map(|i| words[i].load(Ordering::Acquire));
    assert_eq!(values, [1, 2, 0]);
}

/// Whether a child that reads the byte at this offset lives.
fn read_in_a_child(mapping: &Mapping, offset: usize) -> End {
    Child::fork(|| mapping.read(offset, &mut [0]).unwrap()).wait()
}

#[test]
fn touching_a_page_that_was_cut_off_is_sigbus() {
    let name = Name::new();
    let object = name.create(2 * PAGE as u64);
    let mapping = Mapping::shared(&object).unwrap();
    assert_eq!(read_in_a_child(&mapping, PAGE), End::Done);
    object.set_size(PAGE as u64).unwrap();
    assert_eq!(read_in_a_child(&mapping, PAGE), End::Killed(Signal::SIGBUS));
    assert_eq!(read_in_a_child(&mapping, PAGE - 1), End::Done);
    // Back again, the mapping shows the new, zeroed page.
    object.reserve(2 * PAGE as u64).unwrap();
    assert_eq!(read_in_a_child(&mapping, PAGE), End::Done);
}

#[test]
fn a_private_mapping_loses_even_its_own_copies_when_the_object_shrinks() {
    let name = Name::new();
    let object = name.create(2 * PAGE as u64);
    let copy = Mapping::options()
        .access(Access::Private)
        .map(&object)
        .unwrap();
    copy.write(PAGE, b"mine").unwrap();
    object.set_size(PAGE as u64).unwrap();
    assert_eq!(read_in_a_child(&copy, PAGE), End::Killed(Signal::SIGBUS));
}

#[test]
fn memory_without_room_is_sigbus_when_it_was_only_sized() {
    if !can_mount() {
        return;
    }
    let end = Child::fork(|| {
        own_dev_shm("size=256k");
        let name = Name::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        object.set_size(512 << 10).unwrap();
        let mapping = Mapping::shared(&object).unwrap();
        for offset in (0..mapping.len()).step_by(4096) {
            mapping.write(offset, b"x").unwrap();
        }
    });
    assert_eq!(end.wait(), End::Killed(Signal::SIGBUS));
}

#[test]
fn the_system_stands_behind_a_read_only_mapping() {
    let name = Name::new();
    let mut options = Mapping::options();
    let reader = options.access(Access::ReadOnly).map(&name.create(4096));
    let reader = reader.unwrap();
    let end = Child::fork(|| {
        // SAFETY: none is needed for a store that the system refuses.
        unsafe { reader.as_mut_ptr().write_volatile(1) };
    });
    assert_eq!(end.wait(), End::Killed(Signal::SIGSEGV));
}

/// A page that may be touched, between two that may not.
fn lone_page() -> *mut u8 {
    let len = NonZeroUsize::new(3 * PAGE).unwrap();
    // SAFETY: no address is asked for, so no existing mapping is replaced.
    let base =
        unsafe { mmap_anonymous(None, len, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) }.unwrap();
    let middle = NonNull::new(base.as_ptr().wrapping_byte_add(PAGE)).unwrap();
    // SAFETY: the second third of the mapping from above.
    unsafe { mprotect(middle, PAGE, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE) }.unwrap();
    middle.as_ptr().cast()
}

#[test]
fn a_copy_touches_nothing_beyond_the_first_and_the_last_byte() {
    in_child(|| {
        let (src, dst) = (lone_page(), lone_page());
        for copy in [bytes::load, bytes::store, portable::load, portable::store] {
            for len in 0..=1024 {
                // SAFETY: the first bytes of a page.
                unsafe { copy(dst, src, len) };
                let end = PAGE - len;
                // SAFETY: the last bytes of a page.
                unsafe { copy(dst.wrapping_add(end), src.wrapping_add(end), len) };
            }
        }
    });
}
