//! How an endpoint leaves: what it stores for its peer, and whether the name stays.

use std::sync::atomic::Ordering;

use shm_core::Lock;
use shm_mailbox::{Message, RecvError, Role};
use test_support::{Name, assert_matches};

use super::{Row, both, one, ours};
use crate::Kit;
use crate::object::{Image, Raw, content, word};
use crate::program::{Form, LIMIT, Status};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Sender,
            "closes, keeps and aborts, with messages and without",
            sender,
        ),
        one(
            Role::Sender,
            "tells a waiting receiver how it has left",
            tells_receiver,
        ),
        one(
            Role::Receiver,
            "unlinks an empty mailbox that no sender needs, and no other",
            receiver,
        ),
    ];
    rows.extend(both("leaves the name of another object", another_object));
    rows.extend(both("leaves the name if INIT stays busy", busy));
    rows
}

/// Each way to leave: the command, and whether the program stores that it closed, and that it keeps
/// the object.
const WAYS: [(&str, bool, bool); 3] = [
    ("close", true, false),
    ("keep", true, true),
    ("abort", false, false),
];

fn sender(kit: &Kit) -> Outcome {
    for (way, closes, keeps) in WAYS {
        for queued in [0, 1, 3] {
            let name = Name::new();
            let (mut end, _) = kit.program.attach(Role::Sender, &name, Form::of(4));
            for number in 0..queued {
                assert_eq!(end.send(&content(number)), number);
            }
            let raw = Raw::new(&name);
            let what = format!("{way} with {queued} messages queued");
            match way {
                "close" => end.end_input(),
                command => end.tell(command),
            }
            end.expect_what(&what, Status::Left);
            let stays = queued > 0 || keeps;
            assert_eq!(name.exists(), stays, "{what}: whether the name stays");
            assert_eq!(
                raw.life(Role::Sender) & 1 == 1,
                closes,
                "{what}: its closed bit"
            );
            assert_eq!(
                raw.load_half(word::KEPT),
                u32::from(keeps),
                "{what}: `kept`"
            );
            assert!(name.locked_bytes().is_empty(), "{what}: a lock is left");
            if stays {
                let mut receiver = ours::receiver(&name);
                for number in 0..queued {
                    ours::take(&mut receiver, number);
                }
            }
        }
    }
    Outcome::Ok
}

fn tells_receiver(kit: &Kit) -> Outcome {
    for (way, closes, _) in WAYS {
        let name = Name::new();
        let mut receiver = ours::receiver(&name);
        let (mut end, _) = kit.program.attach(Role::Sender, &name, Form::of(4));
        end.send(&content(0));
        ours::take(&mut receiver, 0);
        match way {
            "close" => end.end_input(),
            command => end.tell(command),
        }
        let told = receiver.recv_timeout(&mut Message::new(), LIMIT);
        match closes {
            true => assert_matches!(told, Err(RecvError::Closed { .. }), "after {}", way),
            false => assert_matches!(told, Err(RecvError::PeerDied { .. }), "after {}", way),
        }
        end.expect_what(way, Status::Left);
    }
    Outcome::Ok
}

/// A mailbox that a receiver finds, and what it does with it.
struct Found {
    what: &'static str,
    /// The last sender's `life`, and whether it asked that the mailbox stay.
    life: u64,
    kept: u32,
    /// Messages: queued, how many of them the receiver shows, and whether it acknowledges those.
    queued: u64,
    shows: u64,
    acknowledges: bool,
    /// Whether there is another message that `sent` does not count.
    uncounted: bool,
    stays: bool,
}

fn receiver(kit: &Kit) -> Outcome {
    let plain = Found {
        what: "no sender, ever",
        life: 0,
        kept: 0,
        queued: 0,
        shows: 0,
        acknowledges: false,
        uncounted: false,
        stays: false,
    };
    let closed = Found {
        what: "a sender has closed",
        life: 3,
        ..plain
    };
    let with = Found {
        what: "messages are queued",
        queued: 2,
        stays: true,
        ..closed
    };
    let cases = [
        Found {
            what: "a sender has kept it",
            kept: 1,
            stays: true,
            ..closed
        },
        Found {
            what: "a sender has died",
            life: 2,
            stays: true,
            ..plain
        },
        Found {
            what: "all messages are acknowledged",
            shows: 2,
            acknowledges: true,
            stays: false,
            ..with
        },
        Found {
            what: "all messages are shown only",
            shows: 2,
            ..with
        },
        Found {
            what: "a message is not counted",
            queued: 0,
            uncounted: true,
            stays: true,
            ..closed
        },
        plain,
        closed,
        with,
    ];
    for found in cases {
        let name = Name::new();
        let mut image = Image::with(4, 2, 5, 5 + found.queued);
        if found.uncounted {
            image.put_message(5 + found.queued, found.queued);
        }
        image.put_life(Role::Sender, found.life);
        image.put_half(word::KEPT, found.kept);
        image.create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, Form::of(4));
        for number in 5..5 + found.shows {
            ours::expect_shown(&mut end, number);
        }
        if found.acknowledges {
            end.ack();
        }
        let raw = Raw::new(&name);
        end.end_input();
        end.expect_what(found.what, Status::Left);
        assert_eq!(
            name.exists(),
            found.stays,
            "{}: whether the name stays",
            found.what
        );
        assert_eq!(raw.life(Role::Receiver), 3, "{}: its `life`", found.what);
    }
    // An attached sender still needs it.
    let name = Name::new();
    let (end, _) = kit.program.attach(Role::Receiver, &name, Form::of(4));
    let sender = ours::sender(&name);
    end.close();
    assert!(
        name.exists(),
        "it unlinked the mailbox of an attached sender"
    );
    sender.close().expect("our sender closes");
    Outcome::Ok
}

fn another_object(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let (end, _) = kit.program.attach(role, &name, Form::of(4));
    name.unlink();
    name.fill(b"another program's");
    end.close();
    assert!(
        name.bytes() == b"another program's",
        "it unlinked another object"
    );
    Outcome::Ok
}

fn busy(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let (end, _) = kit.program.attach(role, &name, Form::of(4));
    let raw = Raw::new(&name);
    raw.parked(role.peer()).store(1, Ordering::SeqCst);
    assert_eq!(raw.object.try_lock(0), Ok(Lock::Taken), "INIT is free");
    end.close();
    assert!(name.exists(), "it unlinked a mailbox without INIT");
    assert_eq!(raw.life(role), 3, "its `life`");
    assert_eq!(name.locked_bytes(), [0], "the bytes that are locked");
    let parked = raw.parked(role.peer()).load(Ordering::SeqCst);
    assert_eq!(parked, 0, "`parked` of its peer, which it has to wake");
    Outcome::Ok
}
