//! Sizes up and down, and what becomes of mappings that are there.

mod support;

use shm_core::{Mapping, ObjectOptions, ResizeError};
use support::{Child, End, UniqueName, can_mount, in_child, own_dev_shm};

/// The page size of x86-64; on aarch64 it may be 16 or 64 KiB, so the tests use 64 KiB.
const PAGE: u64 = 64 << 10;
const PAGE_LEN: usize = 64 << 10;

/// Whether a child that reads the byte at this offset lives.
fn read_in_a_child(mapping: &Mapping, offset: usize) -> End {
    Child::fork(|| mapping.read(offset, &mut [0]).unwrap()).wait()
}

#[test]
fn an_object_grows_and_shrinks() {
    let name = UniqueName::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    for size in [1, 3 * PAGE, 100, 0, PAGE] {
        object.set_size(size).unwrap();
        assert_eq!(object.size().unwrap(), size);
    }
}

#[test]
fn set_size_takes_no_memory_and_reserve_takes_all() {
    let name = UniqueName::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    object.set_size(10 << 20).unwrap();
    assert_eq!(object.status().unwrap().allocated, 0);
    // More than one piece.
    object.reserve(10 << 20).unwrap();
    assert_eq!(object.status().unwrap().allocated, 10 << 20);
}

#[test]
fn reserve_grows_but_never_shrinks_and_keeps_what_is_there() {
    let name = UniqueName::new();
    let object = name.create(PAGE);
    Mapping::shared(&object)
        .unwrap()
        .write(PAGE_LEN - 5, b"hello")
        .unwrap();
    object.reserve(2 * PAGE).unwrap();
    object.reserve(1).unwrap();
    object.reserve(0).unwrap();
    assert_eq!(object.size().unwrap(), 2 * PAGE);
    let mut text = [0; 5];
    Mapping::shared(&object)
        .unwrap()
        .read(PAGE_LEN - 5, &mut text)
        .unwrap();
    assert_eq!(&text, b"hello");
}

