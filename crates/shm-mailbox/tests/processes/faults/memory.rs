//! Memory that goes away while an endpoint is busy elsewhere: every way of it, before every call.
//!
//! The guard is installed, as in `shm`. A call may succeed only if what it says is true: a message
//! that was sent stands in the object, one that was received is the one that was sent. After it,
//! the first call that waits tells, within the time of a few checks, and for good.

use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::{fs, thread};

use shm_core::guard;
use shm_mailbox::{CloseError, Message, Receiver, RecvError, SendError, Sender, Wait};
use test_support::{can_mount, in_child, own_dev_shm};

use crate::processes::faults::calls::{MARK, RECEIVES, SENDS, Told, received, sent};
use crate::processes::faults::damage::{Damage, SLOTS, damages, pages};
use crate::support::process::timed;
use crate::support::{NOTICE, Name, PATIENCE, Shared, WAITS, assert_matches, content, leaks};

/// A mailbox with so many messages in it, in the first slots, after all slots were used once.
fn mailbox(queued: u64) -> (Name, Sender, Receiver) {
    guard::install().expect("a handler can be set");
    let name = Name::new();
    let options = || name.options().wait(Wait::Block);
    let mut sender = options()
        .slots(SLOTS)
        .hot_slots(SLOTS)
        .sender()
        .expect("the role");
    let mut receiver = options().receiver().expect("the role");
    let mut buffer = [0; 1024];
    let first = u64::from(SLOTS);
    for number in 0..first + queued {
        let sent = sender.send(content(number, &mut buffer));
        sent.expect("there is room");
        if number < first {
            let received = receiver.recv(&mut Message::new());
            received.expect("there is a message");
        }
    }
    (name, sender, receiver)
}

/// What is never noticed takes all of [`PATIENCE`]; what is noticed takes far less, also where a
/// dozen threads share a processor.
#[track_caller]
fn assert_in_time(took: Duration, what: &str) {
    assert!(took < PATIENCE / 2, "{what}: {took:?}");
}

/// Damages the object before a call of the sender. Returns whether the call noticed at once.
fn before_a_send(damage: Damage, queued: u64, call: usize) -> bool {
    let (what, call) = SENDS[call];
    let what = format!("{damage:?}, {queued} queued, {what}");
    let (name, mut sender, receiver) = mailbox(queued);
    damage.inflict(&name);
    let before = sender.committed();
    let told = call(&mut sender);
    if matches!(told, Told::Done) && !what.contains("empty") {
        // What was reported as sent is there for whoever has the object mapped.
        let there = pages(&name)
            .chunks(4)
            .filter(|word| *word == &MARK[..4])
            .count();
        let sent = usize::try_from(sender.committed() - before).expect("few");
        assert!(there >= 250 * sent, "{what}: lost, but reported as sent");
    }
    let noticed = matches!(told, Told::Lost);
    // The receiver goes: nothing can be said about a mailbox that works.
    drop(receiver);
    let (told, took) = timed(|| {
        // Fills the mailbox, and waits for room: there nothing is left unnoticed.
        loop {
            match sender.send_timeout(b"more", PATIENCE) {
                Ok(()) => {}
                Err(error) => break error,
            }
        }
    });
    assert_in_time(took, &what);
    // What a sender has sent is the receiver's to miss: without its own words gone, it has lost
    // nothing.
    if !(damage.spares_the_header() && matches!(told, SendError::Closed { .. })) {
        let told = sent(Err(told));
        assert_matches!(told, Told::Lost, "{what}");
        let again = sent(sender.try_send(b"again"));
        assert_matches!(again, Told::Lost, "{what}");
    }
    match sender.close() {
        Err(CloseError::Truncated { .. }) | Ok(_) => {}
        Err(error) => panic!("{what}: {error:?}"),
    }
    leaks::assert_none(&name.path(), &what);
    noticed
}

/// Damages the object before a call of the receiver. Returns whether the call noticed at once.
fn before_a_recv(damage: Damage, queued: u64, call: usize) -> bool {
    let (what, call) = RECEIVES[call];
    let what = format!("{damage:?}, {queued} queued, {what}");
    let (name, sender, mut receiver) = mailbox(queued);
    damage.inflict(&name);
    let mut messages = Vec::new();
    let told = call(&mut receiver, &mut messages);
    let noticed = matches!(told, Told::Lost);
    let patience = if damage.harms_nothing() {
        NOTICE / 4
    } else {
        PATIENCE
    };
    let (error, took) = timed(|| {
        loop {
            let mut message = Message::new();
            match receiver.recv_timeout(&mut message, patience) {
                Ok(()) => messages.push(message),
                Err(error) => break error,
            }
        }
    });
    let mut buffer = [0; 1024];
    let first = u64::from(SLOTS);
    for (number, message) in (first..).zip(&messages) {
        assert_eq!(message.sequence(), number, "{what}");
        let sent = content(number, &mut buffer);
        let same = damage.shows(number, message.as_bytes(), sent);
        assert!(same, "{what}: message {number} is not what was sent");
    }
    assert_in_time(took, &what);
    if damage.harms_nothing() {
        assert_matches!(error, RecvError::TimedOut, "{what}");
        assert_eq!(messages.len() as u64, queued, "{what}");
    } else {
        let told = received(Err(error));
        assert_matches!(told, Told::Lost, "{what}");
        let again = received(receiver.try_recv(&mut Message::new()));
        assert_matches!(again, Told::Lost, "{what}");
    }
    match receiver.close() {
        Err(CloseError::Truncated { .. }) | Ok(_) => {}
        Err(error) => panic!("{what}: {error:?}"),
    }
    drop(sender);
    leaks::assert_none(&name.path(), &what);
    noticed
}

