//! An endpoint resumes where the last one of its role stopped, wherever that was.

use shm_mailbox::Role;
use test_support::Name;

use super::{Row, both, one, ours};
use crate::Kit;
use crate::object::{Image, LAST_MESSAGE, Raw, content, places, stamp, stamp_offset, word};
use crate::program::{Form, Status};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Sender,
            "counts the message that a killed sender did not count",
            uncounted,
        ),
        one(
            Role::Receiver,
            "shows again what a killed receiver did not acknowledge",
            unacknowledged,
        ),
        one(
            Role::Receiver,
            "shows what a killed sender did not count",
            shows_uncounted,
        ),
    ];
    rows.extend(both("refuses counts that cannot be", impossible));
    rows
}

/// The state that a kill leaves between the stamp and `sent`: in either place, and for any queue.
fn uncounted(kit: &Kit) -> Outcome {
    let (slots, hot) = (4, 2);
    for (received, sent) in [(0, 0), (0, 1), (0, 2), (0, 3), (5, 6), (6, 9), (1000, 1003)] {
        let name = Name::new();
        let mut image = Image::with(slots, hot, received, sent);
        image.put_message(sent, sent - received);
        image.put_life(Role::Sender, 2);
        image.create(&name);
        let (mut end, number) = kit.program.attach(Role::Sender, &name, Form::of(slots));
        let expected = sent + 1;
        assert_eq!(
            number, expected,
            "its next number, with message {sent} stamped and `sent` {sent}"
        );
        assert_eq!(
            Raw::new(&name).load(word::SENT),
            expected,
            "`sent` after that"
        );
        let mut receiver = ours::receiver(&name);
        ours::take(&mut receiver, received);
        assert_eq!(end.send(&content(expected)), expected);
        for number in received + 1..=expected {
            ours::take(&mut receiver, number);
        }
        end.close();
    }
    Outcome::Ok
}

fn unacknowledged(kit: &Kit) -> Outcome {
    let name = Name::new();
    let mut sender = ours::sender(&name);
    for _ in 0..5 {
        ours::give(&mut sender);
    }
    let (mut end, _) = kit.program.attach(Role::Receiver, &name, Form::of(64));
    for number in 0..2 {
        ours::expect_shown(&mut end, number);
    }
    assert_eq!(end.ack(), 2);
    for number in 2..4 {
        ours::expect_shown(&mut end, number);
    }
    end.kill();
    let (mut end, number) = kit.program.attach(Role::Receiver, &name, Form::of(64));
    assert_eq!(number, 2, "the number of its next message");
    for number in 2..5 {
        ours::expect_shown(&mut end, number);
    }
    assert_eq!(end.ack(), 5);
    end.close();
    sender.close().expect("our sender closes");
    Outcome::Ok
}

fn shows_uncounted(kit: &Kit) -> Outcome {
    for queued in 0..4 {
        let name = Name::new();
        let mut image = Image::with(4, 2, 7, 7 + queued);
        image.put_message(7 + queued, queued);
        image.put_life(Role::Sender, 2);
        image.create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, Form::of(4));
        for number in 7..=7 + queued {
            ours::expect_shown(&mut end, number);
        }
        assert_eq!(end.ack(), 8 + queued);
        end.tell("show");
        end.expect(Status::Died);
    }
    Outcome::Ok
}

fn impossible(kit: &Kit, role: Role) -> Outcome {
    let (slots, hot) = (4, 2);
    let too_high = LAST_MESSAGE + 2;
    let mut images = vec![match role {
        Role::Sender => (
            "`sent` above 2^53 - 1",
            Image::with(slots, hot, too_high, too_high),
        ),
        Role::Receiver => (
            "`received` above 2^53 - 1",
            Image::with(slots, hot, too_high, too_high),
        ),
    }];
    if role == Role::Sender {
        let mut above = Image::with(slots, hot, 9, 9);
        above.put(word::RECEIVED, 10);
        images.push(("`received` above `sent`", above));
        let mut below = Image::with(slots, hot, 9, 9);
        below.put(word::RECEIVED, 4);
        images.push(("`received` more than N below `sent`", below));
        for place in places(9, slots, hot) {
            let mut ahead = Image::with(slots, hot, 9, 9);
            ahead.put(stamp_offset(place), stamp(10, 3));
            images.push(("a stamp two ahead of `sent`", ahead));
        }
    }
    for (what, image) in images {
        let name = Name::new();
        image.create(&name);
        let mut end = kit.program.start(role, &name, Form::of(slots));
        end.expect_what(what, Status::Corrupt);
        assert!(name.exists(), "{what}: it unlinked a corrupt mailbox");
    }
    Outcome::Ok
}
