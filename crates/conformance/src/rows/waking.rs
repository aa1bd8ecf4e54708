//! Sleeping and waking: the word on which each endpoint sleeps, and how its peer wakes it.

use std::fs;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::gettid;
use shm_core::{Bell, Moment, futex};
use shm_mailbox::Role;
use test_support::Name;

use super::ours::{Ours, SOME_CHECKS};
use super::{Row, both, ours};
use crate::Kit;
use crate::object::{Image, Raw, content, word};
use crate::program::{End, Form, How, LIMIT, Status, Traced, can_trace, sending};
use crate::report::Outcome;

/// How long a wake-up or a ring may take, which takes a millisecond.
const PATIENCE: u16 = 5_000;
/// A sleep ends 100 ms after the last check at most; ten times as long on a busy machine.
const LONGEST_SLEEP: Duration = Duration::from_millis(1100);

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(both("wakes a sleeper, whatever is in its flag", wakes));
    rows.extend(both("rings a bell", rings));
    rows.extend(both(
        "wakes and rings when it attaches, and wakes when it closes",
        wakes_anyway,
    ));
    rows.extend(both("sleeps on its own flag, until the next check", sleeps));
    rows.extend(both("is woken, or spins", is_woken));
    rows.extend(both("waits for its bell (optional)", waits_for_bell));
    rows
}

/// An end of this role that can publish at once, with what makes it do so.
fn publisher(kit: &Kit, role: Role, name: &Name) -> (End, String) {
    let mut image = Image::with(4, 2, 3, 5);
    image.put_life(Role::Sender, 2);
    image.create(name);
    let (mut end, _) = kit.program.attach(role, name, Form::of(4));
    let command = match role {
        Role::Sender => sending(&content(5)),
        Role::Receiver => {
            ours::expect_shown(&mut end, 3);
            "ack".to_owned()
        }
    };
    (end, command)
}

/// Sleeps on the flag of the program's peer, which has this `value`, while `act` runs.
#[track_caller]
fn expect_wake(raw: &Raw, role: Role, value: u32, what: &str, act: impl FnOnce()) {
    expect_wake_of(raw.parked(role.peer()), value, what, act);
}

/// The same with any value of the flag.
#[track_caller]
pub(super) fn expect_wake_of(flag: &AtomicU32, value: u32, what: &str, act: impl FnOnce()) {
    flag.store(value, Ordering::SeqCst);
    let id = AtomicI32::new(0);
    let woken = thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            id.store(gettid().as_raw(), Ordering::SeqCst);
            let limit = Duration::from_millis(PATIENCE.into());
            futex::wait(flag, value, Some(Moment::now().after(limit)))
        });
        let call = format!("{} ", libc::SYS_futex);
        while !sleeper.is_finished() {
            let path = format!("/proc/self/task/{}/syscall", id.load(Ordering::SeqCst));
            if fs::read_to_string(path).is_ok_and(|now| now.starts_with(&call)) {
                break;
            }
            thread::yield_now();
        }
        act();
        sleeper.join().expect("it only sleeps")
    });
    if let Err(error) = woken {
        panic!("{what}: it does not wake a sleeper whose flag is {value:#x}: {error}");
    }
    let left = flag.load(Ordering::SeqCst);
    assert_eq!(left, 0, "{what}: the flag, which was {value:#x}");
}

/// Waits for the bell of the program's peer while `act` runs.
#[track_caller]
fn expect_ring(raw: &Raw, role: Role, what: &str, act: impl FnOnce()) {
    expect_ring_of(raw, raw.parked(role.peer()), what, act);
}

/// The same with any value of the flag.
#[track_caller]
pub(super) fn expect_ring_of(raw: &Raw, flag: &AtomicU32, what: &str, act: impl FnOnce()) {
    let bell = Bell::new(&raw.object).expect("the object has a bell");
    bell.answer().expect("a bell can be answered");
    flag.store(2, Ordering::SeqCst);
    act();
    let mut descriptors = [PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
    let rung = poll(&mut descriptors, PollTimeout::from(PATIENCE)).expect("poll");
    assert!(rung > 0, "{what}: it does not ring");
    assert_eq!(
        flag.load(Ordering::SeqCst),
        0,
        "{what}: the flag, which was 2"
    );
}

fn wakes(kit: &Kit, role: Role) -> Outcome {
    for value in [1, 3, u32::MAX] {
        let name = Name::new();
        let (mut end, command) = publisher(kit, role, &name);
        let raw = Raw::new(&name);
        expect_wake(&raw, role, value, "after it has published", || {
            end.tell(&command)
        });
    }
    Outcome::Ok
}

fn rings(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let (mut end, command) = publisher(kit, role, &name);
    let raw = Raw::new(&name);
    expect_ring(&raw, role, "after it has published", || end.tell(&command));
    Outcome::Ok
}

fn wakes_anyway(kit: &Kit, role: Role) -> Outcome {
    let attach = |name: &Name| kit.program.attach(role, name, Form::of(4)).0;
    // A flag of 0 too: a peer may have cleared it, and died before it woke the sleeper.
    for value in [0, 1] {
        let name = Name::new();
        Image::new(4, 2).create(&name);
        let raw = Raw::new(&name);
        let mut attached = None;
        expect_wake(&raw, role, value, "when it attaches", || {
            attached = Some(attach(&name));
        });
        let mut end = attached.expect("it has attached");
        expect_wake(&raw, role, value, "when it closes", || end.end_input());
        end.expect(Status::Left);
    }
    let name = Name::new();
    Image::new(4, 2).create(&name);
    let raw = Raw::new(&name);
    let mut attached = None;
    expect_ring(&raw, role, "when it attaches", || {
        attached = Some(attach(&name))
    });
    Outcome::Ok
}

/// The address at which the program has mapped this word of the object.
pub(super) fn address_of(end: &End, name: &Name, offset: usize) -> Option<u64> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", end.pid())).ok()?;
    let path = name.path();
    let line = maps
        .lines()
        .find(|line| line.ends_with(path.to_str().expect("a name of ours")))?;
    let mut words = line.split_whitespace();
    let start = u64::from_str_radix(words.next()?.split('-').next()?, 16).ok()?;
    let skipped = u64::from_str_radix(words.nth(1)?, 16).ok()?;
    Some(start + offset as u64 - skipped)
}

