//! Every way to map memory, and everything that is refused.

use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use shm_core::{Access, MapError, Mapping, Object, ObjectOptions, ViewError};
use test_support::{Name, assert_matches};

fn bytes_at<const N: usize>(mapping: &Mapping, offset: usize) -> [u8; N] {
    let mut bytes = [0; N];
    mapping.read(offset, &mut bytes).unwrap();
    bytes
}

#[test]
fn two_shared_mappings_show_the_same_bytes() {
    let name = Name::new();
    let here = Mapping::shared(&name.create(4096)).unwrap();
    let there = Mapping::shared(&name.open()).unwrap();
    assert_ne!(here.as_ptr(), there.as_ptr());
    here.write(100, b"hello").unwrap();
    assert_eq!(&bytes_at(&there, 100), b"hello");
    there
        .view::<AtomicU64>(8)
        .unwrap()
        .store(7, Ordering::Release);
    assert_eq!(
        here.view::<AtomicU64>(8).unwrap().load(Ordering::Acquire),
        7
    );
}

#[test]
fn a_mapping_outlives_the_object_and_its_name() {
    let name = Name::new();
    let object = name.create(4096);
    let mapping = Mapping::shared(&object).unwrap();
    object.unlink().unwrap();
    drop(object);
    mapping.write(0, b"still").unwrap();
    assert_eq!(&bytes_at(&mapping, 0), b"still");
}

#[test]
fn a_read_only_mapping_is_copied_from_and_nothing_else() {
    let name = Name::new();
    let writer = Mapping::shared(&name.create(4096)).unwrap();
    let object = name.open_read_only();
    let reader = Mapping::options()
        .access(Access::ReadOnly)
        .map(&object)
        .unwrap();
    assert_eq!(reader.access(), Access::ReadOnly);
    writer.write(0, b"hello").unwrap();
    assert_eq!(&bytes_at(&reader, 0), b"hello");

    let refused = ViewError::ReadOnly {
        name: Some(name.clone()),
    };
    assert_eq!(reader.write(0, b"x").unwrap_err(), refused);
    assert_eq!(reader.view::<AtomicU32>(0).unwrap_err(), refused);
    assert_eq!(reader.slice_view::<AtomicU8>(0, 1).unwrap_err(), refused);
    assert_eq!(
        refused.to_string(),
        format!(
            "mapping of object \"{}\": it is read-only; copy from it instead",
            *name
        )
    );
}

#[test]
fn a_read_only_object_is_not_mapped_for_writing() {
    let name = Name::new();
    let _object = name.create(4096);
    let object = name.open_read_only();
    let error = Mapping::shared(&object).unwrap_err();
    assert_matches!(error, MapError::ReadOnlyObject { .. });
    assert!(
        Mapping::options()
            .access(Access::Private)
            .map(&object)
            .is_ok()
    );
}

#[test]
fn a_private_mapping_keeps_its_changes_to_itself() {
    let name = Name::new();
    let object = name.create(4096);
    let shared = Mapping::shared(&object).unwrap();
    shared.write(0, b"hello").unwrap();
    let copy = Mapping::options()
        .access(Access::Private)
        .map(&object)
        .unwrap();
    assert_eq!(&bytes_at(&copy, 0), b"hello");
    copy.write(0, b"HELLO").unwrap();
    copy.view::<AtomicU32>(8)
        .unwrap()
        .store(1, Ordering::Relaxed);
    assert_eq!(&bytes_at(&copy, 0), b"HELLO");
    assert_eq!(&bytes_at(&shared, 0), b"hello");
    assert_eq!(
        shared.view::<AtomicU32>(8).unwrap().load(Ordering::Relaxed),
        0
    );
    // The page is its own by now.
    shared.write(0, b"world").unwrap();
    assert_eq!(&bytes_at(&copy, 0), b"HELLO");
}

#[test]
fn a_part_of_an_object_starts_at_any_offset() {
    let name = Name::new();
    let object = name.create(3 * 65536);
    let whole = Mapping::shared(&object).unwrap();
    for offset in [0, 1, 4095, 4096, 4097, 65536, 65537, 131_071] {
        let mut options = Mapping::options();
        let part = options.offset(offset as u64).len(10).map(&object).unwrap();
        assert_eq!(part.len(), 10);
        part.write(0, b"0123456789").unwrap();
        assert_eq!(&bytes_at(&whole, offset), b"0123456789", "at {offset}");
        whole.write(offset, b"abc").unwrap();
        assert_eq!(&bytes_at(&part, 0), b"abc3456789", "at {offset}");
        assert!(part.read(1, &mut [0; 10]).is_err());
    }
    let rest = Mapping::options().offset(100).map(&object).unwrap();
    assert_eq!(rest.len(), 3 * 65536 - 100);
}

