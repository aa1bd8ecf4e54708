//! Waiting for any of several endpoints.

use std::thread;
use std::time::Duration;

use shm_mailbox::{Mailbox, Message, Receiver, RecvError, Select, SelectError, Selectable, Sender};

use crate::support::process::timed;
use crate::support::{LIMIT, NOTICE, Name, assert_matches, die};

const TIMEOUT: Duration = Duration::from_millis(30);

fn pairs(count: usize) -> (Vec<Sender>, Vec<Receiver>) {
    let pairs = (0..count).map(|_| Mailbox::options("select").slots(2).pair());
    pairs.map(|pair| pair.expect("a pair")).unzip()
}

fn ends(receivers: &mut [Receiver]) -> Vec<&mut dyn Selectable> {
    receivers
        .iter_mut()
        .map(|receiver| receiver as &mut dyn Selectable)
        .collect()
}

#[test]
fn the_receiver_that_has_a_message_is_ready_and_the_others_are_not() {
    let (mut senders, mut receivers) = pairs(5);
    let mut select = Select::new();
    for place in [3, 0, 4, 4, 1] {
        senders[place].send(b"hello").unwrap();
        assert_eq!(select.wait(&mut ends(&mut receivers), LIMIT), Ok(place));
        receivers[place].try_recv(&mut Message::new()).unwrap();
    }
}

#[test]
fn endpoints_that_are_always_ready_take_turns() {
    let (mut senders, mut receivers) = pairs(4);
    let mut select = Select::new();
    for sender in &mut senders {
        sender.try_send_batch(&["a", "b"]).unwrap();
    }
    let mut order = Vec::new();
    for _ in 0..8 {
        let place = select.wait(&mut ends(&mut receivers), LIMIT).unwrap();
        receivers[place].try_recv(&mut Message::new()).unwrap();
        order.push(place);
    }
    assert_eq!(order, [0, 1, 2, 3, 0, 1, 2, 3]);
}

#[test]
fn a_sender_is_ready_when_it_has_room() {
    let (mut senders, mut receivers) = pairs(2);
    let mut select = Select::new();
    for sender in &mut senders {
        sender.try_send_batch(&["a", "b"]).unwrap();
    }
    let [first, second] = &mut senders[..] else {
        unreachable!("two")
    };
    let result = select.wait(&mut [first, second], TIMEOUT);
    assert_eq!(result, Err(SelectError::TimedOut { ends: 2 }));
    receivers[1].try_recv(&mut Message::new()).unwrap();
    assert_eq!(select.wait(&mut [first, second], LIMIT), Ok(1));
}

#[test]
fn a_wait_ends_when_a_message_comes_from_elsewhere() {
    let (mut senders, mut receivers) = pairs(64);
    let mut sender = senders.pop().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Select::new().wait(&mut ends(&mut receivers), LIMIT));
        sender.send(b"hello").unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(63));
    });
}

#[test]
fn an_endpoint_is_ready_when_its_next_call_is_an_error() {
    let (mut senders, mut receivers) = pairs(3);
    drop(senders.remove(1));
    assert_eq!(Select::new().wait(&mut ends(&mut receivers), LIMIT), Ok(1));
    assert_matches!(
        receivers[1].try_recv(&mut Message::new()),
        Err(RecvError::Closed { .. })
    );
}

#[test]
fn endpoints_of_mailboxes_and_buses_wait_together() {
    let (name, mut select) = (Name::new(), Select::new());
    let options = || name.bus().slots(2);
    let mut all = options().sender().unwrap();
    let [mut first, mut second] = [(); 2].map(|()| options().receiver().unwrap());
    let (mut one, mut single) = Mailbox::options("select").slots(2).pair().unwrap();
    let mut message = Message::new();
    let mut wait = |ends: &mut [&mut dyn Selectable]| select.wait(ends, LIMIT);

    all.try_send_batch(&["a", "b"]).unwrap();
    assert_eq!(wait(&mut [&mut single, &mut second]), Ok(1));
    one.try_send_batch(&["c", "d"]).unwrap();
    assert_eq!(wait(&mut [&mut single, &mut second]), Ok(0));
    // Both are full, and a bus has room when each of its receivers has given back.
    single.try_recv(&mut message).unwrap();
    assert_eq!(wait(&mut [&mut all, &mut one]), Ok(1));
    one.send("e").unwrap();
    first.try_recv(&mut message).unwrap();
    let result = Select::new().wait(&mut [&mut all, &mut one], TIMEOUT);
    assert_eq!(result, Err(SelectError::TimedOut { ends: 2 }));
    second.try_recv(&mut message).unwrap();
    assert_eq!(wait(&mut [&mut all, &mut one]), Ok(0));
}

#[test]
fn a_sender_of_a_bus_is_ready_when_the_receiver_that_held_it_back_has_died() {
    let name = Name::new();
    let mut sender = name.bus().slots(1).sender().unwrap();
    let mut receiver = name.bus().receiver().unwrap();
    let held = name.bus().receiver().unwrap();
    let (_other, mut empty) = Mailbox::pair().unwrap();
    sender.try_send("a").unwrap();
    receiver.try_recv(&mut Message::new()).unwrap();
    let mut wait = |limit| Select::new().wait(&mut [&mut empty, &mut sender], limit);
    assert_eq!(wait(TIMEOUT), Err(SelectError::TimedOut { ends: 2 }));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(LIMIT));
        die(held);
        assert_eq!(waiting.join().unwrap(), Ok(1));
    });
    sender.try_send("b").unwrap();
}

#[test]
fn a_wait_for_nothing_ends_with_its_time() {
    let (_senders, mut receivers) = pairs(3);
    let (result, took) = timed(|| Select::new().wait(&mut ends(&mut receivers), TIMEOUT));
    assert_eq!(result, Err(SelectError::TimedOut { ends: 3 }));
    assert!(took >= TIMEOUT && took < TIMEOUT + NOTICE, "{took:?}");
    assert_eq!(
        Select::new().wait(&mut [], TIMEOUT),
        Err(SelectError::TimedOut { ends: 0 })
    );
}

#[test]
fn more_than_64_endpoints_are_refused() {
    let (_senders, mut receivers) = pairs(65);
    assert_eq!(
        Select::new().wait(&mut ends(&mut receivers), LIMIT),
        Err(SelectError::TooMany { ends: 65 })
    );
}
