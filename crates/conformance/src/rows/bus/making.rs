//! What an endpoint makes, what it changes in an existing bus, and what it refuses.

use std::ops::Range;

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::super::attaching::assert_same_but;
use super::{both, form, form_of, hold, locked};
use crate::Kit;
use crate::object::{BusImage, Image, LAST_MESSAGE, Raw, Shape, lock_byte, word};
use crate::program::Status;
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both("makes the object of the page", makes));
    rows.extend(both(
        "changes its own words only when it attaches",
        attaches,
    ));
    rows.extend(both("refuses a mailbox, and seats that cannot be", refuses));
    rows.extend(both(
        "refuses counts and members that cannot be",
        impossible,
    ));
    rows
}

/// `life`, `parked`, pid and `fences` of a seat.
fn words_of(shape: Shape, role: Role, seat: u32) -> Range<usize> {
    let start = shape.seat(role, seat);
    start..start + 20
}

fn makes(kit: &Kit, role: Role) -> Outcome {
    let shapes = [
        (1, 1, 4, 2),
        (2, 3, 4, 2),
        (3, 8, 64, 8),
        (32, 1, 2, 2),
        (1, 32, 1, 1),
    ];
    for (lanes, places, slots, hot) in shapes {
        let shape = Shape::new(lanes, places, slots, hot);
        let name = Name::new();
        let (end, number) = kit.program.attach(role, &name, form_of(shape));
        assert_eq!(number, 0, "the number of its next message");
        let expected = match role {
            Role::Sender => BusImage::new(shape).put_half(Shape::OPENED, 1),
            Role::Receiver => BusImage::new(shape).put(Shape::MEMBERS, 1 << 32 | 1),
        };
        let id = word::ID..word::ID + 16;
        let own = words_of(shape, role, 0);
        assert_same_but(&name.bytes(), &expected.image.bytes, &[id, own]);
        let raw = Raw::new(&name);
        assert_eq!(raw.load(shape.seat(role, 0)), 2, "its `life`");
        let byte = lock_byte(role, 0);
        assert_eq!(locked(&raw, 64), [byte], "the bytes that it has locked");
        end.close();
        assert!(!name.exists(), "it closed an empty bus, and left it");
    }
    Outcome::Ok
}

fn attaches(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(3, 3, 4, 2);
    let name = Name::new();
    // Lane 2 was never taken. Of the places, the first has a label, and the last is attached.
    let mut image = BusImage::new(shape)
        .lane(0, 5, 8)
        .lane(1, 2, 3)
        .member(0, &[6, 2, 0])
        .label(Role::Receiver, 0, "kept")
        .member(2, &[5, 3, 0]);
    for seat in 0..3 {
        image = image.put_half(shape.parked(role.peer(), seat), 1);
    }
    image.create(&name);
    let _held = [hold(&name, Role::Sender, 0), hold(&name, Role::Receiver, 2)];
    let (end, number) = kit.program.attach(role, &name, form());
    let raw = Raw::new(&name);
    let mut expected = image.clone();
    for seat in 0..3 {
        expected = expected.put_half(shape.parked(role.peer(), seat), 0);
    }
    let seat = match role {
        Role::Sender => {
            expected = expected.put_half(Shape::OPENED, 3);
            assert_eq!(number, 0, "the number of its next message");
            2
        }
        Role::Receiver => {
            expected = expected.member(1, &[8, 3, 0]);
            assert_eq!(number, 11, "what it has acknowledged or passed over");
            1
        }
    };
    let own = words_of(shape, role, seat);
    assert_same_but(&raw.bytes(), &expected.image.bytes, &[own]);
    assert_eq!(raw.load(shape.seat(role, seat)), 2, "its `life`");
    end.close();
    Outcome::Ok
}

fn refuses(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 3, 4, 2);
    let whole = BusImage::new(shape);
    let with = |offset, value| whole.clone().put_half(offset, value).image;
    let mut short = whole.image.clone();
    short.bytes.truncate(shape.size() - 4096);
    let images = [
        ("a mailbox", Image::new(4, 2)),
        ("kind 3", with(word::KIND, 3)),
        ("0 lanes", with(Shape::LANES, 0)),
        ("33 lanes", with(Shape::LANES, 33)),
        ("0 places", with(Shape::PLACES, 0)),
        ("33 places", with(Shape::PLACES, 33)),
        ("131,072 slots in all lanes", with(word::SLOTS, 65_536)),
        ("3 slots", with(word::SLOTS, 3)),
        ("fewer pages than slots", short),
    ];
    for (what, image) in images {
        let name = Name::new();
        image.create(&name);
        let mut end = kit.program.start(role, &name, form());
        end.expect_what(what, Status::Refused);
        assert!(name.exists(), "{what}: it unlinked the object");
        assert!(name.bytes() == image.bytes, "{what}: it changed the object");
        assert!(
            locked(&Raw::new(&name), 64).is_empty(),
            "{what}: a lock is left"
        );
    }
    Outcome::Ok
}

fn impossible(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 3, 4, 2);
    let whole = BusImage::new(shape).lane(0, 5, 6).lane(1, 2, 3);
    let too_high = LAST_MESSAGE + 2;
    let alone = |count| whole.clone().member(1, &[count, 3]);
    let mut images = vec![
        (
            "a place that does not exist counts",
            whole.clone().put(Shape::MEMBERS, 1 << 3),
        ),
        (
            "`sent` above 2^53 - 1",
            whole.clone().put(shape.sent(0), too_high),
        ),
    ];
    match role {
        Role::Sender => images.extend([
            ("a count above `sent`", alone(7)),
            ("a count more than N below `sent`", alone(1)),
            ("`floor` above `sent`", whole.clone().put(shape.floor(0), 7)),
        ]),
        Role::Receiver => images.extend([
            (
                "`floor` above 2^53 - 1",
                whole.clone().put(shape.floor(1), too_high),
            ),
            ("a member's count above 2^53 - 1", alone(too_high)),
        ]),
    }
    // A count is read if its place is not dropped.
    let images = images.into_iter();
    let images = images.map(|(what, image)| (what, image.label(Role::Receiver, 1, "kept")));
    for (what, image) in images {
        let name = Name::new();
        image.create(&name);
        // Lane 0 holds a message, so lane 1 is held to leave only lane 0 free.
        let _held = hold(&name, Role::Sender, 1);
        let mut end = kit.program.start(role, &name, form());
        end.expect_what(what, Status::Corrupt);
        assert!(name.exists(), "{what}: it unlinked a corrupt bus");
    }
    Outcome::Ok
}
