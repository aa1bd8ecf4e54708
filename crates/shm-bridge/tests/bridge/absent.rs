//! What one side does while the other is absent: it waits, keeps everything, and prints why.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use shm_mailbox::SendError;
use test_support::{Signal, until};

use super::pair::{Pair, content, expect_no_more, take};

/// A port on which no process listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("it has one").port()
}

#[test]
fn a_bridge_waits_for_the_other_one() {
    let pair = Pair::new();
    let mut sender = pair.sender();
    let port = free_port();
    let near = pair.start_out(port, &[]);
    for number in 0..100 {
        sender.send(content(number)).expect("there is room");
    }
    near.wait_for_error("waiting for the other bridge");
    assert_eq!(pair.near.received(), 0, "nothing was taken");
    let mut receiver = pair.receiver();
    let _far = pair.start_in(port, &[]);
    take(&mut receiver, 0, 100);
    near.wait_for_error("answers again");
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn a_bridge_gives_up_after_the_time_that_was_said_and_keeps_everything() {
    let pair = Pair::new();
    let mut sender = pair.sender();
    sender.send(content(0)).expect("there is room");
    let mut near = pair.start_out(free_port(), &["--timeout", "300ms"]);
    near.wait_for_failure(124, &["nothing was taken for 300ms", "next: "]);
    assert_eq!(pair.near.received(), 0);
    assert_eq!(sender.queued(), 1);
}

#[test]
fn a_full_mailbox_fills_the_other_one_and_then_both_go_on() {
    let pair = Pair::new();
    let mut receiver = pair.receiver_of(16);
    let far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let near = pair.start_out(far.port, &[]);
    let mut sent = 0;
    // Until nothing has moved for longer than the other bridge waits for room.
    let full = loop {
        match sender.send_timeout(content(sent), Duration::from_secs(3)) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, SendError::TimedOut);
    near.wait_for_error("the other mailbox is full");
    // No bridge stores messages: all are in the two mailboxes.
    assert_eq!(sent, 16 + u64::from(sender.capacity()));
    assert_eq!(pair.far.sent(), 16);
    take(&mut receiver, 0, sent);
    near.wait_for_error("has room again");
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn a_bridge_that_waits_for_room_ends_by_a_signal_and_loses_nothing() {
    let pair = Pair::new();
    let mut receiver = pair.receiver_of(16);
    let mut far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let mut near = pair.start_out(far.port, &[]);
    for number in 0..100 {
        sender.send(content(number)).expect("there is room");
    }
    until("the far mailbox is full", || pair.far.sent() == 16);
    far.process.signal(Signal::SIGTERM);
    far.process.wait().expect_signal(Signal::SIGTERM);
    near.signal(Signal::SIGINT);
    near.wait().expect_signal(Signal::SIGINT);
    let far = pair.start_in(0, &[]);
    let _near = pair.start_out(far.port, &[]);
    take(&mut receiver, 0, 100);
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn a_stopped_bridge_is_waited_for() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let near = pair.start_out(far.port, &[]);
    near.wait_for_error("the other bridge takes stream");
    far.process.signal(Signal::SIGSTOP);
    for number in 0..50 {
        sender.send(content(number)).expect("there is room");
    }
    // Longer than the connection lasts without a sign of life.
    near.wait_for_error("waiting for the other bridge");
    thread::sleep(Duration::from_millis(100));
    far.process.signal(Signal::SIGCONT);
    take(&mut receiver, 0, 50);
    expect_no_more(&pair, &sender, &mut receiver);
}
