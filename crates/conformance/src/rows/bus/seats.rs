//! Which lane or place an endpoint takes, and labels.

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::{both, form, hold, locked, mask, one};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, lock_byte};
use crate::program::Status;
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Sender,
            "takes a lane that is free, unlabelled and empty, or at least free",
            lanes,
        ),
        one(
            Role::Receiver,
            "takes the first place that does not count, when the dead are dropped",
            places,
        ),
    ];
    rows.extend(both("comes back to the seat of its label", resumes));
    rows.extend(both("writes its label on a seat that has none", labels));
    rows.extend(both("gives up if its label, or each seat, is taken", taken));
    rows
}

/// The seat that the program has taken besides these.
#[track_caller]
fn seat_of(name: &Name, role: Role, others: &[u32]) -> u32 {
    let others = others.iter().map(|seat| lock_byte(role, *seat));
    let others: Vec<_> = others.collect();
    let mut locked = locked(&Raw::new(name), lock_byte(role, 4));
    locked.retain(|byte| !others.contains(byte));
    assert_eq!(locked.len(), 1, "the bytes that it has locked: {locked:?}");
    u32::try_from((locked[0] - lock_byte(role, 0)) / 2).expect("a seat")
}

fn lanes(kit: &Kit) -> Outcome {
    let shape = Shape::new(4, 1, 4, 2);
    let image = BusImage::new(shape)
        .lane(0, 0, 0)
        .lane(1, 0, 0)
        .label(Role::Sender, 1, "another's")
        .lane(2, 5, 7);
    let cases = [
        (image.clone(), 3, 0),
        // The old messages stay in order before the new ones.
        (image.clone().lane(3, 1, 2), 2, 7),
        (image.lane(2, 7, 7).lane(3, 1, 2), 2, 7),
    ];
    for (image, expected, next) in cases {
        let name = Name::new();
        image.create(&name);
        let _held = hold(&name, Role::Sender, 0);
        let (end, number) = kit.program.attach(Role::Sender, &name, form());
        assert_eq!(seat_of(&name, Role::Sender, &[0]), expected, "its lane");
        assert_eq!(number, next, "the number of its next message");
        end.kill();
    }
    Outcome::Ok
}

fn places(kit: &Kit) -> Outcome {
    let shape = Shape::new(1, 4, 4, 2);
    let image = BusImage::new(shape).lane(0, 5, 7);
    let all = |image: BusImage| {
        let image = image.member(0, &[6]).label(Role::Receiver, 0, "kept");
        image.member(1, &[5]).member(3, &[5])
    };
    let cases = [
        // Dead members without a label are dropped, also after a free place.
        (all(image.clone()), &[1_u32][..], 2, 0b0111),
        (all(image.clone()).member(2, &[5]), &[1, 2], 3, 0b1111),
        (all(image.clone()), &[1, 3], 2, 0b1111),
        (image, &[], 0, 0b0001),
    ];
    for (image, held, expected, members) in cases {
        let name = Name::new();
        image.create(&name);
        let _held: Vec<_> = held
            .iter()
            .map(|place| hold(&name, Role::Receiver, *place))
            .collect();
        let (end, _) = kit.program.attach(Role::Receiver, &name, form());
        let place = seat_of(&name, Role::Receiver, held);
        assert_eq!(place, expected, "its place");
        assert_eq!(mask(&Raw::new(&name)), members, "the places that count");
        end.kill();
    }
    Outcome::Ok
}

fn resumes(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 3, 4, 2);
    let name = Name::new();
    // No `opened`: a sender was killed before it stored that, and must be found anyway.
    BusImage::new(shape)
        .lane(0, 0, 0)
        .lane(1, 4, 6)
        .put_half(Shape::OPENED, 0)
        .member(1, &[0, 5])
        .label(Role::Sender, 1, "billing")
        .label(Role::Receiver, 1, "billing")
        .create(&name);
    let raw = Raw::new(&name);
    let before = raw.load(Shape::MEMBERS);
    let (end, number) = kit.program.attach(role, &name, form().labelled("billing"));
    assert_eq!(seat_of(&name, role, &[]), 1, "the seat of its label");
    let expected = if role == Role::Sender { 6 } else { 5 };
    assert_eq!(number, expected, "where it resumes");
    assert_eq!(raw.load(Shape::MEMBERS), before, "`members`");
    if role == Role::Sender {
        assert_eq!(raw.load_half(Shape::OPENED), 2, "`opened`");
    }
    end.kill();
    // Only this seat is taken again.
    let (end, number) = kit.program.attach(role, &name, form().labelled("billing"));
    assert_eq!(seat_of(&name, role, &[]), 1, "the seat of its label");
    assert_eq!(number, expected, "where it resumes");
    end.close();
    Outcome::Ok
}

fn labels(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 2, 4, 2);
    // The longest label, and the label of a place that is no longer a member.
    for label in ["x", "billing", "a label of thirty-one bytes ...", "old"] {
        let name = Name::new();
        BusImage::new(shape)
            .label(Role::Receiver, 0, "old label of another, and long")
            .label(Role::Receiver, 1, "old")
            .create(&name);
        let (end, _) = kit.program.attach(role, &name, form().labelled(label));
        assert_eq!(seat_of(&name, role, &[]), 0, "its seat");
        let bytes = name.bytes();
        let found = BusImage::label_in(&bytes, shape.seat(role, 0));
        let mut expected = [0; 32];
        expected[..label.len()].copy_from_slice(label.as_bytes());
        assert_eq!(found, expected, "the 32 bytes of its label");
        end.kill();
    }
    let name = Name::new();
    let (end, _) = kit.program.attach(role, &name, form());
    let bytes = name.bytes();
    let found = BusImage::label_in(&bytes, Shape::new(1, 1, 4, 4).seat(role, 0));
    assert_eq!(found, [0; 32], "the label of an end without one");
    end.close();
    Outcome::Ok
}

fn taken(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 2, 4, 2);
    let mut image = BusImage::new(shape).lane(0, 0, 0).lane(1, 0, 0);
    if role == Role::Receiver {
        image = image.member(0, &[0, 0]).member(1, &[0, 0]);
    }
    let image = image.label(role, 1, "billing");
    let name = Name::new();
    image.create(&name);
    let _held = hold(&name, role, 0);
    // The other seat is kept for another label.
    for label in [None, Some("another")] {
        let form = match label {
            Some(label) => form().labelled(label),
            None => form(),
        };
        let mut end = kit.program.start(role, &name, form);
        end.expect_what("each seat is taken or labelled", Status::Taken);
    }
    let other = hold(&name, role, 1);
    let mut end = kit.program.start(role, &name, form().labelled("billing"));
    end.expect_what("its label is taken", Status::Taken);
    drop(other);
    assert!(name.bytes() == image.image.bytes, "it changed the bus");
    Outcome::Ok
}
