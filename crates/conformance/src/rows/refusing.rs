//! Objects that are not mailboxes of version 1, or must not be used. The program refuses them, and
//! leaves them as they are.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};

use shm_mailbox::Role;
use test_support::{NOBODY, Name};

use super::{Row, both};
use crate::Kit;
use crate::object::{BusImage, Image, Shape, word};
use crate::program::{Form, Status};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both(
        "refuses what is no mailbox, and leaves it as it is",
        foreign,
    ));
    rows.extend(both("refuses what is no file", no_file));
    rows.extend(both("refuses what others may write to, or own", others));
    rows
}

/// Objects of bytes, each with what is wrong with it.
fn images() -> Vec<(&'static str, Vec<u8>)> {
    let whole = Image::new(4, 2);
    let with = |change: &dyn Fn(&mut Image)| {
        let mut image = whole.clone();
        change(&mut image);
        image.bytes
    };
    let size = whole.bytes.len();
    vec![
        ("an empty object", Vec::new()),
        ("zeros", vec![0; 8192]),
        ("an object of 1028 bytes", vec![0; 1028]),
        (
            "no whole pages",
            with(&|image| image.bytes.truncate(size - 1)),
        ),
        ("another magic", with(&|image| image.bytes[7] = b'y')),
        ("version 0", with(&|image| image.put_half(word::VERSION, 0))),
        ("version 2", with(&|image| image.put_half(word::VERSION, 2))),
        ("kind 2", with(&|image| image.put_half(word::KIND, 2))),
        ("kind 3", with(&|image| image.put_half(word::KIND, 3))),
        (
            "a bus of one lane and one place",
            BusImage::new(Shape::new(1, 1, 4, 2)).image.bytes,
        ),
        ("0 slots", with(&|image| image.put_half(word::SLOTS, 0))),
        ("3 slots", with(&|image| image.put_half(word::SLOTS, 3))),
        (
            "131,072 slots",
            with(&|image| image.put_half(word::SLOTS, 131_072)),
        ),
        ("0 hot slots", with(&|image| image.put_half(word::HOT, 0))),
        ("3 hot slots", with(&|image| image.put_half(word::HOT, 3))),
        (
            "more hot slots than slots",
            with(&|image| image.put_half(word::HOT, 8)),
        ),
        (
            "fewer pages than slots",
            with(&|image| image.bytes.truncate(size - 4096)),
        ),
        (
            "an id of zeros",
            with(&|image| image.bytes[word::ID..word::ID + 16].fill(0)),
        ),
    ]
}

fn foreign(kit: &Kit, role: Role) -> Outcome {
    for (what, bytes) in images() {
        let name = Name::new();
        let mut image = Image::new(1, 1);
        image.bytes = bytes;
        image.create(&name);
        kit.program
            .start(role, &name, Form::of(4))
            .expect_what(what, Status::Refused);
        assert!(name.exists(), "{what}: it unlinked the object");
        assert!(name.bytes() == image.bytes, "{what}: it changed the object");
        assert!(name.locked_bytes().is_empty(), "{what}: a lock is left");
    }
    Outcome::Ok
}

fn no_file(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    fs::create_dir(name.path()).expect("a new folder");
    kit.program
        .start(role, &name, Form::of(4))
        .expect_what("a folder", Status::Refused);
    assert!(name.exists(), "a folder: it removed it");
    let name = Name::new();
    name.make_fifo();
    kit.program
        .start(role, &name, Form::of(4))
        .expect_what("a FIFO", Status::Refused);
    assert!(name.exists(), "a FIFO: it removed it");
    Outcome::Ok
}

fn others(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let image = Image::new(4, 2);
    image.create(&name);
    let mode = fs::Permissions::from_mode(0o606);
    fs::set_permissions(name.path(), mode).expect("our own file");
    kit.program
        .start(role, &name, Form::of(4))
        .expect_what("an object that others may write to", Status::Refused);
    assert!(
        name.bytes() == image.bytes,
        "it changed what others may write to"
    );

    let name = Name::new();
    image.create(&name);
    if chown(name.path(), Some(NOBODY), None).is_ok() {
        kit.program
            .start(role, &name, Form::of(4))
            .expect_what("an object of another user", Status::Refused);
        assert!(
            name.bytes() == image.bytes,
            "it changed what is another user's"
        );
    }
    Outcome::Ok
}
