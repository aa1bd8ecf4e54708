//! Words that no peer writes: the program reports corruption, or continues. It neither crashes nor
//! hangs.

use std::sync::atomic::Ordering;

use shm_mailbox::Role;
use test_support::Name;

use super::ours::Ours;
use super::{Row, both, one, ours};
use crate::Kit;
use crate::object::{Image, Raw, content, places, stamp, stamp_offset, word};
use crate::program::{Form, How, Status};
use crate::report::Outcome;

const SLOTS: u32 = 4;
const HOT: u32 = 2;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = vec![
        one(
            Role::Receiver,
            "finds a stamp that is ahead, or too long",
            stamps,
        ),
        one(Role::Receiver, "finds a lost stamp", lost_stamp),
        one(Role::Sender, "finds a `received` that cannot be", received),
    ];
    rows.extend(both("finds its own words changed", own_words));
    rows.extend(both(
        "goes on with nonsense in `parked`, `fences`, `pid` and `kept`",
        nonsense,
    ));
    rows.extend(both(
        "neither crashes nor hangs, whatever is in any word",
        any_word,
    ));
    rows
}

/// What is in a slot of the message that the receiver waits for, before it waits or after.
fn stamps(kit: &Kit) -> Outcome {
    let (next, far) = (stamp(6, 3), stamp(1 << 40, 3));
    let wrong = [
        ("a stamp one ahead", next),
        ("a stamp far ahead", far),
        ("a stamp of ones", u64::MAX),
        ("a length of 1025", stamp(5, 1025)),
        ("a length of 2047", stamp(5, 2047)),
    ];
    for (what, value) in wrong {
        for place in places(5, SLOTS, HOT) {
            for how in [How::Block, How::Spin] {
                let name = Name::new();
                Image::with(SLOTS, HOT, 5, 5).create(&name);
                let form = Form::of(SLOTS).that(how);
                let (mut end, _) = kit.program.attach(Role::Receiver, &name, form);
                let raw = Raw::new(&name);
                if how == How::Block {
                    end.tell("show");
                    end.until("it announces its sleep", || {
                        raw.parked(Role::Receiver).load(Ordering::SeqCst) == 1
                    });
                    raw.store(stamp_offset(place), value);
                } else {
                    raw.store(stamp_offset(place), value);
                    end.tell("show");
                }
                end.expect_what(what, Status::Corrupt);
                assert!(name.exists(), "{what}: it unlinked a corrupt mailbox");
            }
        }
    }
    Outcome::Ok
}

fn lost_stamp(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        for is_attached in [false, true] {
            let name = Name::new();
            Image::with(SLOTS, HOT, 5, 5).create(&name);
            let form = Form::of(SLOTS).that(how);
            let (mut end, _) = kit.program.attach(Role::Receiver, &name, form);
            let _sender = is_attached.then(|| ours::sender(&name));
            end.tell("show");
            Raw::new(&name).store(word::SENT, 6);
            end.expect_what("`sent` is 6, and message 5 is not there", Status::Corrupt);
        }
    }
    Outcome::Ok
}

fn received(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        for (what, value) in [
            ("`received` below the last one", 4),
            ("`received` above the messages", 10),
            ("`received` of ones", u64::MAX),
        ] {
            let name = Name::new();
            Image::with(SLOTS, HOT, 5, 9).create(&name);
            let form = Form::of(SLOTS).that(how);
            let (mut end, _) = kit.program.attach(Role::Sender, &name, form);
            end.tell("send 00");
            Raw::new(&name).store(word::RECEIVED, value);
            end.expect_what(what, Status::Corrupt);
            assert!(name.exists(), "{what}: it unlinked a corrupt mailbox");
        }
    }
    Outcome::Ok
}

fn own_words(kit: &Kit, role: Role) -> Outcome {
    let (life, count) = match role {
        Role::Sender => (word::SENDER, word::SENT),
        Role::Receiver => (word::RECEIVER, word::RECEIVED),
    };
    for (what, offset) in [("its `life`", life), ("its count", count), ("the magic", 0)] {
        let name = Name::new();
        let queued = if role == Role::Sender { 4 } else { 0 };
        Image::with(SLOTS, HOT, 5, 5 + queued).create(&name);
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        end.work(b"?");
        Raw::new(&name).store(offset, 0);
        // A sender also compares its own stored count with the peer's count.
        end.expect_any(what, &[Status::Truncated, Status::Corrupt]);
    }
    Outcome::Ok
}

fn nonsense(kit: &Kit, role: Role) -> Outcome {
    for value in [2, 3, 0x8000_0000, u32::MAX] {
        let name = Name::new();
        Image::new(SLOTS, HOT).create(&name);
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        let mut peer = Ours::opposite(role, &name);
        let raw = Raw::new(&name);
        for side in [word::SENDER, word::RECEIVER] {
            for offset in [word::PARKED, word::PID, word::FENCES] {
                raw.store_half(side + offset, value);
            }
        }
        raw.store_half(word::KEPT, value);
        ours::let_it_wait(&mut end, role, SLOTS.into());
        peer.provide();
        ours::expect_done(&mut end, role, SLOTS.into());
    }
    Outcome::Ok
}

/// The words of an object with their sizes, and what no peer may write there.
fn attacks(raw: &Raw) -> Vec<(usize, usize, u64)> {
    let mut words = vec![(word::MAGIC, 8), (word::SENT, 8), (word::RECEIVED, 8)];
    words.extend([word::VERSION, word::KIND, word::SLOTS, word::HOT].map(|offset| (offset, 4)));
    for side in [word::SENDER, word::RECEIVER] {
        words.push((side, 8));
        words.extend((8..24).step_by(4).map(|offset| (side + offset, 4)));
    }
    for slot in 0..(SLOTS + HOT) as usize {
        let stamp = stamp_offset(slot);
        words.extend([(stamp, 8), (stamp + 8, 8), (stamp + 1024, 8)]);
    }
    let slots = u64::from(SLOTS);
    let attacks = words.into_iter().flat_map(|(offset, size)| {
        let now = raw.load(offset & !7);
        let values = [
            0,
            1,
            now.wrapping_sub(1),
            now.wrapping_add(1),
            slots,
            now.wrapping_add(slots + 1),
            (1 << 53) - 1,
            u64::MAX,
            stamp(8, 8),
            now | 2047,
            !now,
        ];
        values.map(|value| (offset, size, value))
    });
    attacks.collect()
}

/// All statuses with which the program may answer nonsense.
const POSSIBLE: [Status; 7] = [
    Status::Left,
    Status::Corrupt,
    Status::Truncated,
    Status::Closed,
    Status::Died,
    Status::Unlinked,
    Status::UsedUp,
];

fn any_word(kit: &Kit, role: Role) -> Outcome {
    let queued = Image::with(SLOTS, HOT, 5, 7);
    let name = Name::new();
    queued.create(&name);
    let attacks = attacks(&Raw::new(&name));
    let step = if kit.is_long { 1 } else { 4 };
    for (offset, size, value) in attacks.into_iter().step_by(step) {
        let name = Name::new();
        queued.create(&name);
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        let raw = Raw::new(&name);
        match size {
            8 => raw.store(offset, value),
            _ => raw.store_half(offset, u32::try_from(value & 0xFFFF_FFFF).expect("32 bits")),
        }
        end.work(&content(7));
        if role == Role::Receiver {
            end.tell("ack");
        }
        end.end_input();
        let what = format!("{value:#x} at byte {offset}");
        end.expect_any(&what, &POSSIBLE);
    }
    Outcome::Ok
}
