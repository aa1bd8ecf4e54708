//! A sender and the members: which of them it holds messages for, and which it wakes.

use std::thread;

use shm_mailbox::Role;
use test_support::{Child, Name};

use super::super::Row;
use super::super::ours::SOME_CHECKS;
use super::super::waking::{expect_ring_of, expect_wake_of};
use super::{form, generation, hold, locked, mask, one, options, receiver, take};
use crate::Kit;
use crate::object::{BusImage, PENDING, Raw, Shape, content_of};
use crate::program::{End, How, Status, sending};
use crate::report::Outcome;

const SLOTS: u64 = 4;

pub(super) fn rows() -> Vec<Row> {
    let one = |what, run| one(Role::Sender, what, run);
    vec![
        one("fills its lane for the slowest of its receivers", slowest),
        one("holds messages for nobody in particular", nobody),
        one("does not count a receiver while it joins", pending),
        one("drops the dead that hold it back", dead),
        one("waits for a receiver that is stopped", stopped),
        one("says which absent label holds it back", held_back),
        one("says that all of its receivers have left", all_left),
        one("wakes and rings each member that sleeps", wakes),
        one("wakes all when it attaches and when it closes", wakes_all),
    ]
}

fn shape() -> Shape {
    Shape::new(2, 3, 4, 2)
}

/// A bus whose first lane holds messages from `floor` to `sent`, and whose second belongs to
/// another process.
fn image_of(floor: u64, sent: u64) -> BusImage {
    let image = BusImage::new(shape()).lane(0, floor, sent);
    image.label(Role::Sender, 1, "another")
}

/// The same bus with a full lane.
fn image(floor: u64) -> BusImage {
    image_of(floor, floor + SLOTS)
}

/// The program's sender of lane 0.
#[track_caller]
fn attach(kit: &Kit, name: &Name, next: u64, how: How) -> End {
    let (end, number) = kit.program.attach(Role::Sender, name, form().that(how));
    assert_eq!(number, next, "the number of its next message");
    end
}

/// Lets it send a message without room.
fn push(end: &mut End, number: u64) {
    end.tell(&sending(&content_of(0, number)));
}

/// Checks that it sends nothing for some check intervals.
#[track_caller]
fn expect_wait(end: &mut End) {
    thread::sleep(SOME_CHECKS);
    end.expect_silence();
}

fn slowest(kit: &Kit) -> Outcome {
    let name = Name::new();
    image_of(5, 8)
        .member(0, &[8])
        .member(1, &[6])
        .member(2, &[7])
        .create(&name);
    let _held = [0, 1, 2].map(|place| hold(&name, Role::Receiver, place));
    let raw = Raw::new(&name);
    let mut end = attach(kit, &name, 8, How::Block);
    let mut next = 8;
    let slowest = || {
        let counts = (0..3).map(|place| raw.load(shape().count(0, place)));
        counts.min().expect("three places")
    };
    for (place, count) in [(0, 8), (1, 9), (2, 12), (0, 13), (1, 11)] {
        raw.store(shape().count(0, place), count.min(next));
        let point = slowest();
        while next < point + SLOTS {
            assert_eq!(end.send(&content_of(0, next)), next);
            next += 1;
        }
        push(&mut end, next);
        expect_wait(&mut end);
        for place in 0..3 {
            let count = raw.load(shape().count(0, place));
            raw.store(shape().count(0, place), count.max(point + 1));
        }
        assert_eq!(end.sent(), next, "the number of a message");
        next += 1;
    }
    Outcome::Ok
}

fn nobody(kit: &Kit) -> Outcome {
    let name = Name::new();
    image_of(5, 7).create(&name);
    let mut end = attach(kit, &name, 7, How::Block);
    for number in 7..9 {
        assert_eq!(end.send(&content_of(0, number)), number);
    }
    push(&mut end, 9);
    expect_wait(&mut end);
    let mut first = receiver(&name);
    for number in 5..10 {
        take(&mut first, 0, number);
    }
    assert_eq!(end.sent(), 9);
    Outcome::Ok
}

