//! Futures that are dropped at each await: nothing is lost, doubled or out of order.

use std::future::{Future as _, poll_fn};
use std::mem;
use std::pin::pin;
use std::task::Poll;

use futures_lite::StreamExt as _;
use shm_mailbox::{Message, Sender};
use test_support::{Child, LIMIT, Name};
use tokio::task::yield_now;

use crate::support::{assert_is, in_each_runtime, message, options, receiver, sender};

/// How many messages pass.
const COUNT: u64 = 2_000;
/// How many where the task does not wait for its wake, which keeps a core busy.
const FEWER: u64 = 300;

/// Makes a new future for each poll, and drops it when it is not ready. Asks the peer to go on once
/// the first was dropped. The task is woken by what the dropped ones have left behind.
macro_rules! dropping_each {
    ($dropped:ident, $future:expr, $ask:expr) => {{
        let mut asked = false;
        poll_fn(|cx| {
            let polled = pin!($future).poll(cx);
            if polled.is_pending() {
                $dropped += 1;
                if !mem::replace(&mut asked, true) {
                    $ask.try_send("").expect("room");
                }
            }
            polled
        })
        .await
    }};
}

/// How many times the peer can be asked before it has listened.
const ASKS: u32 = 4;

fn asks(name: &Name) -> Sender {
    options(name, ASKS).sender().expect("attach")
}

/// Another process that does something with each number when it is asked to.
fn asked_child(asks: &Name, prepare: impl FnOnce() -> Box<dyn FnMut(u64)>) -> Child {
    Child::fork(|| {
        let mut work = prepare();
        let mut asks = options(asks, ASKS).receiver().expect("attach");
        for number in 0..COUNT {
            let mut ask = Message::new();
            asks.recv_timeout(&mut ask, LIMIT).expect("it is asked");
            work(number);
        }
        // What it works with is closed last.
        asks.close().expect("close");
    })
}

/// Another process that sends a message when it is asked to.
fn sending_child(name: &Name, asks: &Name) -> Child {
    asked_child(asks, || {
        let mut sender = options(name, 2).sender().expect("attach");
        Box::new(move |number| {
            sender.send(message(number)).expect("room");
            if number == COUNT - 1 {
                sender.drain(LIMIT).expect("a receiver");
            }
        })
    })
}

/// Another process that receives a message when it is asked to, and compares it.
fn receiving_child(name: &Name, asks: &Name) -> Child {
    asked_child(asks, || {
        let mut receiver = options(name, 1).receiver().expect("attach");
        let mut found = Message::new();
        Box::new(move |number| {
            receiver.recv_timeout(&mut found, LIMIT).expect("a message");
            assert_is(&found, number);
        })
    })
}

#[test]
fn a_recv_dropped_at_each_await_takes_nothing() {
    in_each_runtime(|| async {
        let (name, asking) = (Name::new(), Name::new());
        let mut receiver = receiver(options(&name, 2)).await;
        let child = sending_child(&name, &asking);
        let (mut ask, mut found, mut dropped) = (asks(&asking), Message::new(), 0_u64);
        for number in 0..COUNT {
            dropping_each!(dropped, receiver.recv(&mut found), ask).expect("a message");
            assert_is(&found, number);
        }
        child.join();
        assert!(dropped >= COUNT, "{dropped} were dropped");
    });
}

#[test]
fn a_peek_dropped_at_each_await_shows_nothing() {
    in_each_runtime(|| async {
        let (name, asking) = (Name::new(), Name::new());
        let mut receiver = receiver(options(&name, 2)).await;
        let child = sending_child(&name, &asking);
        let (mut ask, mut found, mut dropped) = (asks(&asking), Message::new(), 0_u64);
        for number in 0..COUNT {
            dropping_each!(dropped, receiver.peek(&mut found), ask).expect("a message");
            assert_is(&found, number);
            assert_eq!(receiver.get_mut().acknowledged(), number);
            receiver.ack().expect("one was shown");
        }
        child.join();
        assert!(dropped >= COUNT, "{dropped} were dropped");
    });
}

