//! Where a stream resumes, and which other stream may replace it.

use shm_mailbox::{Mailbox, Receiver, Sender};
use test_support::{Process, until};

use super::pair::{In, Pair, bridge, content, expect_no_more, take};

#[test]
fn a_stream_begins_wherever_the_two_mailboxes_are() {
    let pair = Pair::new();
    // Seven were taken here before, and three were sent there.
    let mut sender = pair.sender();
    let mut local = Mailbox::options(pair.near.as_str())
        .receiver()
        .expect("the role");
    for number in 0..7 {
        sender.send(content(number)).expect("there is room");
        local
            .recv(&mut shm_mailbox::Message::new())
            .expect("it is there");
    }
    local.close().expect("it closes");
    let mut receiver = pair.receiver();
    let mut before = Mailbox::options(pair.far.as_str())
        .sender()
        .expect("the role");
    for number in 100..103 {
        before.send(content(number)).expect("there is room");
    }
    before.keep().expect("it closes");
    let far = pair.start_in(0, &[]);
    for number in 7..20 {
        sender.send(content(number)).expect("there is room");
    }
    let _near = pair.start_out(far.port, &[]);
    take(&mut receiver, 100, 103);
    take(&mut receiver, 7, 20);
    expect_no_more(&pair, &sender, &mut receiver);
}

/// Fills the far mailbox, of so many slots, and sends one message more, which waits for room here:
/// the stream cannot end.
fn begin(pair: &Pair, slots: u32) -> (Receiver, In, Sender, Process) {
    let receiver = pair.receiver_of(slots);
    let far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let near = pair.start_out(far.port, &[]);
    for number in 0..=slots.into() {
        sender.send(content(number)).expect("there is room");
    }
    until("the others are acknowledged", || {
        pair.near.received() == u64::from(slots)
    });
    (receiver, far, sender, near)
}

#[test]
fn another_stream_is_refused_until_the_first_has_ended() {
    let pair = Pair::new();
    let (mut receiver, far, mut sender, mut first) = begin(&pair, 1);
    let other = Pair::new();
    let mut other_sender = other.sender();
    other_sender.send(content(2)).expect("there is room");
    let connect = format!("tcp/127.0.0.1:{}", far.port);
    let start = || {
        let mut command = bridge("out", &other.near);
        command.args(["--key", pair.far.as_str(), "--connect", &connect]);
        Process::spawn(&mut command)
    };
    start().wait_for_failure(4, &["carries another stream", "--new-stream"]);
    assert_eq!(other.near.received(), 0, "nothing was taken");
    assert_eq!(pair.far.sent(), 1, "nothing was sent");

    // The first one ends.
    take(&mut receiver, 0, 2);
    sender.drain(None).expect("it was carried");
    sender.close().expect("it closes");
    first.wait().expect_code(0);
    let _second = start();
    take(&mut receiver, 2, 3);
    until("it is acknowledged", || other.near.received() == 1);
}

#[test]
fn another_stream_takes_the_place_of_one_that_has_not_ended_if_that_is_asked_for() {
    let pair = Pair::new();
    let (mut receiver, mut far, sender, mut first) = begin(&pair, 1);
    first.kill();
    far.process.kill();
    // The mailbox is removed, with what was not carried; the next has another identity.
    sender.keep().expect("it closes");
    pair.near.unlink();
    let mut sender = pair.sender();
    sender.send(content(1)).expect("there is room");

    let mut far = pair.start_in(0, &[]);
    pair.start_out(far.port, &[])
        .wait_for_failure(4, &["another stream"]);
    far.process.kill();
    let far = pair.start_in(0, &["--new-stream"]);
    let _near = pair.start_out(far.port, &[]);
    take(&mut receiver, 0, 2);
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn messages_of_others_in_the_far_mailbox_are_noticed() {
    let pair = Pair::new();
    let (mut receiver, mut far, _sender, mut near) = begin(&pair, 64);
    far.process.kill();
    near.kill();
    take(&mut receiver, 0, 64);
    let mut stranger = Mailbox::options(pair.far.as_str())
        .sender()
        .expect("the role");
    for number in 500..533 {
        stranger.send(content(number)).expect("there is room");
    }
    stranger.keep().expect("it closes");
    take(&mut receiver, 500, 533);
    let _both = expect_advice(&pair, "messages of other programs");
    take(&mut receiver, 64, 65);
}

#[test]
fn messages_that_were_taken_here_and_not_carried_are_noticed() {
    let pair = Pair::new();
    let (mut receiver, mut far, mut sender, mut near) = begin(&pair, 1);
    near.kill();
    far.process.kill();
    let mut thief = Mailbox::options(pair.near.as_str())
        .receiver()
        .expect("the role");
    thief
        .recv(&mut shm_mailbox::Message::new())
        .expect("it is there");
    thief.close().expect("it closes");
    sender.send(content(2)).expect("there is room");
    let _both = expect_advice(&pair, "expects message 1, but 2 is the first");
    take(&mut receiver, 0, 1);
    take(&mut receiver, 2, 3);
}

/// The bridges refuse to go on, say this, and go on with what it advises.
#[track_caller]
fn expect_advice(pair: &Pair, what: &str) -> (In, Process) {
    let mut far = pair.start_in(0, &[]);
    let mut near = pair.start_out(far.port, &[]);
    near.wait_for_failure(4, &[what, "start", "--new-stream"]);
    far.process.kill();
    let far = pair.start_in(0, &["--new-stream"]);
    let near = pair.start_out(far.port, &[]);
    near.wait_for_error("takes stream");
    (far, near)
}

#[test]
fn each_next_writer_is_carried_with_follow() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    let near = pair.start_out(far.port, &["--follow"]);
    let mut ids = Vec::new();
    for round in 0..4 {
        let mut sender = pair.sender();
        ids.push(sender.id());
        for number in 0..10 {
            sender
                .send(content(round * 10 + number))
                .expect("there is room");
        }
        sender.drain(None).expect("it is carried");
        sender.close().expect("it closes");
        take(&mut receiver, round * 10, round * 10 + 10);
        until("the bridge has logged it", || {
            far.process.errors().matches("has ended").count() as u64 == round + 1
        });
    }
    ids.dedup();
    assert!(ids.len() > 1, "each writer made another mailbox");
    assert!(!near.errors().contains("--new-stream"));
}