fn pending(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        let name = Name::new();
        image(5).member(0, &[5]).create(&name);
        let _held = [0, 2].map(|place| hold(&name, Role::Receiver, place));
        let raw = Raw::new(&name);
        let mut end = attach(kit, &name, 9, how);
        // A process joins at place 2, and is stopped in the middle.
        raw.store(shape().count(0, 2), PENDING);
        raw.store(shape().count(1, 2), 0);
        raw.store(
            Shape::MEMBERS,
            raw.load(Shape::MEMBERS) + (1 << 32 | 1 << 2),
        );
        raw.store(shape().count(0, 0), 9);
        push(&mut end, 9);
        expect_wait(&mut end);
        assert_eq!(mask(&raw), 0b101, "the places that count");
        raw.store(shape().count(0, 2), 5);
        expect_wait(&mut end);
        raw.store(shape().count(0, 2), 6);
        assert_eq!(end.sent(), 9);
    }
    Outcome::Ok
}

fn dead(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        for (what, image) in [
            ("one without a label", image(5).member(1, &[5])),
            (
                "one that was killed while it joined",
                image(5).member(1, &[PENDING, 0]),
            ),
            (
                "one with a label that was killed while it joined",
                image(5)
                    .member(1, &[PENDING])
                    .label(Role::Receiver, 1, "new"),
            ),
        ] {
            // It dies after the program has attached, so that only a sender without room finds it.
            let name = Name::new();
            image.member(0, &[5]).create(&name);
            let _held = hold(&name, Role::Receiver, 0);
            let raw = Raw::new(&name);
            let members = raw.load(Shape::MEMBERS);
            raw.store(Shape::MEMBERS, 1 << 32 | 1);
            let mut end = attach(kit, &name, 9, how);
            raw.store(Shape::MEMBERS, members);
            raw.store(shape().count(0, 0), 6);
            push(&mut end, 9);
            assert_eq!(end.sent(), 9, "{what}: the number of a message");
            assert_eq!(mask(&raw), 1, "{what}: the places that count");
            let after = generation(&raw);
            assert_eq!(after, (members >> 32) + 1, "{what}: the generation");
            push(&mut end, 10);
            expect_wait(&mut end);
        }
    }
    Outcome::Ok
}

fn stopped(kit: &Kit) -> Outcome {
    let name = Name::new();
    BusImage::new(shape()).lane(0, 5, 5).create(&name);
    let mut quick = receiver(&name);
    let slow = fork_receiver(&name);
    let mut end = attach(kit, &name, 5, How::Block);
    slow.stop();
    for number in 5..9 {
        assert_eq!(end.send(&content_of(0, number)), number);
        take(&mut quick, 0, number);
    }
    push(&mut end, 9);
    expect_wait(&mut end);
    assert_eq!(mask(&Raw::new(&name)), 0b011, "the places that count");
    slow.kill();
    assert_eq!(end.sent(), 9);
    take(&mut quick, 0, 9);
    Outcome::Ok
}

/// One of our receivers in another process, which does nothing once it is attached.
fn fork_receiver(name: &Name) -> Child {
    let before = mask(&Raw::new(name));
    let child = Child::fork(|| {
        let _receiver = receiver(name);
        loop {
            thread::park();
        }
    });
    let raw = Raw::new(name);
    while mask(&raw) == before || locked(&raw, 0) == [0] {
        thread::yield_now();
    }
    child
}

fn held_back(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        let name = Name::new();
        image(5)
            .member(0, &[7])
            .member(1, &[5])
            .label(Role::Receiver, 1, "kept")
            .create(&name);
        let held = hold(&name, Role::Receiver, 0);
        let raw = Raw::new(&name);
        let members = raw.load(Shape::MEMBERS);
        let mut end = attach(kit, &name, 9, how);
        push(&mut end, 9);
        end.expect_what("an absent label holds it back", Status::HeldBack);
        assert_eq!(raw.load(Shape::MEMBERS), members, "`members`");
        drop(held);
        // With no receiver attached, it waits for one.
        let mut end = attach(kit, &name, 9, how);
        push(&mut end, 9);
        expect_wait(&mut end);
        let kept = options(&name).label("kept").receiver();
        let mut kept = kept.expect("our receiver attaches");
        take(&mut kept, 0, 5);
        assert_eq!(end.sent(), 9);
    }
    Outcome::Ok
}

