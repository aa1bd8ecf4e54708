//! Objects that are no finished mailbox of version 1: what is repaired, what is refused and left as
//! it is, and what a finished one looks like byte for byte.

use std::fs;

use shm_mailbox::{AttachError, Message, Wait};

use crate::support::raw::{self, HOT, KIND, SLOTS, VERSION};
use crate::support::{Name, take};

/// Tries both roles on an object of these bytes, which has to stay as it is.
fn refused(bytes: &[u8], expected: impl Fn(&AttachError) -> bool) {
    let name = Name::new();
    name.fill(bytes);
    for result in [
        name.options().sender().map(drop),
        name.options().receiver().map(drop),
        name.options().create(false).receiver().map(drop),
    ] {
        match result {
            Err(error) => assert!(expected(&error), "{error:?}"),
            Ok(()) => panic!("accepted {} bytes", bytes.len()),
        }
        assert!(name.bytes() == bytes, "the object was changed");
    }
}

/// A mailbox of 4 slots with one field of its header changed.
fn with_field(offset: usize, value: u32) -> Vec<u8> {
    let mut image = raw::image(4);
    image[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    image
}

#[test]
fn foreign_objects_are_refused_and_left_as_they_are() {
    let mut text = b"a page of somebody's text".repeat(1000);
    text.truncate(8192);
    let mut late_data = vec![0; 8192];
    late_data[5000] = 1;
    let mut role_data = vec![0; 4096];
    raw::put(&mut role_data, raw::SENT, 1);
    let mut other_magic = raw::image(4);
    other_magic[7] = b'y';
    for bytes in [
        vec![0],
        vec![0; 1024],
        vec![0; 1029],
        vec![0; 4095],
        vec![0; 4097],
        vec![0xFF; 4096],
        text[..100].to_vec(),
        text,
        late_data,
        role_data,
        other_magic,
        raw::image(4)[..640].to_vec(),
        raw::image(4)[..8191].to_vec(),
    ] {
        refused(&bytes, |error| {
            matches!(error, AttachError::NotAMailbox { .. })
        });
    }
}

/// Of a file that is one hole, nothing has to be there; to read it would take hours.
#[test]
fn an_object_larger_than_any_mailbox_is_refused_unread() {
    let name = Name::new();
    name.fill(&[]);
    let file = fs::File::options().write(true).open(name.path());
    let file = file.expect("it was made just now");
    file.set_len(1 << 40).expect("a hole takes no room");
    let result = name.options().sender().map(drop);
    assert!(
        matches!(result, Err(AttachError::NotAMailbox { .. })),
        "{result:?}"
    );
    assert_eq!(fs::metadata(name.path()).unwrap().len(), 1 << 40);
}

#[test]
fn the_lessons_object_is_recognised_and_left_as_it_is() {
    let mut bytes = vec![0; 1028];
    let classic = |error: &AttachError| matches!(error, AttachError::Classic { .. });
    refused(&bytes, classic);
    bytes[..9].copy_from_slice(b"\x01\0\0\0text\n");
    refused(&bytes, classic);
}

#[test]
fn another_version_is_refused_with_expected_and_found() {
    for other in [0, 2, u32::MAX] {
        refused(
            &with_field(VERSION, other),
            |error| matches!(error, AttachError::Version { found, expected: 1, .. } if *found == other),
        );
    }
}

#[test]
fn an_unknown_form_is_refused_with_expected_and_found() {
    let unknown = |offset, value: u32, name: &str, expectation: &str| {
        refused(&with_field(offset, value), |error| match error {
            AttachError::Geometry {
                field,
                found,
                expected,
                ..
            } => *field == name && *found == u64::from(value) && expected.contains(expectation),
            _ => false,
        });
    };
    for kind in [0, 3, u32::MAX] {
        unknown(KIND, kind, "kind", "1 or 2");
    }
    for slots in [0, 3, 5, 65_535, 1 << 17, u32::MAX] {
        unknown(SLOTS, slots, "slots", "a power of two from 1 to 65536");
    }
    for hot in [0, 3, 5, 8, u32::MAX] {
        unknown(HOT, hot, "hot slots", "a power of two from 1 to 4");
    }
}

#[test]
fn an_object_too_small_for_its_slots_is_refused_with_expected_and_found() {
    refused(&raw::image(4)[..4096], |error| match error {
        AttachError::Geometry {
            field: "size",
            found: 4096,
            expected,
            ..
        } => expected == "8192",
        _ => false,
    });
}

#[test]
fn an_object_with_more_pages_than_its_slots_need_is_a_mailbox() {
    let name = Name::new();
    let mut image = raw::image(4);
    image.resize(image.len() + 4096, 0);
    name.fill(&image);
    let (mut sender, mut receiver) = name.pair(4);
    assert_eq!(sender.capacity(), 4);
    assert!(!sender.created());
    sender.send(b"hello").unwrap();
    assert_eq!(take(&mut receiver), (0, b"hello".to_vec()));
}

#[test]
fn memory_of_zeros_that_another_program_has_mapped_stays_its_own() {
    let mut header = raw::image(4);
    header[..8].fill(0);
    for bytes in [
        vec![],
        vec![0; 4096],
        vec![0; 20_480],
        vec![0; 1 << 20],
        header,
    ] {
        refused(&bytes, |error| {
            matches!(error, AttachError::NotAMailbox { .. })
        });
    }
}

#[test]
fn a_mailbox_without_an_identity_is_refused() {
    let mut image = raw::image(4);
    image[raw::ID..raw::ID + 16].fill(0);
    refused(&image, |error| {
        matches!(error, AttachError::Geometry { field: "id", .. })
    });
}

/// Two slots, three messages, the first of them acknowledged, both ends closed: every byte.
#[test]
fn a_mailbox_looks_as_it_is_drawn() {
    let name = Name::new();
    let options = name.options().slots(2);
    let mut sender = options.clone().wait(Wait::Spin).sender().unwrap();
    let mut receiver = options.wait(Wait::Block).receiver().unwrap();
    sender.send(b"hello").unwrap();
    sender.send(b"").unwrap();
    receiver.recv(&mut Message::new()).unwrap();
    sender.send([0xA5; 1024]).unwrap();
    receiver.close().unwrap();
    let id = sender.id();
    sender.keep().unwrap();

    let pid = std::process::id().to_le_bytes();
    let mut expected = vec![0; 4096];
    let mut put = |offset: usize, bytes: &[u8]| {
        expected[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    put(0, b"shm-mbox");
    put(8, &[1, 0, 0, 0]); // version
    put(12, &[1, 0, 0, 0]); // kind
    put(16, &[2, 0, 0, 0]); // slots
    put(20, &[2, 0, 0, 0]); // hot slots
    put(32, id.as_bytes());
    put(128, &[3, 0, 0, 0, 0, 0, 0, 0]); // sent
    put(256, &[3, 0, 0, 0, 0, 0, 0, 0]); // the sender's first life, closed
    put(268, &pid);
    put(272, &[1, 0, 0, 0]); // it never sleeps
    put(276, &[1, 0, 0, 0]); // it asked to keep the object
    put(384, &[1, 0, 0, 0, 0, 0, 0, 0]); // received
    put(512, &[3, 0, 0, 0, 0, 0, 0, 0]); // the receiver's first life, closed
    put(524, &pid);
    put(640, &[0x00, 0x1C, 0, 0, 0, 0, 0, 0]); // message 2: 3 << 11 | 1024
    put(648, &[0xA5; 1024]);
    put(1728, &[0x00, 0x10, 0, 0, 0, 0, 0, 0]); // message 1: 2 << 11 | 0
    let found = fs::read(name.path()).unwrap();
    assert_eq!(found.len(), expected.len());
    for (offset, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "at offset {offset}");
    }
}

#[test]
fn a_mailbox_of_known_bytes_gives_its_messages() {
    let name = Name::new();
    let mut image = raw::image(2);
    raw::put(&mut image, raw::SENT, 7);
    raw::put(&mut image, raw::RECEIVED, 5);
    raw::put(&mut image, raw::stamp_offset(1), 6 << 11 | 3);
    image[1736..1739].copy_from_slice(b"abc");
    raw::put(&mut image, raw::stamp_offset(0), 7 << 11 | 2);
    image[648..650].copy_from_slice(b"de");
    name.fill(&image);
    let mut receiver = name.receiver();
    assert_eq!(receiver.queued(), 2);
    assert_eq!(take(&mut receiver), (5, b"abc".to_vec()));
    assert_eq!(take(&mut receiver), (6, b"de".to_vec()));
    assert_eq!(name.sender().committed(), 7);
}
