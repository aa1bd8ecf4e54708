//! What an endpoint makes, and what it changes in an existing object.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::Ordering;

use shm_core::Lock;
use shm_mailbox::Role;
use test_support::{Name, can_mount, in_child, own_dev_shm};

use super::{Row, both, one, ours};
use crate::Kit;
use crate::object::{Image, LAST_MESSAGE, Raw, content, word};
use crate::program::{Form, Status, Traced, can_trace};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both("makes the mailbox of the page", makes));
    rows.extend(both("changes its own words of a mailbox only", attaches));
    rows.extend(both(
        "takes a larger object, and an epoch that overflows",
        accepts,
    ));
    rows.extend(both(
        "tells the kernel of its fences when it attaches",
        barrier,
    ));
    rows.extend(both("starts over if the name changes hands", starts_over));
    rows.extend(both("gives up if its role is taken", role_taken));
    rows.extend(both("gives up if INIT stays busy for 2 s", init_busy));
    rows.extend(both(
        "says that there is no room, and leaves nothing",
        no_room,
    ));
    rows.push(one(
        Role::Sender,
        "uses the last number, and no further one",
        last_number,
    ));
    rows
}

/// Where the words of a role are.
fn words_of(role: Role) -> std::ops::Range<usize> {
    match role {
        Role::Sender => word::SENDER..word::SENDER + 24,
        Role::Receiver => word::RECEIVER..word::RECEIVER + 24,
    }
}

/// Fails if the bytes differ elsewhere than in one of the ranges.
#[track_caller]
pub(super) fn assert_same_but(found: &[u8], expected: &[u8], ranges: &[std::ops::Range<usize>]) {
    assert_eq!(found.len(), expected.len(), "the size of the object");
    let differs =
        |at: &usize| found[*at] != expected[*at] && !ranges.iter().any(|range| range.contains(at));
    if let Some(at) = (0..found.len()).find(differs) {
        panic!(
            "byte {at} is {:#04x}, expected {:#04x}",
            found[at], expected[at]
        );
    }
}

fn makes(kit: &Kit, role: Role) -> Outcome {
    for (slots, hot) in [(1, 1), (4, 2), (64, 8), (256, 256)] {
        let name = Name::new();
        let form = Form {
            slots,
            hot,
            ..Form::of(slots)
        };
        let (end, _) = kit.program.attach(role, &name, form);
        let found = name.bytes();
        let id = word::ID..word::ID + 16;
        assert_same_but(
            &found,
            &Image::new(slots, hot).bytes,
            &[id.clone(), words_of(role)],
        );
        assert!(
            found[id].iter().any(|&byte| byte != 0),
            "its id is all zeros"
        );
        let metadata = fs::metadata(name.path()).expect("it exists");
        assert_eq!(
            metadata.mode() & 0o177,
            0,
            "others may use it: {:o}",
            metadata.mode()
        );
        let reserved = metadata.blocks() * 512;
        assert!(
            reserved >= metadata.len(),
            "{reserved} of {} bytes reserved",
            metadata.len()
        );
        let raw = Raw::new(&name);
        assert_eq!(raw.life(role), 2, "its `life`");
        assert_eq!(raw.parked(role).load(Ordering::SeqCst), 0, "its `parked`");
        let byte = if role == Role::Sender { 1 } else { 2 };
        assert_eq!(name.locked_bytes(), [byte], "the bytes that it has locked");
        end.close();
        assert!(!name.exists(), "it closed an empty mailbox, and left it");
    }
    Outcome::Ok
}

fn attaches(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let mut image = Image::with(4, 2, 7, 9);
    image.put_life(Role::Sender, 7);
    image.put_life(Role::Receiver, 8);
    for (side, parked) in [(word::SENDER, 1), (word::RECEIVER, 1)] {
        image.put_half(side + word::PARKED, parked);
    }
    image.put_half(word::KEPT, 1);
    // A note of arbitrary words, and a check word that may be right.
    for word in 0..4 {
        image.put(word::NOTE + 8 * word, 0xABCD << (8 * word));
    }
    image.create(&name);
    let (end, number) = kit.program.attach(role, &name, Form::of(16));
    let (expected, life, kept) = match role {
        Role::Sender => (9, 8, 0),
        Role::Receiver => (7, 10, 1),
    };
    assert_eq!(number, expected, "the number of its next message");
    let raw = Raw::new(&name);
    let peer = words_of(role.peer());
    let parked_of_peer = peer.start + word::PARKED..peer.start + word::PARKED + 4;
    assert_same_but(
        &raw.bytes(),
        &image.bytes,
        &[words_of(role), parked_of_peer],
    );
    assert_eq!(raw.life(role), life, "its `life`");
    for role in [role, role.peer()] {
        assert_eq!(
            raw.parked(role).load(Ordering::SeqCst),
            0,
            "`parked` of the {role}"
        );
    }
    assert_eq!(raw.load_half(word::KEPT), kept, "`kept`");
    end.close();
    Outcome::Ok
}

