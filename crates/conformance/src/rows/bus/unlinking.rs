//! Whether the name of a bus stays when an endpoint leaves.

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::{form, hold, locked, one};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, lock_byte, word};
use crate::program::{End, Status};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    vec![
        one(
            Role::Sender,
            "unlinks what no lane, no label and no sender needs, and nothing else",
            sender,
        ),
        one(
            Role::Receiver,
            "unlinks what no lane, no label and no end needs, and nothing else",
            receiver,
        ),
    ]
}

fn shape() -> Shape {
    Shape::new(2, 3, 4, 2)
}

/// A bus that the program has to itself, except for what a case says.
struct Case {
    what: &'static str,
    image: BusImage,
    /// The seats that other processes have.
    held: &'static [(Role, u32)],
    command: Option<&'static str>,
    stays: bool,
}

fn plain(what: &'static str, image: BusImage, stays: bool) -> Case {
    Case {
        what,
        image,
        held: &[],
        command: None,
        stays,
    }
}

#[track_caller]
fn judge(kit: &Kit, role: Role, case: &Case, before: impl FnOnce(&mut End)) {
    let what = case.what;
    let name = Name::new();
    case.image.create(&name);
    let held = case.held.iter();
    let _held: Vec<_> = held.map(|(role, seat)| hold(&name, *role, *seat)).collect();
    let (mut end, _) = kit.program.attach(role, &name, form());
    let raw = Raw::new(&name);
    before(&mut end);
    match case.command {
        Some(command) => end.tell(command),
        None => end.end_input(),
    }
    end.expect_what(what, Status::Left);
    assert_eq!(name.exists(), case.stays, "{what}: whether the name stays");
    let seat = shape().seat(role, 0);
    let closes = case.command != Some("abort");
    let has_closed = raw.load(seat) & 1 == 1;
    assert_eq!(has_closed, closes, "{what}: its closed bit");
    let own = lock_byte(role, 0);
    let is_free = !locked(&raw, own).contains(&own);
    assert!(is_free, "{what}: it has left, and its seat is locked");
}

fn sender(kit: &Kit) -> Outcome {
    let empty = || BusImage::new(shape());
    let life = shape().seat(Role::Sender, 1);
    let kept = life + word::KEPT - word::SENDER;
    // An empty lane without a label would be taken first.
    let sent = || {
        let image = empty().lane(0, 5, 8);
        image.label(Role::Sender, 1, "another")
    };
    let received = || sent().member(1, &[8, 0]);
    let cases = [
        plain("nothing was sent", empty(), false),
        plain("all is received", received(), false),
        plain(
            "one has not received all",
            received().member(2, &[7, 0]),
            true,
        ),
        plain("nobody has received all", sent(), true),
        plain(
            "the other lane holds a message",
            empty().lane(1, 2, 3),
            true,
        ),
        plain("the other lane has closed", empty().lane(1, 3, 3), false),
        plain(
            "the other sender has died",
            empty().lane(1, 3, 3).put(life, 2),
            true,
        ),
        plain(
            "the other sender has kept it",
            empty().lane(1, 3, 3).put_half(kept, 1),
            true,
        ),
        plain(
            "a label has received all",
            received().label(Role::Receiver, 1, "kept"),
            true,
        ),
        Case {
            held: &[(Role::Sender, 1)],
            ..plain("another sender is attached", empty(), true)
        },
        Case {
            held: &[(Role::Receiver, 1)],
            ..plain("a receiver is attached, and has all", received(), false)
        },
        Case {
            command: Some("keep"),
            ..plain("it keeps an empty bus", empty(), true)
        },
        Case {
            command: Some("abort"),
            ..plain("it aborts", empty(), false)
        },
    ];
    for case in cases {
        judge(kit, Role::Sender, &case, |_| ());
    }
    Outcome::Ok
}

fn receiver(kit: &Kit) -> Outcome {
    let empty = || BusImage::new(shape());
    let life = shape().seat(Role::Sender, 1);
    let kept = life + word::KEPT - word::SENDER;
    let queued = || empty().lane(0, 5, 7).lane(1, 2, 3);
    let cases = [
        (plain("no sender came", empty(), false), 0, false),
        (
            plain("all senders have closed", empty().lane(0, 5, 5), false),
            0,
            false,
        ),
        (plain("two lanes hold messages", queued(), true), 0, false),
        (plain("it has shown them only", queued(), true), 3, false),
        (plain("it has taken all", queued(), false), 3, true),
        (
            plain(
                "a sender has died",
                empty().lane(1, 3, 3).put(life, 2),
                true,
            ),
            0,
            false,
        ),
        (
            plain(
                "a sender has kept it",
                empty().lane(1, 3, 3).put_half(kept, 1),
                true,
            ),
            0,
            false,
        ),
        (
            plain(
                "a label has received all",
                empty()
                    .lane(0, 5, 5)
                    .member(1, &[5])
                    .label(Role::Receiver, 1, "kept"),
                true,
            ),
            0,
            false,
        ),
        (
            Case {
                held: &[(Role::Sender, 1)],
                ..plain("a sender is attached", empty(), true)
            },
            0,
            false,
        ),
        (
            Case {
                held: &[(Role::Receiver, 1)],
                ..plain(
                    "another receiver is attached",
                    empty().member(1, &[0]),
                    true,
                )
            },
            0,
            false,
        ),
    ];
    for (case, shows, acknowledges) in cases {
        judge(kit, Role::Receiver, &case, |end| {
            for _ in 0..shows {
                end.show_of_bus();
            }
            if acknowledges {
                end.ack();
            }
        });
    }
    let name = Name::new();
    let mut uncounted = empty().lane(0, 5, 5);
    uncounted.put_message(0, 5, 0);
    uncounted.create(&name);
    let (end, _) = kit.program.attach(Role::Receiver, &name, form());
    end.close();
    assert!(name.exists(), "a message is not counted: it unlinked it");
    Outcome::Ok
}
