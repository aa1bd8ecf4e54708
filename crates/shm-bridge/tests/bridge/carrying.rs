//! Every message once, in order: without a fault, and with each kind of fault.

use std::thread;
use std::time::Duration;

use test_support::{Signal, is_torture, until};

use super::pair::{Pair, content, expect_no_more, take};
use super::relay::Relay;

/// Sends `count` messages from another thread, and then closes.
fn send(pair: &Pair, count: u64) -> thread::JoinHandle<()> {
    let mut sender = pair.sender();
    thread::spawn(move || {
        for number in 0..count {
            sender.send(content(number)).expect("it waits for room");
        }
        sender.drain(None).expect("all is carried");
        sender.close().expect("it closes");
    })
}

#[test]
fn messages_arrive_once_and_in_order() {
    const COUNT: u64 = 20_000;
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let mut far = pair.start_in(0, &[]);
    let sending = send(&pair, COUNT);
    pair.near.wait_for_sender();
    let mut near = pair.start_out(far.port, &["--stats"]);
    take(&mut receiver, 0, COUNT);
    sending.join().expect("it was sent");
    let ended = near.wait().expect_code(0);
    ended.expect_errors(&["20000 messages", "messages/s"]);
    far.process.wait_for_error("has ended");
    far.process.signal(Signal::SIGTERM);
    far.process.wait().expect_signal(Signal::SIGTERM);
    assert!(pair.far.exists(), "the far mailbox keeps the note");
    assert!(
        !pair.near.exists(),
        "the near one was left empty and closed"
    );
}

#[test]
fn empty_messages_and_long_ones_arrive_as_they_were_sent() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let _near = pair.start_out(far.port, &[]);
    // More than a question can have, in bytes and in messages.
    for round in 0..40 {
        for length in [0, 1, 1024] {
            sender.send(vec![round; length]).expect("there is room");
        }
    }
    let mut message = shm_mailbox::Message::new();
    for round in 0..40 {
        for length in [0, 1, 1024] {
            receiver.recv(&mut message).expect("it comes");
            assert_eq!(message.as_bytes(), vec![round; length]);
        }
    }
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn killed_bridges_lose_and_double_nothing() {
    let (count, kills) = if is_torture() {
        (1_000_000, 200)
    } else {
        (60_000, 12)
    };
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let mut far = pair.start_in(0, &[]);
    let port = far.port;
    let sending = send(&pair, count);
    pair.near.wait_for_sender();
    let mut near = pair.start_out(port, &[]);
    let mut random = fastrand::Rng::with_seed(22);
    let mut taken = 0;
    for kill in 0..kills {
        // A kill comes after some progress, so that each meets a bridge at work.
        let next = count * (kill + 1) / (kills + 1);
        take(&mut receiver, taken, next);
        taken = next;
        thread::sleep(Duration::from_micros(random.u64(..3000)));
        if random.bool() {
            near.kill();
            near = pair.start_out(port, &[]);
        } else {
            far.process.kill();
            far = pair.start_in(port, &[]);
        }
    }
    take(&mut receiver, taken, count);
    sending.join().expect("it was sent");
    near.wait().expect_code(0);
    println!("bridges: {count} messages, {kills} kills, 0 lost, 0 doubled, 0 reordered");
    far.process.kill();
}

#[test]
fn a_connection_that_is_cut_loses_and_doubles_nothing() {
    let (count, cuts) = if is_torture() {
        (500_000, 100)
    } else {
        (40_000, 8)
    };
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let mut far = pair.start_in(0, &[]);
    let relay = Relay::to(far.port);
    let sending = send(&pair, count);
    pair.near.wait_for_sender();
    let mut near = pair.start_out(relay.port, &[]);
    let mut taken = 0;
    for cut in 0..cuts {
        let next = count * (cut + 1) / (cuts + 1);
        take(&mut receiver, taken, next);
        taken = next;
        relay.cut();
    }
    take(&mut receiver, taken, count);
    sending.join().expect("it was sent");
    near.wait().expect_code(0);
    println!("bridges: {count} messages, {cuts} cuts, 0 lost, 0 doubled, 0 reordered");
    far.process.kill();
}

#[test]
fn killed_ends_of_the_mailboxes_lose_and_double_nothing() {
    const COUNT: u64 = 5000;
    let pair = Pair::new();
    let far = pair.start_in(0, &[]);
    let _near = pair.start_out(far.port, &["--follow"]);
    // An endpoint dropped by a panic counts as dead, so the mailbox stays.
    let mut number = 0;
    let mut taken = 0;
    while number < COUNT {
        let mut sender = pair.sender();
        let dying = thread::spawn(move || {
            for _ in 0..500 {
                sender.send(content(number)).expect("it waits for room");
                number += 1;
            }
            std::panic::resume_unwind(Box::new(number));
        });
        let mut receiver = pair.receiver();
        take(&mut receiver, taken, taken + 490);
        taken += 490;
        let died = dying.join().expect_err("it panics");
        number = *died.downcast_ref::<u64>().expect("it says how far it came");
        drop(receiver);
    }
    take(&mut pair.receiver(), taken, number);
    until("all is acknowledged", || pair.near.received() == number);
}