fn accepts(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let mut image = Image::with(2, 1, 3, 5);
    image.bytes.extend([0; 8192]);
    image.put_life(role, u64::MAX - 1);
    image.create(&name);
    let (mut end, _) = kit.program.attach(role, &name, Form::of(2));
    assert_eq!(
        Raw::new(&name).life(role),
        2,
        "its `life`, whose epoch overflows"
    );
    match role {
        Role::Sender => {
            let mut receiver = ours::receiver(&name);
            ours::take(&mut receiver, 3);
            assert_eq!(end.send(&content(5)), 5);
            for number in 4..6 {
                ours::take(&mut receiver, number);
            }
        }
        Role::Receiver => {
            for number in 3..5 {
                ours::expect_shown(&mut end, number);
            }
            assert_eq!(end.ack(), 5);
        }
    }
    end.close();
    Outcome::Ok
}

fn barrier(kit: &Kit, role: Role) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    let name = Name::new();
    let image = Image::new(2, 2);
    image.create(&name);
    let raw = Raw::new(&name);
    let traced = Traced::start(&kit.program, role, &name, Form::of(2));
    let mut traced = traced.expect("it can be traced");
    let mut lives = Vec::new();
    let is_reading = |number| number == libc::SYS_read;
    let entry = traced.run_to_entry(|number, arguments| {
        // MEMBARRIER_CMD_GLOBAL_EXPEDITED
        if number == libc::SYS_membarrier && arguments[0] == 2 {
            lives.push(raw.life(role));
        }
        is_reading(number) && arguments[0] == 0
    });
    assert!(entry.is_some(), "it ended before it read a command");
    assert!(
        lives.contains(&2),
        "no membarrier(2) after it has stored its words"
    );
    traced.release().close();
    Outcome::Ok
}

fn starts_over(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    Image::new(2, 2).create(&name);
    let old = Raw::new(&name);
    assert_eq!(old.object.try_lock(0), Ok(Lock::Taken), "INIT is free");
    let mut end = kit.program.start(role, &name, Form::of(2));
    let folder = format!("/proc/{}/fd", end.pid());
    let path = name.path();
    end.until("it has opened the object", || {
        let descriptors = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut targets = descriptors.filter_map(|entry| fs::read_link(entry.path()).ok());
        targets.any(|target| target == path)
    });
    name.unlink();
    Image::with(4, 4, 11, 11).create(&name);
    let before = old.bytes();
    old.object.unlock(0).expect("it is locked");
    assert_eq!(end.attached(), 11, "the number of its next message");
    assert!(
        old.bytes() == before,
        "it changed the object without a name"
    );
    assert_eq!(Raw::new(&name).life(role), 2, "its `life`");
    end.close();
    Outcome::Ok
}

fn role_taken(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let holder = ours::Ours::opposite(role.peer(), &name);
    let before = name.bytes();
    kit.program
        .start(role, &name, Form::of(64))
        .expect(Status::Taken);
    assert!(
        name.bytes() == before,
        "it changed a mailbox of which it has no role"
    );
    holder.close();
    Outcome::Ok
}

fn init_busy(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let image = Image::new(2, 1);
    image.create(&name);
    let raw = Raw::new(&name);
    assert_eq!(raw.object.try_lock(0), Ok(Lock::Taken), "INIT is free");
    kit.program
        .start(role, &name, Form::of(2))
        .expect(Status::Busy);
    assert!(
        raw.bytes() == image.bytes,
        "it changed a mailbox without INIT"
    );
    Outcome::Ok
}

fn no_room(kit: &Kit, role: Role) -> Outcome {
    if !can_mount() {
        return Outcome::Skipped("root, for a small /dev/shm");
    }
    in_child(|| {
        own_dev_shm("size=64k");
        let name = Name::new();
        kit.program
            .start(role, &name, Form::of(1024))
            .expect(Status::NoRoom);
        let left = fs::read_dir("/dev/shm").expect("it is mounted").count();
        assert_eq!(left, 0, "objects that it has left");
        // An object that fits can be used.
        kit.program.attach(role, &name, Form::of(32)).0.close();
    });
    Outcome::Ok
}

fn last_number(kit: &Kit) -> Outcome {
    let name = Name::new();
    Image::with(2, 1, LAST_MESSAGE, LAST_MESSAGE).create(&name);
    let (mut end, number) = kit.program.attach(Role::Sender, &name, Form::of(2));
    assert_eq!(number, LAST_MESSAGE, "the number of its next message");
    assert_eq!(end.send(&content(LAST_MESSAGE)), LAST_MESSAGE);
    end.tell("send 00");
    end.expect(Status::UsedUp);
    let mut receiver = ours::receiver(&name);
    ours::take(&mut receiver, LAST_MESSAGE);
    Outcome::Ok
}
