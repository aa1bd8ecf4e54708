//! Where a receiver begins, and which members an attaching endpoint drops.

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::{both, expect_shown, form, give, hold, mask, one, sender};
use crate::Kit;
use crate::object::{BusImage, PENDING, Raw, Shape};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Receiver,
            "joins at the next message, or at the oldest that is held",
            joins,
        ),
        one(
            Role::Receiver,
            "joins at the floor if nobody else counts",
            joins_alone,
        ),
        one(
            Role::Receiver,
            "drops all of the dead at once, and keeps their floor",
            drops,
        ),
    ];
    rows.extend(both("sweeps a joiner that was killed", sweeps));
    rows
}

/// What the places that count hold of two lanes, in which messages up to 9 and up to 3 were sent.
const HELD: [u64; 2] = [7, 2];
const SENT: [u64; 2] = [9, 3];

fn joins(kit: &Kit) -> Outcome {
    let shape = Shape::new(2, 4, 4, 2);
    for (form, expected) in [(form(), SENT), (form().oldest(), HELD)] {
        let name = Name::new();
        BusImage::new(shape)
            .lane(0, 5, SENT[0])
            .lane(1, 1, SENT[1])
            // A different place is the slowest in each lane.
            .member(0, &[HELD[0], 3])
            .member(3, &[8, HELD[1]])
            .label(Role::Receiver, 3, "kept")
            // The contents of a free place do not matter.
            .put(shape.count(0, 1), 6)
            .put(shape.count(1, 1), 1)
            .create(&name);
        let _held = hold(&name, Role::Receiver, 0);
        let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
        let raw = Raw::new(&name);
        let counts = [0, 1].map(|lane| raw.load(shape.count(lane, 1)));
        assert_eq!(counts, expected, "its positions in the two lanes");
        assert_eq!(number, expected.iter().sum(), "what it passed over in all");
        for lane in [0, 1] {
            let mut number = expected[lane as usize];
            while number < SENT[lane as usize] {
                expect_shown(&mut end, lane, number);
                number += 1;
            }
        }
        let mut first = sender(&name);
        let lane = first.lane();
        give(&mut first);
        expect_shown(&mut end, lane, SENT[lane as usize]);
        end.close();
    }
    Outcome::Ok
}

fn joins_alone(kit: &Kit) -> Outcome {
    let shape = Shape::new(2, 2, 4, 2);
    for form in [form(), form().oldest()] {
        let name = Name::new();
        BusImage::new(shape)
            .lane(0, 5, 8)
            .lane(1, 2, 3)
            .put(shape.count(0, 0), 6)
            .put(shape.count(0, 1), 7)
            .create(&name);
        let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
        assert_eq!(number, 7, "what it passed over in all");
        for (lane, number) in [(0, 5), (0, 6), (0, 7), (1, 2)] {
            expect_shown(&mut end, lane, number);
        }
        assert_eq!(end.ack(), 11, "what it has acknowledged or passed over");
        end.close();
        assert!(!name.exists(), "it has taken all, and left the object");
    }
    Outcome::Ok
}

fn drops(kit: &Kit) -> Outcome {
    let shape = Shape::new(2, 4, 4, 2);
    let name = Name::new();
    BusImage::new(shape)
        .lane(0, 5, 8)
        .lane(1, 2, 3)
        .member(0, &[7, 2])
        .member(1, &[6, 3])
        .member(3, &[PENDING, 1])
        .create(&name);
    let (end, number) = kit.program.attach(Role::Receiver, &name, form());
    let raw = Raw::new(&name);
    assert_eq!(mask(&raw), 1, "the places that count");
    // The joiner's place has a position in lane 1 already, and none in lane 0.
    let floors = [0, 1].map(|lane| raw.load(shape.floor(lane)));
    assert!(
        floors == [6, 2] || floors == [6, 1],
        "what the dead have given back: {floors:?}"
    );
    assert_eq!(
        number,
        floors.iter().sum(),
        "its positions, which are these"
    );
    end.close();
    Outcome::Ok
}

fn sweeps(kit: &Kit, role: Role) -> Outcome {
    let shape = Shape::new(2, 4, 4, 2);
    for label in ["", "kept"] {
        let name = Name::new();
        BusImage::new(shape)
            .lane(0, 5, 8)
            .lane(1, 2, 3)
            .member(0, &[6, 2])
            .member(3, &[8, PENDING])
            .label(Role::Receiver, 3, label)
            .create(&name);
        let _held = hold(&name, Role::Receiver, 0);
        // An endpoint that attaches with this label does not get the joiner's place.
        let form = match label {
            "" => form(),
            label => form().labelled(label),
        };
        let (end, _) = kit.program.attach(role, &name, form);
        let raw = Raw::new(&name);
        let expected = if role == Role::Receiver {
            0b0011
        } else {
            0b0001
        };
        assert_eq!(mask(&raw), expected, "the places that count");
        if role == Role::Receiver {
            let counts = [0, 1].map(|lane| raw.load(shape.count(lane, 1)));
            assert_eq!(counts, [8, 3], "its positions in the two lanes");
        }
        end.kill();
    }
    Outcome::Ok
}
