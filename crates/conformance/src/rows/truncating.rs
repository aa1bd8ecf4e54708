//! An object that loses its memory: the program reports the truncation, and SIGBUS does not end it.

use std::os::fd::AsFd as _;
use std::sync::atomic::Ordering;

use nix::fcntl::{FallocateFlags, fallocate};
use shm_mailbox::Role;
use test_support::Name;

use super::{Row, both, ours};
use crate::Kit;
use crate::object::Raw;
use crate::program::{End, Form, How, Status};
use crate::report::Outcome;

const SLOTS: u32 = 8;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both(
        "finds that the object was truncated while it waits",
        waiting,
    ));
    rows.extend(both(
        "survives that the object is truncated while it does nothing",
        idle,
    ));
    rows
}

/// Takes memory from the object.
type Cut = fn(&Name);

const CUTS: [(&str, Cut); 5] = [
    ("cut off at 0", |name| name.resize(0)),
    ("cut off after the first page", |name| name.resize(4096)),
    ("cut off, and grown again", |name| {
        let size = name.size().expect("it exists");
        name.resize(0);
        name.resize(size);
    }),
    ("a hole in the slots", |name| punch(name, 4096)),
    ("a hole from the start", |name| punch(name, 0)),
];

fn punch(name: &Name, start: i64) {
    let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    fallocate(name.file().as_fd(), flags, start, 4096).expect("tmpfs can punch holes");
}

fn wait(kit: &Kit, role: Role, name: &Name, how: How) -> End {
    let (mut end, _) = kit.program.attach(role, name, Form::of(SLOTS).that(how));
    ours::let_it_wait(&mut end, role, SLOTS.into());
    if how == How::Block {
        let raw = Raw::new(name);
        end.until("it announces its sleep", || {
            raw.parked(role).load(Ordering::SeqCst) == 1
        });
    }
    end
}

fn waiting(kit: &Kit, role: Role) -> Outcome {
    for how in [How::Block, How::Spin] {
        for (what, cut) in CUTS {
            let name = Name::new();
            let mut end = wait(kit, role, &name, how);
            cut(&name);
            end.expect_what(what, Status::Truncated);
        }
    }
    Outcome::Ok
}

fn idle(kit: &Kit, role: Role) -> Outcome {
    for (what, cut) in CUTS {
        let name = Name::new();
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        cut(&name);
        end.end_input();
        end.expect_any(what, &[Status::Left, Status::Truncated]);

        let name = Name::new();
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        cut(&name);
        end.work(b"lost");
        end.end_input();
        let possible = [Status::Left, Status::Truncated, Status::Corrupt];
        end.expect_any(what, &possible);
    }
    Outcome::Ok
}
