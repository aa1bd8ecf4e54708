//! The memory after every instruction of attaching and closing: the point never goes back, and
//! endpoints resume from each state.

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::{both, form, give, options, receiver};
use crate::Kit;
use crate::object::{BusImage, PENDING, Raw, Shape, word_of};
use crate::program::{Form, Stop, Traced, can_step, is_reading};
use crate::report::Outcome;

/// More instructions than attaching and closing take.
const MOST: usize = 3_000_000;
/// `F_OFD_SETLK` of `fcntl(2)` on Linux.
const SET_LOCK: u64 = 37;
/// The label of the program, of more than one word.
const NEW: &str = "a label of four words, or so";
/// The label of another.
const KEPT: &str = "kept";
/// The `sent` of the last sender of lane 0.
const SENT: u64 = 8;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both(
        "may be killed after any instruction of attaching",
        attaches,
    ));
    rows.extend(both(
        "may be killed after any instruction of closing",
        closes,
    ));
    rows
}

fn shape() -> Shape {
    Shape::new(2, 3, 4, 2)
}

fn places() -> impl Iterator<Item = (Role, u32)> {
    (0..shape().places).map(|place| (Role::Receiver, place))
}

/// Buses with two lanes, of which the first holds messages from 5, 6 or 7 on.
fn images() -> Vec<(&'static str, BusImage)> {
    let image = BusImage::new(shape()).lane(0, 5, SENT);
    let both_dead = image.clone().member(0, &[6, 0]).member(1, &[7, 0]);
    vec![
        ("nobody counts", image.clone()),
        ("all are dead", both_dead.clone()),
        (
            "one is kept",
            both_dead
                .label(Role::Receiver, 0, KEPT)
                .member(2, &[6, PENDING]),
        ),
        (
            "one was killed while it joined",
            // Lower counts than the valid ones.
            image
                .member(1, &[7, PENDING])
                .put(shape().count(0, 0), 4)
                .put(shape().count(0, 2), 4),
        ),
    ]
}

/// The buses, each with these ways to attach or leave. In the short form a receiver meets each bus
/// once. A sender changes less, so it meets only the last bus.
fn cases<T: Copy>(kit: &Kit, role: Role, ways: &[T]) -> Vec<(&'static str, BusImage, T)> {
    let mut cases = Vec::new();
    let images = images();
    let last = images.len() - 1;
    for (index, (what, image)) in images.into_iter().enumerate() {
        for (turn, way) in ways.iter().enumerate() {
            let has_turn = turn == index % ways.len() && (role == Role::Receiver || index == last);
            if kit.is_long || has_turn {
                cases.push((what, image.clone(), *way));
            }
        }
    }
    cases
}

/// Steps through all instructions that change the object, and returns each state once.
fn states(traced: &mut Traced, raw: &Raw) -> Vec<Vec<u8>> {
    let mut states = vec![raw.bytes()];
    let mut now = raw.bytes();
    for _ in 0..MOST {
        if traced.is_inside() || !traced.step() {
            match traced.run_to_system_call() {
                Stop::Entry(number, arguments) if is_reading(number, arguments[0]) => {
                    return states;
                }
                Stop::Ended => return states,
                _ => {}
            }
        }
        raw.read(&mut now);
        if states.last().is_some_and(|last| *last != now) {
            states.push(now.clone());
        }
    }
    panic!("it takes more than {MOST} instructions");
}

fn attaches(kit: &Kit, role: Role) -> Outcome {
    if !can_step() {
        return Outcome::Skipped("ptrace on x86-64");
    }
    for (what, image, form) in cases(kit, role, &[form().oldest(), form().labelled(NEW)]) {
        let name = Name::new();
        image.create(&name);
        let raw = Raw::new(&name);
        let mut traced = start(kit, role, &name, form);
        run_to_lock(&mut traced);
        judge(what, role, &states(&mut traced, &raw));
        traced.kill();
    }
    Outcome::Ok
}