#[test]
fn the_next_of_a_stream_dropped_at_each_await_takes_nothing() {
    in_each_runtime(|| async {
        let (name, asking) = (Name::new(), Name::new());
        let mut messages = receiver(options(&name, 2)).await.into_messages();
        let child = sending_child(&name, &asking);
        let (mut ask, mut dropped) = (asks(&asking), 0_u64);
        for number in 0..COUNT {
            let found = dropping_each!(dropped, messages.next(), ask);
            assert_is(&found.expect("one").expect("a message"), number);
        }
        assert!(dropping_each!(dropped, messages.next(), ask).is_none());
        child.join();
        assert!(dropped >= COUNT, "{dropped} were dropped");
    });
}

#[test]
fn a_send_dropped_at_each_await_sends_nothing() {
    in_each_runtime(|| async {
        let (name, asking) = (Name::new(), Name::new());
        let mut sender = sender(options(&name, 1)).await;
        let child = receiving_child(&name, &asking);
        let (mut ask, mut dropped) = (asks(&asking), 0_u64);
        for number in 0..COUNT {
            assert_eq!(sender.get_mut().committed(), number);
            // All but the first find the one slot taken, until the peer is asked.
            dropping_each!(dropped, sender.send(message(number)), ask).expect("room");
        }
        dropping_each!(dropped, sender.drain(), ask).expect("a receiver");
        child.join();
        assert!(dropped >= COUNT, "{dropped} were dropped");
    });
}

/// Another process that sends a message once the one before was acknowledged.
fn child_that_sends_one_by_one(name: &Name) -> Child {
    Child::fork(|| {
        let mut sender = options(name, 2).sender().expect("attach");
        for number in 0..FEWER {
            sender.send(message(number)).expect("room");
            sender.drain(LIMIT).expect("a receiver");
        }
        sender.close().expect("close");
    })
}

/// Nobody waits for the wake here: the next future comes at once, or later than the message.
#[test]
fn futures_that_are_given_up_at_once_lose_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let child = child_that_sends_one_by_one(&name);
        let (mut found, mut number, mut given_up) = (Message::new(), 0, 0_u64);
        while number < FEWER {
            let received = tokio::select! {
                biased;
                received = receiver.recv(&mut found) => Some(received),
                () = yield_now() => None,
            };
            match received {
                Some(received) => {
                    received.expect("a message");
                    assert_is(&found, number);
                    number += 1;
                }
                None => {
                    given_up += 1;
                    // A wait that goes to its end, now and then.
                    if given_up.is_multiple_of(4) {
                        let waited = poll_fn(|cx| {
                            let polled = pin!(receiver.peek(&mut found)).poll(cx);
                            polled.map(|peeked| peeked.expect("a message"))
                        });
                        waited.await;
                        assert_is(&found, number);
                        receiver.rewind();
                    }
                }
            }
        }
        child.join();
        assert!(given_up > 0, "none were given up");
    });
}

/// A drain that is given up, and then a send: the wait for the one must not stand for the other.
#[test]
fn a_wait_for_one_thing_does_not_hold_up_the_wait_for_another() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let mut sender = sender(options(&name, 2)).await;
        let mut found = Message::new();
        for number in 0..2 {
            sender.send(message(number)).await.expect("room");
        }
        for number in 2..50 {
            let drained = poll_fn(|cx| Poll::Ready(pin!(sender.drain()).poll(cx))).await;
            assert!(drained.is_pending(), "two messages are left");
            // One of two is taken: there is room, and the mailbox is not drained.
            let (sent, received) =
                tokio::join!(sender.send(message(number)), receiver.recv(&mut found));
            sent.expect("room");
            received.expect("a message");
            assert_is(&found, number - 2);
        }
    });
}