/// Every damage, every filling, every call, the damages side by side. Returns how many there were,
/// and how many the call noticed.
fn all(calls: usize, point: fn(Damage, u64, usize) -> bool) -> (usize, u64) {
    let damages = damages();
    let shared = Shared::new();
    let noticed = shared.number(0);
    let each = |damage| {
        for queued in FILLINGS {
            for call in 0..calls {
                let at_once = point(damage, queued, call);
                noticed.fetch_add(at_once.into(), Ordering::Relaxed);
            }
        }
    };
    // The guard is the child's alone.
    in_child(|| {
        thread::scope(|scope| {
            for &damage in &damages {
                scope.spawn(move || each(damage));
            }
        });
    });
    (
        damages.len() * FILLINGS.len() * calls,
        noticed.load(Ordering::Relaxed),
    )
}

/// Empty, a few, full.
const FILLINGS: [u64; 3] = [0, 3, SLOTS as u64];

#[test]
fn a_sender_tells_of_memory_that_went_while_it_was_busy_elsewhere() {
    let (points, noticed) = all(SENDS.len(), before_a_send);
    println!(
        "{points} points of lost memory before a call of a sender, {noticed} told by that call"
    );
    assert!(points >= 200 && noticed >= 50);
}

#[test]
fn a_receiver_tells_of_memory_that_went_while_it_was_busy_elsewhere() {
    let (points, noticed) = all(RECEIVES.len(), before_a_recv);
    println!(
        "{points} points of lost memory before a call of a receiver, {noticed} told by that call"
    );
    assert!(points >= 150 && noticed >= 20);
}

#[test]
fn a_hole_that_nothing_fills_is_told_by_both_ends() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        // A mailbox of 20 KiB, and what is left when a hole of 16 KiB was taken by another.
        own_dev_shm("size=20k");
        for from in [0, 4096] {
            for queued in FILLINGS {
                for call in 0..SENDS.len() {
                    before_a_send(Damage::HoleInFullDevShm(from), queued, call);
                    clear();
                }
                for call in 0..RECEIVES.len() {
                    before_a_recv(Damage::HoleInFullDevShm(from), queued, call);
                    clear();
                }
            }
        }
    });
}

/// Empties this process's own `/dev/shm`.
fn clear() {
    for entry in fs::read_dir("/dev/shm").expect("it is there") {
        fs::remove_file(entry.expect("an entry").path()).expect("it is ours");
    }
}

/// Damages the object while an end waits in this way, or is about to.
fn during_a_wait(damage: Damage, wait: Wait, sends: bool) {
    guard::install().expect("a handler can be set");
    let what = format!(
        "{damage:?}, {wait}, a {}",
        if sends { "sender" } else { "receiver" }
    );
    let name = Name::new();
    let options = || name.options().slots(SLOTS).hot_slots(SLOTS).wait(wait);
    let mut sender = options().sender().expect("the role");
    let mut receiver = options().receiver().expect("the role");
    if sends {
        while sender.try_send(b"fills it").is_ok() {}
    }
    let patience = if damage.harms_nothing() {
        NOTICE / 4
    } else {
        PATIENCE
    };
    let ready = Barrier::new(2);
    let (told, took) = thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            ready.wait();
            timed(|| {
                if sends {
                    sent(sender.send_timeout(MARK, patience))
                } else {
                    received(receiver.recv_timeout(&mut Message::new(), patience))
                }
            })
        });
        ready.wait();
        damage.inflict(&name);
        waiting.join().expect("it does not panic")
    });
    assert_in_time(took, &what);
    if damage.harms_nothing() {
        // A check between the truncation and its undoing, after a ring, reports it.
        assert_matches!(told, Told::Nothing | Told::Lost, "{what}");
    } else {
        assert_matches!(told, Told::Lost, "{what}");
    }
    drop((sender, receiver));
    leaks::assert_none(&name.path(), &what);
}

#[test]
fn an_end_that_waits_tells_of_memory_that_goes_meanwhile() {
    let damages = damages();
    in_child(|| {
        for &damage in &damages {
            thread::scope(|scope| {
                for wait in WAITS {
                    for sends in [false, true] {
                        scope.spawn(move || during_a_wait(damage, wait, sends));
                    }
                }
            });
        }
    });
    let points = damages.len() * WAITS.len() * 2;
    println!("{points} points of memory lost during a wait");
    assert!(points >= 100);
}