#[test]
fn a_read_only_object_keeps_its_size() {
    let name = UniqueName::new();
    let _object = name.create(1);
    let reader = ObjectOptions::new().read_only(true).open(&name).unwrap();
    assert!(matches!(
        reader.set_size(2),
        Err(ResizeError::ReadOnly { .. })
    ));
    let error = reader.reserve(2).unwrap_err();
    let expected = format!(
        "object \"{}\" was opened read-only, so its size cannot be changed",
        *name
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(reader.size().unwrap(), 1);
}

#[test]
fn a_size_that_no_file_has_is_too_large() {
    let name = UniqueName::new();
    let object = name.create(1);
    for size in [u64::MAX, 1 << 63] {
        for error in [object.set_size(size), object.reserve(size)] {
            let error = error.unwrap_err();
            assert!(
                matches!(error, ResizeError::TooLarge { requested, .. } if requested == size),
                "{error:?}"
            );
        }
    }
    assert_eq!(object.size().unwrap(), 1);
}

#[test]
fn a_mapping_keeps_its_length_when_the_object_grows() {
    let name = UniqueName::new();
    let object = name.create(PAGE);
    let mapping = Mapping::shared(&object).unwrap();
    object.reserve(2 * PAGE).unwrap();
    assert_eq!(mapping.len(), PAGE_LEN);
    assert!(mapping.read(PAGE_LEN, &mut [0]).is_err());
    let again = Mapping::shared(&object).unwrap();
    assert_eq!(again.len(), 2 * PAGE_LEN);
    again.write(PAGE_LEN - 1, b"x").unwrap();
    let mut byte = [0];
    mapping.read(PAGE_LEN - 1, &mut byte).unwrap();
    assert_eq!(&byte, b"x");
}

#[test]
fn touching_a_page_that_was_cut_off_is_sigbus() {
    let name = UniqueName::new();
    let object = name.create(2 * PAGE);
    let mapping = Mapping::shared(&object).unwrap();
    assert_eq!(read_in_a_child(&mapping, PAGE_LEN), End::Done);
    object.set_size(PAGE).unwrap();
    assert_eq!(
        read_in_a_child(&mapping, PAGE_LEN),
        End::Signal(libc::SIGBUS)
    );
    assert_eq!(read_in_a_child(&mapping, PAGE_LEN - 1), End::Done);
    // Back again, the mapping shows the new, zeroed page.
    object.reserve(2 * PAGE).unwrap();
    assert_eq!(read_in_a_child(&mapping, PAGE_LEN), End::Done);
}

#[test]
fn a_private_mapping_loses_even_its_own_copies_when_the_object_shrinks() {
    let name = UniqueName::new();
    let object = name.create(2 * PAGE);
    let copy = Mapping::options()
        .access(shm_core::Access::Private)
        .map(&object)
        .unwrap();
    copy.write(PAGE_LEN, b"mine").unwrap();
    object.set_size(PAGE).unwrap();
    assert_eq!(read_in_a_child(&copy, PAGE_LEN), End::Signal(libc::SIGBUS));
}

#[test]
fn what_is_cut_off_within_the_last_page_reads_as_zeros() {
    let name = UniqueName::new();
    let object = name.create(1000);
    let mapping = Mapping::shared(&object).unwrap();
    mapping.write(0, &[b'x'; 1000]).unwrap();
    object.set_size(10).unwrap();
    let mut bytes = [0; 1000];
    mapping.read(0, &mut bytes).unwrap();
    assert_eq!(&bytes[..10], &[b'x'; 10]);
    assert_eq!(&bytes[10..], &[0; 990]);
    object.set_size(1000).unwrap();
    mapping.read(0, &mut bytes).unwrap();
    assert_eq!(&bytes[10..], &[0; 990]);
}

#[test]
fn memory_without_room_is_sigbus_when_it_was_only_sized() {
    if !can_mount() {
        return;
    }
    let end = Child::fork(|| {
        own_dev_shm("size=256k");
        let name = UniqueName::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        object.set_size(512 << 10).unwrap();
        let mapping = Mapping::shared(&object).unwrap();
        for offset in (0..mapping.len()).step_by(4096) {
            mapping.write(offset, b"x").unwrap();
        }
    });
    assert_eq!(end.wait(), End::Signal(libc::SIGBUS));
}

#[test]
fn reserving_more_than_there_is_says_how_much_there_is() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k,nr_inodes=64");
        let name = UniqueName::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        let error = object.reserve((256 << 10) + 1).unwrap_err();
        let expected = format!(
            "no space for object \"{}\": 262145 bytes requested, 262144 available in /dev/shm; unlink stale objects, or make it larger",
            *name
        );
        assert_eq!(error.to_string(), expected);
        assert!(matches!(
            error,
            ResizeError::NoSpace {
                requested: 262_145,
                available: 262_144,
                ..
            }
        ));
        let status = object.status().unwrap();
        assert_eq!((status.size, status.allocated), (0, 0));
        // What there is can be had, and then there is nothing.
        object.reserve(256 << 10).unwrap();
        let other = UniqueName::new();
        let error = ObjectOptions::new()
            .create_new(&other)
            .unwrap()
            .reserve(1)
            .unwrap_err();
        assert!(
            matches!(
                error,
                ResizeError::NoSpace {
                    requested: 1,
                    available: 0,
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

#[test]
fn running_out_of_space_half_way_leaves_size_and_space_as_they_were() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k");
        let name = UniqueName::new();
        let object = ObjectOptions::new().create_new(&name).unwrap();
        object.set_size(512 << 10).unwrap();
        // 128 KiB at the end, so that the sum alone does not tell that the first 160 KiB cannot be
        // had.
        let mut options = Mapping::options();
        let tail = options.offset(384 << 10).map(&object).unwrap();
        tail.write(0, &vec![b'x'; tail.len()]).unwrap();
        let error = object.reserve(160 << 10).unwrap_err();
        assert!(
            matches!(
                error,
                ResizeError::NoSpace {
                    requested: 163_840,
                    available: 131_072,
                    ..
                }
            ),
            "{error:?}"
        );
        let status = object.status().unwrap();
        assert_eq!((status.size, status.allocated), (512 << 10, 128 << 10));
    });
}

#[test]
fn a_reservation_that_fails_after_some_pieces_gives_them_back() {
    let name = UniqueName::new();
    in_child(|| {
        let object = name.create(100);
        let limit = libc::rlimit {
            rlim_cur: 6 << 20,
            rlim_max: 6 << 20,
        };
        // SAFETY: from here on the limit is an error and no signal.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        // SAFETY: `limit` outlives the call.
        let set = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
        assert_eq!(set, 0);
        let error = object.reserve(10 << 20).unwrap_err();
        assert!(
            matches!(
                error,
                ResizeError::TooLarge {
                    requested: 10_485_760,
                    ..
                }
            ),
            "{error:?}"
        );
        let status = object.status().unwrap();
        assert_eq!(status.size, 100);
        assert!(status.allocated <= PAGE, "{status:?}");
    });
}

#[test]
fn running_out_of_inodes_says_so_and_creates_nothing() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("size=256k,nr_inodes=4");
        let names = [(); 4].map(|()| UniqueName::new());
        let results = names
            .each_ref()
            .map(|name| ObjectOptions::new().create_new(name));
        // One inode is the directory's own.
        let [Ok(_), Ok(_), Ok(_), Err(error)] = &results else {
            panic!("{results:?}");
        };
        assert!(
            matches!(error, shm_core::OpenError::NoInodes { .. }),
            "{error:?}"
        );
        assert!(
            error.to_string().starts_with("no inode left in /dev/shm"),
            "{error}"
        );
        assert_eq!(shm_core::list().unwrap().len(), 3);
    });
}
