//! How an endpoint leaves a bus, and what it does with its seat.

use shm_core::Lock;
use shm_mailbox::{Message, Role};
use test_support::Name;

use super::super::Row;
use super::super::waking::expect_wake_of;
use super::{assert_message, both, form, hold, locked, mask, one, receiver};
use crate::Kit;
use crate::object::{BusImage, PENDING, Raw, Shape, content_of};
use crate::program::Status;
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Receiver,
            "gives its place up, with what it had given back as the floor",
            gives_up,
        ),
        one(Role::Receiver, "keeps a place with a label", keeps),
    ];
    rows.extend(both("forgets its label", forgets));
    rows.extend(both(
        "sweeps a joiner that was killed when it closes",
        sweeps,
    ));
    rows.extend(both("leaves who counts as it is if INIT stays busy", busy));
    rows
}

fn shape() -> Shape {
    Shape::new(2, 3, 4, 2)
}

fn gives_up(kit: &Kit) -> Outcome {
    let name = Name::new();
    let image = BusImage::new(shape()).lane(0, 5, 8).lane(1, 2, 4);
    image.clone().member(1, &[6, 3]).create(&name);
    let held = hold(&name, Role::Receiver, 1);
    let raw = Raw::new(&name);
    // While another member counts, the floor stays.
    let (end, _) = kit.program.attach(Role::Receiver, &name, form());
    let members = raw.load(Shape::MEMBERS);
    assert_eq!(members & 0xFFFF_FFFF, 0b011, "the places that count");
    end.close();
    let expected = ((members >> 32) + 1) << 32 | 0b010;
    assert_eq!(raw.load(Shape::MEMBERS), expected, "`members`");
    let floors = || [0, 1].map(|lane| raw.load(shape().floor(lane)));
    assert_eq!(floors(), [5, 2], "the floor of the two lanes");
    drop(held);

    let name = Name::new();
    image.create(&name);
    let raw = Raw::new(&name);
    let floors = || [0, 1].map(|lane| raw.load(shape().floor(lane)));
    let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
    let mut given_back = [5, 2];
    for _ in 0..3 {
        let crate::program::Shown::Message(lane, number, _) = end.show_of_bus() else {
            panic!("no lane is corrupt");
        };
        given_back[lane as usize] = number + 1;
    }
    end.ack();
    end.show_of_bus();
    let flag = raw.half(shape().parked(Role::Sender, 1));
    expect_wake_of(flag, 1, "when it gives its place up", || end.end_input());
    end.expect(Status::Left);
    assert_eq!(mask(&raw), 0, "the places that count");
    assert_eq!(floors(), given_back, "the floor of the two lanes");
    // The first receiver to join gets what is held for no receiver in particular.
    let mut next = receiver(&name);
    let mut message = Message::new();
    while next.try_recv(&mut message).is_ok() {
        let lane = message.lane();
        assert_message(&message, lane, given_back[lane as usize]);
        given_back[lane as usize] += 1;
    }
    assert_eq!(
        given_back,
        [8, 4],
        "what the next one gets of the two lanes"
    );
    Outcome::Ok
}

fn keeps(kit: &Kit) -> Outcome {
    let name = Name::new();
    BusImage::new(shape()).lane(0, 5, 8).create(&name);
    let raw = Raw::new(&name);
    let (mut end, _) = kit
        .program
        .attach(Role::Receiver, &name, form().labelled("kept"));
    super::expect_shown(&mut end, 0, 5);
    end.ack();
    let members = raw.load(Shape::MEMBERS);
    end.close();
    assert_eq!(raw.load(Shape::MEMBERS), members, "`members`");
    let seat = shape().seat(Role::Receiver, 0);
    let bytes = name.bytes();
    assert_eq!(
        &BusImage::label_in(&bytes, seat)[..5],
        b"kept\0",
        "its label"
    );
    assert_eq!(raw.load(seat), 3, "its `life`");
    assert_eq!(raw.load(shape().count(0, 0)), 6, "its count");
    let (mut end, _) = kit
        .program
        .attach(Role::Receiver, &name, form().labelled("kept"));
    super::expect_shown(&mut end, 0, 6);
    end.kill();
    Outcome::Ok
}

fn forgets(kit: &Kit, role: Role) -> Outcome {
    for command in [None, Some("forget")] {
        let name = Name::new();
        BusImage::new(shape())
            .lane(0, 5, 8)
            .lane(1, 1, 2)
            .member(1, &[5, 1])
            .label(Role::Sender, 0, "mine")
            .label(Role::Receiver, 1, "mine")
            .create(&name);
        let raw = Raw::new(&name);
        let seat = if role == Role::Sender { 0 } else { 1 };
        let label = shape().seat(role, seat) + Shape::LABEL;
        let (mut end, _) = kit.program.attach(role, &name, form().labelled("mine"));
        match command {
            Some(command) => end.tell(command),
            None => end.end_input(),
        }
        end.expect(Status::Left);
        let is_labelled = raw.load(label) != 0;
        assert_eq!(is_labelled, command.is_none(), "whether its label stays");
        let counts = mask(&raw) == 0b010;
        let expected = role == Role::Sender || command.is_none();
        assert_eq!(counts, expected, "whether the place of the label counts");
        assert!(name.exists(), "it unlinked what is queued");
    }
    Outcome::Ok
}

fn sweeps(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let image = BusImage::new(shape()).lane(1, 1, 4);
    let image = image.label(Role::Sender, 1, "another");
    image.create(&name);
    let raw = Raw::new(&name);
    let (mut end, _) = kit.program.attach(role, &name, form());
    if role == Role::Receiver {
        super::expect_shown(&mut end, 1, 1);
        end.ack();
    }
    // A joiner at place 2 is killed in the middle.
    for (lane, count) in [(0, 0), (1, PENDING)] {
        raw.store(shape().count(lane, 2), count);
    }
    raw.store(
        Shape::MEMBERS,
        raw.load(Shape::MEMBERS) + (1 << 32 | 1 << 2),
    );
    end.close();
    // Otherwise the messages of lane 1 would seem to be held for no receiver.
    assert!(name.exists(), "it unlinked the messages of another lane");
    assert_eq!(mask(&raw), 0, "the places that count");
    let expected = if role == Role::Sender { 1 } else { 2 };
    assert_eq!(raw.load(shape().floor(1)), expected, "the floor of lane 1");
    Outcome::Ok
}

fn busy(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    BusImage::new(shape()).create(&name);
    let (mut end, _) = kit.program.attach(role, &name, form());
    if role == Role::Sender {
        end.send(&content_of(0, 0));
    }
    let raw = Raw::new(&name);
    let members = raw.load(Shape::MEMBERS);
    let init = Raw::new(&name);
    assert_eq!(init.object.try_lock(0), Ok(Lock::Taken), "INIT is free");
    end.close();
    assert!(name.exists(), "it unlinked a bus without INIT");
    assert_eq!(raw.load(Shape::MEMBERS), members, "`members`");
    assert_eq!(raw.load(shape().seat(role, 0)), 3, "its `life`");
    assert_eq!(locked(&raw, 4), [0], "the bytes that are locked");
    Outcome::Ok
}
