//! What the program reports about a peer that is silent, stopped, dead or closed, and about an
//! object without a name.

use std::sync::atomic::Ordering;
use std::thread;

use shm_mailbox::Role;
use test_support::Name;

use super::ours::{Ours, SOME_CHECKS};
use super::{Row, both, ours};
use crate::Kit;
use crate::object::{Image, Raw};
use crate::program::{Form, How, Status, Traced, can_trace};
use crate::report::Outcome;

const SLOTS: u32 = 2;
const WAYS: [How; 2] = [How::Block, How::Spin];

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both("says that its peer has closed", closed));
    rows.extend(both("says that its peer has died", died));
    rows.extend(both("waits for a peer that is stopped", stopped));
    rows.extend(both(
        "waits for a peer that it has not met, whatever the last one did",
        unmet,
    ));
    rows.extend(both(
        "says that the name is gone, if it has met no peer",
        unlinked,
    ));
    rows.extend(both(
        "takes what came before its peer left, at any moment",
        before_verdict,
    ));
    rows
}

/// The slots as a count of messages.
fn slots() -> u64 {
    SLOTS.into()
}

fn closed(kit: &Kit, role: Role) -> Outcome {
    for how in WAYS {
        let name = Name::new();
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS).that(how));
        let mut ours = Ours::opposite(role, &name);
        ours::let_it_wait(&mut end, role, slots());
        ours.provide();
        ours::expect_done(&mut end, role, slots());
        end.work(&[]);
        ours.close();
        end.expect_what("its peer has closed", Status::Closed);
        assert!(name.exists(), "it unlinked a mailbox with messages");
    }
    Outcome::Ok
}

fn died(kit: &Kit, role: Role) -> Outcome {
    for how in WAYS {
        let name = Name::new();
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS).that(how));
        let peer = ours::fork_opposite(role, &name, |_| ());
        ours::let_it_wait(&mut end, role, slots());
        peer.kill();
        end.expect_what("its peer has died", Status::Died);
        assert!(name.exists(), "it unlinked what a dead peer has left");
    }
    Outcome::Ok
}

fn stopped(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
    let peer = ours::fork_opposite(role, &name, |_| ());
    peer.stop();
    ours::let_it_wait(&mut end, role, slots());
    thread::sleep(SOME_CHECKS);
    end.expect_silence();
    peer.kill();
    end.expect_what("its peer has died", Status::Died);
    Outcome::Ok
}

fn unmet(kit: &Kit, role: Role) -> Outcome {
    for life in [0, 2, 3] {
        let name = Name::new();
        let mut image = Image::new(SLOTS, 1);
        image.put_life(role.peer(), life);
        image.create(&name);
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
        ours::let_it_wait(&mut end, role, slots());
        thread::sleep(SOME_CHECKS);
        end.expect_silence();
        let mut peer = Ours::opposite(role, &name);
        peer.provide();
        ours::expect_done(&mut end, role, slots());
        peer.close();
    }
    Outcome::Ok
}

fn unlinked(kit: &Kit, role: Role) -> Outcome {
    for how in WAYS {
        let name = Name::new();
        let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS).that(how));
        ours::let_it_wait(&mut end, role, slots());
        name.unlink();
        end.expect_what("its name is gone", Status::Unlinked);
    }
    // A peer that is attached to the same object may still send or acknowledge.
    let name = Name::new();
    let (mut end, _) = kit.program.attach(role, &name, Form::of(SLOTS));
    let mut peer = Ours::opposite(role, &name);
    ours::let_it_wait(&mut end, role, slots());
    name.unlink();
    thread::sleep(SOME_CHECKS);
    end.expect_silence();
    peer.provide();
    ours::expect_done(&mut end, role, slots());
    end.work(&[]);
    peer.close();
    end.expect_what("its peer has closed", Status::Closed);
    Outcome::Ok
}

/// At each entry of a system call of a wait in turn, the peer provides what the program waits for,
/// without waking it, and dies. The wait must end with that, and the next wait with the verdict.
fn before_verdict(kit: &Kit, role: Role) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    // More than the calls from one check to the next, with the sleep between them.
    let most = if kit.is_long { 40 } else { 8 };
    for gap in 1..=most {
        let name = Name::new();
        let mut image = Image::with(1, 1, 0, u64::from(role == Role::Sender));
        image.put_life(Role::Sender, 2);
        image.create(&name);
        let mut traced = Traced::attach(&kit.program, role, &name, Form::of(1));
        let mut peer = Ours::opposite(role, &name);
        let message = crate::object::content(1);
        let command = match role {
            Role::Sender => crate::program::sending(&message),
            Role::Receiver => "show".to_owned(),
        };
        traced.read_command(&command);
        let raw = Raw::new(&name);
        for _ in 0..gap {
            let entry = traced.run_to_entry(|_, _| true);
            assert!(entry.is_some(), "it ended while its peer was attached");
        }
        // As if the flag had not been seen yet.
        let parked = raw.parked(role).load(Ordering::SeqCst);
        peer.provide();
        raw.parked(role).store(parked, Ordering::SeqCst);
        peer.close();
        let mut end = traced.release();
        ours::expect_done(&mut end, role, u64::from(role == Role::Sender));
        if role == Role::Receiver {
            assert_eq!(end.ack(), 1);
        }
        end.work(&[]);
        end.expect_what("its peer has closed", Status::Closed);
    }
    Outcome::Ok
}