fn closes(kit: &Kit, role: Role) -> Outcome {
    if !can_step() {
        return Outcome::Skipped("ptrace on x86-64");
    }
    let ways = [
        (form().oldest(), None),
        (form().oldest().labelled(NEW), None),
        (form().oldest().labelled(NEW), Some("forget")),
    ];
    for (what, image, (form, command)) in cases(kit, role, &ways) {
        let name = Name::new();
        image.create(&name);
        let raw = Raw::new(&name);
        let mut traced = start(kit, role, &name, form);
        traced.run_to_command();
        traced.end.attached();
        if role == Role::Receiver {
            // So that the floor changes.
            for command in ["show", "ack"] {
                traced.read_command(command);
                traced.run_to_command();
                traced.end.answer();
            }
        }
        match command {
            None => traced.end.end_input(),
            Some(command) => traced.end.tell(command),
        }
        run_to_lock(&mut traced);
        judge(what, role, &states(&mut traced, &raw));
    }
    Outcome::Ok
}

/// Lets it run until it locks a byte. Attaching and closing begin with that of INIT.
#[track_caller]
fn run_to_lock(traced: &mut Traced) {
    let entry = traced
        .run_to_entry(|number, arguments| number == libc::SYS_fcntl && arguments[1] == SET_LOCK);
    assert!(entry.is_some(), "it ends, and has locked nothing");
}

fn start(kit: &Kit, role: Role, name: &Name, form: Form) -> Traced {
    let traced = Traced::start(&kit.program, role, name, form);
    traced.expect("it can be traced")
}

#[track_caller]
fn judge(what: &str, role: Role, states: &[Vec<u8>]) {
    assert!(states.len() > 1, "{what}: it changes nothing");
    let mut points = [0; 2];
    for (step, state) in states.iter().enumerate() {
        let at = format!("{what}, after change {step} of {}", states.len() - 1);
        for lane in [0, 1] {
            let point = &mut points[lane as usize];
            let Some(now) = shape().point(state, lane) else {
                continue;
            };
            assert!(
                now >= *point,
                "{at}: what the sender of lane {lane} may overwrite goes back from {point} to {now}"
            );
            let sent = word_of(state, shape().sent(lane));
            assert!(
                now <= sent,
                "{at}: more of lane {lane} is given back than was sent: {now} of {sent}"
            );
            *point = now;
        }
        for (role, seat) in [0, 1]
            .map(|lane| (Role::Sender, lane))
            .into_iter()
            .chain(places())
        {
            let label = BusImage::label_in(state, shape().seat(role, seat));
            let is_whole = |known: &&str| {
                let (text, zeros) = label.split_at(known.len());
                text == known.as_bytes() && zeros.iter().all(|byte| *byte == 0)
            };
            assert!(
                label[..8] == [0; 8] || [NEW, KEPT].iter().any(is_whole),
                "{at}: a part of a label at {role} {seat}"
            );
        }
        goes_on(&at, role, state);
    }
}

/// Our endpoints resume from a state: they are shown what is held, and a new message of the lane
/// with the program's label.
#[track_caller]
fn goes_on(at: &str, role: Role, state: &[u8]) {
    let name = Name::new();
    let mut image = BusImage::new(shape()).image;
    image.bytes = state.to_vec();
    image.create(&name);
    let own = options(&name).label(NEW);
    let own = if role == Role::Sender {
        own
    } else {
        options(&name)
    };
    let mut sender = own
        .sender()
        .unwrap_or_else(|error| panic!("{at}, our sender: {error}"));
    let mut receiver = match role {
        Role::Sender => receiver(&name),
        Role::Receiver => options(&name)
            .label(NEW)
            .receiver()
            .unwrap_or_else(|error| panic!("{at}, our receiver: {error}")),
    };
    let (lane, number) = (sender.lane(), sender.committed());
    if number < SENT || lane == 1 {
        give(&mut sender);
    }
    let mut message = shm_mailbox::Message::new();
    let mut last = [None; 2];
    while receiver.try_recv(&mut message).is_ok() {
        let lane = message.lane();
        super::assert_message(&message, lane, message.sequence());
        let last = &mut last[lane as usize];
        let follows = last.is_none_or(|last| last + 1 == message.sequence());
        assert!(follows, "{at}: a message of lane {lane} is passed over");
        *last = Some(message.sequence());
    }
    if lane == 1 {
        assert_eq!(last[1], Some(number), "{at}: the last message of lane 1");
    }
}
