//! One to many across machines: a bridge for each destination, at a labelled place of a bus.

use shm_mailbox::bus::{self, Bus};
use test_support::{Process, Signal};

use super::pair::{Pair, bridge, content, take};

/// Starts `shm bridge out` from the bus of `near` to the far mailbox of `to`, by the label.
fn start_out(near: &Pair, label: &str, to: &Pair, port: u16) -> Process {
    let connect = format!("tcp/127.0.0.1:{port}");
    let mut command = bridge("out", &near.near);
    command.args(["--as", label, "--key", to.far.as_str()]);
    Process::spawn(command.args(["--connect", &connect]))
}

fn send(sender: &mut bus::Sender, count: u64) {
    for _ in 0..count {
        let message = content(sender.committed());
        sender.send(message).expect("it waits for room");
    }
}

#[test]
fn each_destination_gets_every_message_once_whichever_bridge_is_killed() {
    // All fit into a far mailbox, which is emptied at the end.
    const COUNT: u64 = 40;
    let pairs = [Pair::new(), Pair::new()];
    let options = Bus::options(pairs[0].near.as_str()).receivers(2).slots(64);
    let mut sender = options.await_peer(true).sender().expect("a lane is free");
    let mut receivers = pairs.each_ref().map(Pair::receiver);
    let far = pairs.each_ref().map(|pair| pair.start_in(0, &[]));
    let start = |at: usize| {
        let label = ["kitchen", "billing"][at];
        let out = start_out(&pairs[0], label, &pairs[at], far[at].port);
        out.wait_for_error("is carried to");
        out
    };
    let mut out = [start(0), start(1)];
    send(&mut sender, COUNT);
    for at in [0, 1, 0, 1] {
        // The bus keeps these messages for its label.
        out[at].signal(Signal::SIGKILL);
        out[at].wait().expect_signal(Signal::SIGKILL);
        send(&mut sender, 10);
        out[at] = start(at);
        send(&mut sender, COUNT);
    }
    let end = sender.committed();
    for receiver in &mut receivers {
        take(receiver, 0, end);
    }
    sender
        .drain(test_support::LIMIT)
        .expect("both have everything");
    // Who has the label, or all places, is as who has the role of a mailbox.
    start_out(&pairs[0], "billing", &pairs[1], far[1].port).wait_for_failure(4, &["billing"]);
    start_out(&pairs[0], "third", &pairs[1], far[1].port).wait_for_failure(4, &["no room"]);
    sender.close().expect("it closes");
    for out in &mut out {
        out.wait().expect_code(0);
    }
}

#[test]
fn a_bus_of_several_writers_is_refused_and_waits_for_no_bridge() {
    let pair = Pair::new();
    let options = Bus::options(pair.near.as_str()).senders(2);
    let sender = options.sender().expect("a lane is free");
    let mut out = start_out(&pair, "kitchen", &pair, 1);
    let ended = out.wait().expect_code(7);
    ended.expect_errors(&["a bus of several writers"]);
    assert_eq!(sender.places().expect("it is there"), []);
}

#[test]
fn what_a_bus_of_several_writers_keeps_for_a_label_is_kept_when_a_bridge_is_refused() {
    let pair = Pair::new();
    let options = || Bus::options(pair.near.as_str()).exact(false);
    let mut sender = options().senders(2).sender().expect("a lane is free");
    let kept = options().label("billing").receiver().expect("a place");
    kept.close().expect("it closes");
    send(&mut sender, 3);
    let mut out = start_out(&pair, "billing", &pair, 1);
    out.wait_for_failure(7, &["a bus of several writers"]);
    let places = sender.places().expect("it is there");
    let behind: Vec<_> = places.iter().map(|place| place.behind).collect();
    assert_eq!(behind, [3], "the messages are kept");
}
