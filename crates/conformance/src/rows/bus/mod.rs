//! The rows of kind 2, a bus: each file has those of one part of the page on it.
//!
//! The kit skips them for a program without buses.

mod ends;
mod hostile;
mod joining;
mod kills;
mod leaving;
mod looking;
mod making;
mod members;
mod receiving;
mod seats;
mod steps;
mod unlinking;

use shm_core::Lock;
use shm_mailbox::bus::{self, Bus};
use shm_mailbox::{Message, Options, Role, Wait};
use test_support::Name;

use super::{BOTH, Row};
use crate::Kit;
use crate::object::{Raw, Shape, content_of, lock_byte};
use crate::program::{End, Form, LIMIT, Shown};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    let parts = [
        making::rows(),
        seats::rows(),
        joining::rows(),
        steps::rows(),
        members::rows(),
        looking::rows(),
        receiving::rows(),
        ends::rows(),
        kills::rows(),
        leaving::rows(),
        unlinking::rows(),
        hostile::rows(),
    ];
    parts.into_iter().flatten().collect()
}

/// A promise of one role.
fn one(role: Role, what: &str, run: fn(&Kit) -> Outcome) -> Row {
    Row {
        role,
        what: format!("on a bus, {what}"),
        run: Box::new(move |kit, _| if_it_has_one(kit, || run(kit))),
    }
}

/// A promise of both roles.
fn both(what: &str, run: fn(&Kit, Role) -> Outcome) -> [Row; 2] {
    BOTH.map(|role| Row {
        role,
        what: format!("on a bus, {what}"),
        run: Box::new(move |kit, role| if_it_has_one(kit, || run(kit, role))),
    })
}

fn if_it_has_one(kit: &Kit, run: impl FnOnce() -> Outcome) -> Outcome {
    match kit.has_bus() {
        true => run(),
        false => Outcome::Skipped("an end that has buses"),
    }
}

/// The options of the program, which uses the existing bus.
fn form() -> Form {
    Form::of(4).bus(1, 1)
}

/// The form of a bus that the program makes.
fn form_of(shape: Shape) -> Form {
    let form = Form {
        hot: shape.hot,
        ..Form::of(shape.slots)
    };
    form.bus(shape.lanes, shape.places)
}

/// The options of our endpoints, with any number of seats.
fn options(name: &Name) -> Options<Bus> {
    Bus::options(name.as_str()).wait(Wait::Block)
}

#[track_caller]
fn sender(name: &Name) -> bus::Sender {
    options(name).sender().expect("our sender attaches")
}

#[track_caller]
fn receiver(name: &Name) -> bus::Receiver {
    options(name).receiver().expect("our receiver attaches")
}

/// Sends the next message of our lane.
#[track_caller]
fn give(sender: &mut bus::Sender) {
    let message = content_of(sender.lane(), sender.committed());
    let sent = sender.send_timeout(message, LIMIT);
    sent.expect("our sender sends");
}

/// Receives this message.
#[track_caller]
fn take(receiver: &mut bus::Receiver, lane: u32, number: u64) {
    let mut message = Message::new();
    let received = receiver.recv_timeout(&mut message, LIMIT);
    received.unwrap_or_else(|error| panic!("our receiver waits for {number} of {lane}: {error}"));
    assert_message(&message, lane, number);
}

#[track_caller]
fn assert_message(message: &Message, lane: u32, number: u64) {
    let found = (message.lane(), message.sequence());
    assert_eq!(found, (lane, number), "the lane and number of a message");
    let is_whole = message.as_bytes() == content_of(lane, number);
    assert!(is_whole, "message {number} of lane {lane} has other bytes");
}

/// Lets the program show this message.
#[track_caller]
fn expect_shown(end: &mut End, lane: u32, number: u64) {
    end.tell("show");
    was_shown(end, lane, number);
}

/// The program's next answer is this message.
#[track_caller]
fn was_shown(end: &mut End, lane: u32, number: u64) {
    assert_shown(&end.shown_of_bus(), lane, number);
}

#[track_caller]
fn assert_shown(shown: &Shown, lane: u32, number: u64) {
    let expected = Shown::Message(lane, number, content_of(lane, number));
    let what = match shown {
        Shown::Message(lane, number, _) => format!("message {number} of lane {lane}"),
        Shown::Corrupt(lane) => format!("that lane {lane} is corrupt"),
    };
    let is_right = *shown == expected;
    assert!(is_right, "it shows {what}, not {number} of {lane}, whole");
}

/// Holds a seat, as a living but idle process does.
#[track_caller]
fn hold(name: &Name, role: Role, seat: u32) -> Raw {
    let raw = Raw::new(name);
    let lock = raw.object.try_lock(lock_byte(role, seat));
    assert_eq!(lock, Ok(Lock::Taken), "the lock of {role} {seat}");
    raw
}

/// The bytes up to this one that other processes have locked. `/proc/locks` is read in parts, so it
/// may miss a lock while other processes lock and unlock.
fn locked(raw: &Raw, last: u64) -> Vec<u64> {
    let is_locked = |byte: &u64| raw.object.is_locked_elsewhere(*byte) == Ok(true);
    (0..=last).filter(is_locked).collect()
}

/// The mask of the places that count.
fn mask(raw: &Raw) -> u64 {
    raw.load(Shape::MEMBERS) & 0xFFFF_FFFF
}

fn generation(raw: &Raw) -> u64 {
    raw.load(Shape::MEMBERS) >> 32
}
