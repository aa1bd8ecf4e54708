//! Words of a bus that no process writes: the program reports corruption, or continues.

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::{both, expect_shown, form, give, hold, one, sender};
use crate::Kit;
use crate::object::{BusImage, LAST_MESSAGE, Raw, Shape, content_of, stamp, word};
use crate::program::{How, Status, sending};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Sender,
            "finds `members`, counts and a floor that cannot be",
            counts,
        ),
        one(
            Role::Receiver,
            "takes nonsense in `opened`, labels and flags for what it is",
            nonsense,
        ),
    ];
    rows.extend(both("finds its own words changed", own_words));
    rows.extend(both(
        "neither crashes nor hangs, whatever is in any word",
        any_word,
    ));
    rows
}

fn shape() -> Shape {
    Shape::new(2, 3, 4, 2)
}

fn image() -> BusImage {
    BusImage::new(shape())
        .lane(0, 5, 9)
        .member(0, &[5, 0])
        .member(1, &[6, 0])
        .label(Role::Sender, 1, "another")
}

fn counts(kit: &Kit) -> Outcome {
    let next_generation = |raw: &Raw, mask: u64| {
        let generation = raw.load(Shape::MEMBERS) >> 32;
        raw.store(Shape::MEMBERS, (generation + 1) << 32 | mask);
    };
    type Attack<'a> = (&'a str, &'a dyn Fn(&Raw));
    let attacks: [Attack; 6] = [
        ("the slowest count goes back", &|raw| {
            raw.store(shape().count(0, 0), 4)
        }),
        ("another count goes back", &|raw| {
            raw.store(shape().count(0, 1), 4);
            next_generation(raw, 0b011);
        }),
        ("the counts are above the messages", &|raw| {
            raw.store(shape().count(0, 1), 11);
            raw.store(shape().count(0, 0), 10);
        }),
        ("a place that does not exist counts", &|raw| {
            next_generation(raw, 0b1011);
        }),
        ("a floor above the messages", &|raw| {
            raw.store(shape().floor(0), 10);
            next_generation(raw, 0);
        }),
        ("a floor below what was given back", &|raw| {
            raw.store(shape().floor(0), 4);
            next_generation(raw, 0);
        }),
    ];
    for (what, attack) in attacks {
        for how in [How::Block, How::Spin] {
            let name = Name::new();
            image().create(&name);
            let _held = [0, 1].map(|place| hold(&name, Role::Receiver, place));
            let form = form().that(how);
            let (mut end, _) = kit.program.attach(Role::Sender, &name, form);
            end.tell(&sending(&content_of(0, 9)));
            attack(&Raw::new(&name));
            end.expect_what(what, Status::Corrupt);
            assert!(name.exists(), "{what}: it unlinked a corrupt bus");
        }
    }
    Outcome::Ok
}

fn nonsense(kit: &Kit) -> Outcome {
    for opened in [3, 33, u32::MAX] {
        let name = Name::new();
        BusImage::new(shape()).create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
        let mut ours = [sender(&name), sender(&name)];
        let raw = Raw::new(&name);
        raw.store_half(Shape::OPENED, opened);
        for seat in 0..2 {
            for (role, offset) in [
                (Role::Sender, word::PARKED),
                (Role::Sender, word::FENCES),
                (Role::Receiver, word::FENCES),
                (Role::Receiver, word::PID),
            ] {
                raw.store_half(shape().seat(role, seat) + offset, u32::MAX);
            }
            // Not UTF-8, and without a terminating zero.
            let label = shape().seat(Role::Sender, seat) + Shape::LABEL;
            for word in 0..4 {
                raw.store(label + 8 * word, u64::MAX);
            }
        }
        for number in 0..3 {
            for (lane, sender) in (0..).zip(&mut ours) {
                give(sender);
                expect_shown(&mut end, lane, number);
                end.ack();
            }
        }
    }
    Outcome::Ok
}