#[test]
fn a_view_into_a_part_at_an_odd_offset_checks_the_real_address() {
    let name = Name::new();
    let object = name.create(4096);
    let part = Mapping::options().offset(3).map(&object).unwrap();
    assert!(matches!(
        part.view::<AtomicU32>(0),
        Err(ViewError::Misaligned {
            offset: 0,
            align: 4,
            ..
        })
    ));
    part.view::<AtomicU32>(1)
        .unwrap()
        .store(7, Ordering::Relaxed);
    let whole = Mapping::shared(&object).unwrap();
    assert_eq!(
        whole.view::<AtomicU32>(4).unwrap().load(Ordering::Relaxed),
        7
    );
}

#[test]
fn a_mapping_is_never_longer_than_the_object() {
    let name = Name::new();
    let object = name.create(100);
    for (offset, len) in [(0, 101), (100, 1), (101, 0), (u64::MAX, 1), (1, usize::MAX)] {
        let error = Mapping::options()
            .offset(offset)
            .len(len)
            .map(&object)
            .unwrap_err();
        assert!(
            matches!(error, MapError::BeyondEnd { size: 100, .. }),
            "{offset} {len}: {error:?}"
        );
    }
    let error = Mapping::options()
        .offset(1)
        .len(100)
        .map(&object)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "object \"{}\" has 100 bytes, too few to map 100 from byte 1 on",
            *name
        )
    );
}

#[test]
fn nothing_cannot_be_mapped() {
    let name = Name::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    let error = Mapping::shared(&object).unwrap_err();
    assert_matches!(error, MapError::Empty { name: Some(_) });
    object.set_size(10).unwrap();
    for (offset, len) in [(0, Some(0)), (10, None)] {
        let mut options = Mapping::options();
        options.offset(offset);
        if let Some(len) = len {
            options.len(len);
        }
        let error = options.map(&object).unwrap_err();
        assert_matches!(error, MapError::Empty { .. });
    }
    assert!(matches!(
        Mapping::anonymous(0),
        Err(MapError::Empty { name: None })
    ));
}

#[test]
fn more_than_the_address_space_is_an_error_of_the_system() {
    for len in [usize::MAX, 1 << 60] {
        let error = Mapping::anonymous(len).unwrap_err();
        assert_matches!(error, MapError::System(_));
    }
}

#[test]
fn a_view_ends_where_the_mapping_ends() {
    let memory = Mapping::anonymous(16).unwrap();
    assert!(memory.view::<AtomicU64>(8).is_ok());
    assert!(memory.view::<[AtomicU32; 4]>(0).is_ok());
    assert_eq!(memory.slice_view::<AtomicU32>(4, 3).unwrap().len(), 3);
    assert_eq!(memory.slice_view::<AtomicU64>(16, 0).unwrap().len(), 0);
    for (offset, len) in [(9, 8), (16, 8), (usize::MAX, 8), (usize::MAX - 7, 8)] {
        assert_eq!(
            memory.view::<AtomicU64>(offset).unwrap_err(),
            ViewError::OutOfBounds {
                name: None,
                offset,
                len,
                mapped: 16
            }
        );
    }
    for (offset, count) in [(0, 3), (8, 2), (0, usize::MAX), (8, 1 << 61)] {
        let error = memory.slice_view::<AtomicU64>(offset, count).unwrap_err();
        assert_matches!(error, ViewError::OutOfBounds { .. });
    }
    let error = memory.read(10, &mut [0; 7]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mapping of anonymous memory: 7 bytes from byte 10 on, it has 16"
    );
    assert!(memory.write(16, b"").is_ok());
    assert!(memory.write(17, b"").is_err());
    assert!(memory.write(usize::MAX, b"xx").is_err());
}

#[test]
fn a_view_must_be_aligned() {
    let memory = Mapping::anonymous(64).unwrap();
    for offset in [1, 2, 4, 7] {
        assert_eq!(
            memory.view::<AtomicU64>(offset).unwrap_err(),
            ViewError::Misaligned {
                name: None,
                offset,
                align: 8
            }
        );
    }
    assert!(memory.view::<AtomicU64>(8).is_ok());
    let error = memory.slice_view::<AtomicU32>(2, 2).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mapping of anonymous memory: byte 2 is not aligned to 4"
    );
}

#[test]
fn a_dropped_mapping_is_unmapped() {
    let name = Name::new();
    let object = name.create(4096);
    let count = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.matches(name.as_str()).count()
    };
    let mapping = Mapping::shared(&object).unwrap();
    assert_eq!(count(), 1);
    drop(mapping);
    assert_eq!(count(), 0);

    let memory = Mapping::anonymous(4096).unwrap();
    let address = memory.as_ptr().addr();
    drop(memory);
    // Another thread may have mapped something else there since; what it is then is not a shared
    // page of zeros.
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let ours = format!("{address:x}-");
    let line = maps.lines().find(|line| line.starts_with(&ours));
    assert!(
        line.is_none_or(|line| !line.contains("/dev/zero")),
        "{line:?}"
    );
}

#[test]
fn mappings_and_objects_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<Mapping>();
    check::<Object>();
}
