//! Messages pass in order and whole, for every number of slots, and no more than fit.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, Role, SendError};
use test_support::{Name, assert_matches};

use super::{BOTH, Row, both, ours};
use crate::Kit;
use crate::object::{Raw, content, word};
use crate::program::{Form, How, LIMIT, Status, sending};
use crate::report::Outcome;

/// Slots, hot slots, and how the program waits.
const FORMS: [(u32, u32, How); 9] = [
    (1, 1, How::Block),
    (1, 1, How::Spin),
    (2, 1, How::Block),
    (2, 2, How::Spin),
    (64, 8, How::Block),
    (64, 64, How::Spin),
    (64, 1, How::Spin),
    (4096, 8, How::Block),
    (65_536, 8, How::Block),
];

/// How many messages pass after the mailbox was full; the long form passes ten times as many.
const MORE: u64 = 500;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (slots, hot, how) in FORMS {
        for role in BOTH {
            let form = Form {
                hot,
                ..Form::of(slots).that(how)
            };
            let way = format!("{how:?}").to_lowercase();
            rows.push(Row {
                role,
                what: format!("fills {slots} slots, {hot} of them hot, and goes on ({way})"),
                run: Box::new(move |kit, role| match role {
                    Role::Sender => send(kit, form),
                    Role::Receiver => receive(kit, form),
                }),
            });
        }
    }
    rows.extend(both("passes messages of every length", every_length));
    rows
}

fn more(kit: &Kit) -> u64 {
    if kit.is_long { MORE * 10 } else { MORE }
}

/// The commands that send these messages.
fn sends(numbers: std::ops::Range<u64>) -> String {
    numbers.fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", sending(&content(number)));
        text
    })
}

fn send(kit: &Kit, form: Form) -> Outcome {
    let slots = u64::from(form.slots);
    let name = Name::new();
    let (mut end, first) = kit.program.attach(Role::Sender, &name, form);
    assert_eq!(first, 0, "the number of the first message");
    let raw = Raw::new(&name);
    let feeder = end.feed(sends(0..slots));
    for number in 0..slots {
        assert_eq!(end.sent(), number, "the number of a message");
    }
    end.fed(feeder);
    end.tell(&sending(&content(slots)));
    match form.how {
        How::Spin => thread::sleep(Duration::from_millis(20)),
        _ => end.until("it sleeps while the mailbox is full", || {
            raw.load_half(word::SENDER + word::PARKED) == 1
        }),
    }
    end.expect_silence();
    assert_eq!(raw.load(word::SENT), slots, "`sent` of a full mailbox");

    let mut receiver = ours::receiver(&name);
    assert_eq!(receiver.capacity(), form.slots, "the slots it made");
    ours::take(&mut receiver, 0);
    assert_eq!(end.sent(), slots, "the number of a message");
    let end_of_all = slots + 1 + more(kit);
    let feeder = end.feed(sends(slots + 1..end_of_all));
    for number in 1..end_of_all {
        ours::take(&mut receiver, number);
    }
    end.fed(feeder);
    end.close();
    assert!(!name.exists(), "it closed an empty mailbox, and left it");
    Outcome::Ok
}

fn receive(kit: &Kit, form: Form) -> Outcome {
    let slots = u64::from(form.slots);
    let name = Name::new();
    let (mut end, first) = kit.program.attach(Role::Receiver, &name, form);
    assert_eq!(first, 0, "the number of the first message");
    let mut sender = ours::sender(&name);
    assert_eq!(sender.capacity(), form.slots, "the slots it made");
    for _ in 0..slots {
        ours::give(&mut sender);
    }
    let count = usize::try_from(slots).expect("at most 65,536");
    let feeder = end.feed("show\n".repeat(count));
    for number in 0..slots {
        ours::was_shown(&mut end, number);
    }
    end.fed(feeder);
    assert_matches!(
        sender.try_send(b""),
        Err(SendError::Full),
        "nothing is acknowledged"
    );
    assert_eq!(end.ack(), slots, "how many it has acknowledged");

    let count = usize::try_from(more(kit)).expect("some thousands");
    let feeder = end.feed("show\nack\n".repeat(count));
    let end_of_all = slots + more(kit);
    for _ in slots..end_of_all {
        ours::give(&mut sender);
    }
    for number in slots..end_of_all {
        ours::was_shown(&mut end, number);
        assert_eq!(
            end.acknowledged(),
            number + 1,
            "how many it has acknowledged"
        );
    }
    end.fed(feeder);
    end.tell("show");
    sender.close().expect("our sender closes");
    end.expect(Status::Closed);
    assert!(
        !name.exists(),
        "it left an empty mailbox of a sender that has closed"
    );
    Outcome::Ok
}

fn every_length(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let (mut end, _) = kit.program.attach(role, &name, Form::of(64));
    let bytes = |length: usize| content(1)[..length].to_vec();
    let step = if kit.is_long { 1 } else { 31 };
    let lengths = (0..=1024_usize)
        .step_by(step)
        .chain([1, 2, 3, 7, 8, 9, 63, 64, 65, 1023, 1024]);
    match role {
        Role::Sender => {
            let mut receiver = ours::receiver(&name);
            let mut message = Message::new();
            for length in lengths {
                end.send(&bytes(length));
                let received = receiver.recv_timeout(&mut message, LIMIT);
                received.expect("our receiver receives");
                assert!(
                    message.as_bytes() == bytes(length),
                    "{length} bytes arrive as others"
                );
            }
        }
        Role::Receiver => {
            let mut sender = ours::sender(&name);
            for length in lengths {
                sender
                    .send_timeout(bytes(length), LIMIT)
                    .expect("our sender sends");
                assert!(
                    end.show().1 == bytes(length),
                    "it shows {length} bytes as others"
                );
                end.ack();
            }
        }
    }
    end.close();
    Outcome::Ok
}