fn own_words(kit: &Kit, role: Role) -> Outcome {
    let counts = [shape().sent(0), shape().count(1, 2)];
    let count = counts[usize::from(role == Role::Receiver)];
    let life = match role {
        Role::Sender => shape().seat(role, 0),
        Role::Receiver => shape().seat(role, 2),
    };
    for (what, offset) in [("its `life`", life), ("its count", count), ("the magic", 0)] {
        let name = Name::new();
        image().lane(1, 3, 3).create(&name);
        let _held = [0, 1].map(|place| hold(&name, Role::Receiver, place));
        let (mut end, _) = kit.program.attach(role, &name, form());
        end.work(b"?");
        Raw::new(&name).store(offset, 0);
        // A sender compares its count with the others', too; so does a receiver with the sender's.
        end.expect_any(what, &[Status::Truncated, Status::Corrupt]);
    }
    Outcome::Ok
}

/// The words of a bus with their sizes.
fn words() -> Vec<(usize, usize)> {
    let mut words = vec![(word::MAGIC, 8), (Shape::MEMBERS, 8), (Shape::OPENED, 4)];
    words.extend([word::VERSION, word::KIND, word::SLOTS, word::HOT].map(|at| (at, 4)));
    words.extend([(Shape::LANES, 4), (Shape::PLACES, 4)]);
    for role in super::BOTH {
        for seat in 0..shape().seats(role) {
            let start = shape().seat(role, seat);
            words.push((start, 8));
            words.extend((8..24).step_by(4).map(|offset| (start + offset, 4)));
            words.extend([(start + Shape::FLOOR, 8), (start + Shape::LABEL, 8)]);
        }
    }
    for lane in 0..2 {
        words.push((shape().sent(lane), 8));
        words.extend((0..3).map(|place| (shape().count(lane, place), 8)));
        words.extend((0..shape().slots_of_a_lane()).map(|slot| (shape().stamp(lane, slot), 8)));
    }
    words
}

/// All statuses with which the program may answer nonsense.
const POSSIBLE: [Status; 9] = [
    Status::Left,
    Status::Corrupt,
    Status::Truncated,
    Status::Closed,
    Status::Died,
    Status::Unlinked,
    Status::UsedUp,
    Status::HeldBack,
    Status::Taken,
];

fn any_word(kit: &Kit, role: Role) -> Outcome {
    let queued = BusImage::new(shape())
        .lane(0, 5, 7)
        .lane(1, 2, 4)
        .member(0, &[5, 3])
        .label(Role::Receiver, 0, "mine")
        .label(Role::Sender, 0, "mine");
    let name = Name::new();
    queued.create(&name);
    let raw = Raw::new(&name);
    let attacks = words().into_iter().flat_map(|(offset, size)| {
        let now = raw.load(offset & !7);
        let values = [
            0,
            1,
            3,
            now.wrapping_add(1),
            now.wrapping_sub(1),
            u64::MAX,
            !now,
        ];
        let values = values
            .into_iter()
            .chain([LAST_MESSAGE + 1, stamp(8, 8), now | 2047]);
        values
            .map(move |value| (offset, size, value))
            .collect::<Vec<_>>()
    });
    let step = if kit.is_long { 1 } else { 7 };
    for (offset, size, value) in attacks.step_by(step) {
        let name = Name::new();
        queued.create(&name);
        let (mut end, _) = kit.program.attach(role, &name, form().labelled("mine"));
        let raw = Raw::new(&name);
        match size {
            8 => raw.store(offset, value),
            _ => raw.store_half(offset, u32::try_from(value & 0xFFFF_FFFF).expect("32 bits")),
        }
        end.work(&content_of(0, 7));
        if role == Role::Receiver {
            end.tell("ack");
        }
        end.end_input();
        let what = format!("{value:#x} at byte {offset}");
        end.expect_any(&what, &POSSIBLE);
    }
    Outcome::Ok
}