fn all_left(kit: &Kit) -> Outcome {
    for is_any_dead in [false, true] {
        let name = Name::new();
        BusImage::new(shape()).lane(0, 5, 5).create(&name);
        let mut end = attach(kit, &name, 5, How::Block);
        let closing = receiver(&name);
        let other = fork_receiver(&name);
        for number in 5..9 {
            assert_eq!(end.send(&content_of(0, number)), number);
        }
        push(&mut end, 9);
        closing.close().expect("our receiver closes");
        expect_wait(&mut end);
        if !is_any_dead {
            // As if the other had closed as well.
            let raw = Raw::new(&name);
            let life = shape().seat(Role::Receiver, 1);
            raw.store(life, raw.load(life) | 1);
        }
        other.kill();
        let expected = if is_any_dead {
            Status::Died
        } else {
            Status::Closed
        };
        end.expect_what("all of its receivers have left", expected);
        assert!(name.exists(), "it unlinked what is queued");
    }
    Outcome::Ok
}

fn wakes(kit: &Kit) -> Outcome {
    for fences in [0, 1] {
        let name = Name::new();
        let mut image = BusImage::new(shape())
            .lane(0, 5, 5)
            .member(0, &[5])
            .member(2, &[5]);
        for place in 0..3 {
            let seat = shape().seat(Role::Receiver, place);
            image = image.put_half(seat + crate::object::word::FENCES, fences);
        }
        image.create(&name);
        let _held = [0, 2].map(|place| hold(&name, Role::Receiver, place));
        let raw = Raw::new(&name);
        let mut end = attach(kit, &name, 5, How::Block);
        let flag = |place| raw.half(shape().parked(Role::Receiver, place));
        for place in [0, 2] {
            expect_wake_of(flag(place), 1, "after it has sent", || {
                end.send(b"1");
            });
            raw.store(shape().count(0, 0), raw.load(shape().sent(0)));
            raw.store(shape().count(0, 2), raw.load(shape().sent(0)));
            expect_ring_of(&raw, flag(place), "after it has sent", || {
                end.send(b"2");
            });
        }
    }
    Outcome::Ok
}

fn wakes_all(kit: &Kit) -> Outcome {
    for place in 0..3 {
        let name = Name::new();
        BusImage::new(shape()).lane(0, 5, 5).create(&name);
        let raw = Raw::new(&name);
        let flag = raw.half(shape().parked(Role::Receiver, place));
        let mut attached = None;
        expect_wake_of(flag, 1, "when it attaches", || {
            attached = Some(attach(kit, &name, 5, How::Block));
        });
        let mut end = attached.expect("it has attached");
        expect_wake_of(flag, 0, "when it closes", || end.end_input());
        end.expect(Status::Left);
    }
    // A sender that drops the dead makes room for other senders, which sleep. The receiver at place
    // 1 attaches and dies once the program is attached.
    let name = Name::new();
    image(5).lane(1, 1, 5).member(0, &[5, 5]).create(&name);
    let _held = [hold(&name, Role::Receiver, 0), hold(&name, Role::Sender, 1)];
    let raw = Raw::new(&name);
    let mut end = attach(kit, &name, 9, How::Block);
    raw.store(shape().count(0, 1), 5);
    raw.store(shape().count(1, 1), 1);
    raw.store(Shape::MEMBERS, raw.load(Shape::MEMBERS) + (1 << 32 | 0b10));
    raw.store(shape().count(0, 0), 9);
    let flag = raw.half(shape().parked(Role::Sender, 1));
    expect_wake_of(flag, 1, "when it has dropped the dead", || {
        push(&mut end, 9)
    });
    assert_eq!(end.sent(), 9);
    Outcome::Ok
}