/// Whether a system call sleeps on a futex: the word, and the value that it expects there.
pub(super) fn futex_wait(number: i64, arguments: &[u64; 6]) -> Option<(u64, u32)> {
    let [word, operation, value, ..] = *arguments;
    // FUTEX_WAIT and FUTEX_WAIT_BITSET, on either clock, shared between processes.
    let waits = matches!(operation & 0xFFFF & !256, 0 | 9);
    let value = u32::try_from(value & u64::from(u32::MAX)).expect("32 bits");
    (number == libc::SYS_futex && waits).then_some((word, value))
}

fn sleeps(kit: &Kit, role: Role) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    let name = Name::new();
    Image::with(1, 1, 0, u64::from(role == Role::Sender)).create(&name);
    let mut traced = Traced::attach(&kit.program, role, &name, Form::of(1));
    let raw = Raw::new(&name);
    traced.read_command(&match role {
        Role::Sender => sending(b""),
        Role::Receiver => "show".to_owned(),
    });
    for _ in 0..3 {
        let entry =
            traced.run_to_entry(|number, arguments| futex_wait(number, arguments).is_some());
        let (number, arguments) = entry.expect("it sleeps, and does not end");
        let offset = match role {
            Role::Sender => word::SENDER,
            Role::Receiver => word::RECEIVER,
        } + word::PARKED;
        let own = address_of(&traced.end, &name, offset).expect("the object is mapped");
        let (word, value) = futex_wait(number, &arguments).expect("it sleeps on a futex");
        assert_eq!(word, own, "the word it sleeps on, not its own flag");
        assert_eq!(value, 1, "the value it expects in its flag");
        assert_eq!(raw.parked(role).load(Ordering::SeqCst), 1, "its flag");
        let start = Instant::now();
        traced.run_to_system_call();
        let slept = start.elapsed();
        assert!(slept < LONGEST_SLEEP, "it slept for {slept:?}");
    }
    Outcome::Ok
}

fn is_woken(kit: &Kit, role: Role) -> Outcome {
    for how in [How::Block, How::Spin] {
        let name = Name::new();
        let form = Form {
            hot: 1,
            ..Form::of(2)
        }
        .that(how);
        let (mut end, _) = kit.program.attach(role, &name, form);
        let mut peer = Ours::opposite(role, &name);
        let raw = Raw::new(&name);
        ours::let_it_wait(&mut end, role, 2);
        match how {
            How::Spin => thread::sleep(SOME_CHECKS / 5),
            _ => end.until("it announces its sleep", || {
                raw.parked(role).load(Ordering::SeqCst) == 1
            }),
        }
        end.expect_silence();
        peer.provide();
        ours::expect_done(&mut end, role, 2);
        // Memory that is no longer mapped must not look like an announcement.
        let parked = raw.parked(role).load(Ordering::SeqCst);
        assert_eq!(parked, 0, "its flag after the wait");
    }
    Outcome::Ok
}

fn waits_for_bell(kit: &Kit, role: Role) -> Outcome {
    let name = Name::new();
    let form = Form::of(2).that(How::Bell);
    let mut end = kit.program.start(role, &name, form);
    let start = Instant::now();
    while !name.exists() {
        if end.has_ended() {
            end.expect_what("an end without `--wait bell`", Status::Usage);
            return Outcome::Skipped("an end that has `--wait bell`");
        }
        assert!(start.elapsed() < LIMIT, "it makes no object");
        thread::sleep(Duration::from_micros(200));
    }
    end.attached();
    let peer = ours::fork_opposite(role, &name, |_| ());
    let raw = Raw::new(&name);
    let is_armed = || raw.parked(role).load(Ordering::SeqCst) == 2;
    ours::let_it_wait(&mut end, role, 2);
    end.until("it announces that it waits for its bell", is_armed);
    peer.kill();
    end.expect_what("its peer has died", Status::Died);

    let name = Name::new();
    let (mut end, _) = kit.program.attach(role, &name, form);
    let mut peer = Ours::opposite(role, &name);
    let raw = Raw::new(&name);
    let is_armed = || raw.parked(role).load(Ordering::SeqCst) == 2;
    ours::let_it_wait(&mut end, role, 2);
    end.until("it announces that it waits for its bell", is_armed);
    peer.provide();
    ours::expect_done(&mut end, role, 2);
    end.work(&[]);
    end.until("it announces that it waits for its bell", is_armed);
    peer.close();
    end.expect_what("its peer has closed", Status::Closed);
    Outcome::Ok
}
