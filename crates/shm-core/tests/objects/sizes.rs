//! Sizes up and down, and what becomes of mappings that are there.

use shm_core::{Mapping, ObjectOptions, ResizeError};
use test_support::{Name, assert_matches};

/// The page size of x86-64; on aarch64 it may be 16 or 64 KiB, so the tests use 64 KiB.
const PAGE: u64 = 64 << 10;
const PAGE_LEN: usize = 64 << 10;

#[test]
fn an_object_grows_and_shrinks() {
    let name = Name::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    for size in [1, 3 * PAGE, 100, 0, PAGE] {
        object.set_size(size).unwrap();
        assert_eq!(object.size().unwrap(), size);
    }
}

#[test]
fn set_size_takes_no_memory_and_reserve_takes_all() {
    let name = Name::new();
    let object = ObjectOptions::new().create_new(&name).unwrap();
    object.set_size(10 << 20).unwrap();
    assert_eq!(object.status().unwrap().allocated, 0);
    // More than one piece.
    object.reserve(10 << 20).unwrap();
    assert_eq!(object.status().unwrap().allocated, 10 << 20);
}

#[test]
fn reserve_grows_but_never_shrinks_and_keeps_what_is_there() {
    let name = Name::new();
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
    let name = Name::new();
    let _object = name.create(1);
    let reader = name.open_read_only();
    assert!(matches!(
        reader.set_size(2),
        Err(ResizeError::ReadOnly { .. })
    ));
    let error = reader.reserve(2).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "object \"{}\" was opened read-only, so its size cannot be changed",
            *name
        )
    );
    assert_eq!(reader.size().unwrap(), 1);
}

#[test]
fn a_size_that_no_file_has_is_too_large() {
    let name = Name::new();
    let object = name.create(1);
    for size in [u64::MAX, 1 << 63] {
        for error in [object.set_size(size), object.reserve(size)] {
            let error = error.unwrap_err();
            assert_matches!(error, ResizeError::TooLarge { requested, .. } if requested == size);
        }
    }
    assert_eq!(object.size().unwrap(), 1);
}

#[test]
fn a_mapping_keeps_its_length_when_the_object_grows() {
    let name = Name::new();
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
fn what_is_cut_off_within_the_last_page_reads_as_zeros() {
    let name = Name::new();
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
