//! Futures that are dropped at each await: nothing is lost, doubled or out of order.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use futures_lite::StreamExt as _;
use shm_mailbox::Message;
use test_support::{Child, LIMIT, Name};
use tokio::task::yield_now;

use crate::support::{
    assert_is, in_each_runtime, message, options, receiver, receiving_child, sender, sending_child,
};

/// How many messages pass.
const COUNT: u64 = 3_000;

/// Makes a new future for each poll, and drops it when it is not ready. The task is woken by what
/// the dropped one has left behind.
macro_rules! dropping_each {
    ($dropped:ident, $future:expr) => {
        poll_fn(|cx| {
            let polled = pin!($future).poll(cx);
            $dropped += u64::from(polled.is_pending());
            polled
        })
        .await
    };
}

/// Another process that sends a message only after the one before was acknowledged, so that the
/// receiver waits for each.
fn child_that_sends_one_by_one(name: &Name) -> Child {
    Child::fork(|| {
        let mut sender = options(name, 2).sender().expect("attach");
        for number in 0..COUNT {
            sender.send(message(number)).expect("room");
            sender.drain(LIMIT).expect("a receiver");
        }
        sender.close().expect("close");
    })
}

#[test]
fn a_recv_dropped_at_each_await_takes_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let child = child_that_sends_one_by_one(&name);
        let mut found = Message::new();
        let mut dropped = 0_u64;
        for number in 0..COUNT {
            dropping_each!(dropped, receiver.recv(&mut found)).expect("a message");
            assert_is(&found, number);
        }
        child.join();
        assert!(dropped >= COUNT / 4, "{dropped} were dropped");
    });
}

#[test]
fn a_peek_dropped_at_each_await_shows_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let child = child_that_sends_one_by_one(&name);
        let mut found = Message::new();
        let mut dropped = 0_u64;
        for number in 0..COUNT {
            dropping_each!(dropped, receiver.peek(&mut found)).expect("a message");
            assert_is(&found, number);
            assert_eq!(receiver.get_mut().acknowledged(), number);
            receiver.ack().expect("one was shown");
        }
        child.join();
        assert!(dropped >= COUNT / 4, "{dropped} were dropped");
    });
}

#[test]
fn the_next_of_a_stream_dropped_at_each_await_takes_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut messages = receiver(options(&name, 2)).await.into_messages();
        let child = sending_child(&name, 2, COUNT);
        let mut dropped = 0_u64;
        for number in 0..COUNT {
            let found = dropping_each!(dropped, messages.next());
            assert_is(&found.expect("one").expect("a message"), number);
        }
        assert!(dropping_each!(dropped, messages.next()).is_none());
        child.join();
        assert!(dropped > 0, "none were dropped");
    });
}

#[test]
fn a_send_dropped_at_each_await_sends_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut sender = sender(options(&name, 1)).await;
        let child = receiving_child(&name, 1, COUNT);
        let mut dropped = 0_u64;
        for number in 0..COUNT {
            assert_eq!(sender.get_mut().committed(), number);
            dropping_each!(dropped, sender.send(message(number))).expect("room");
        }
        dropping_each!(dropped, sender.drain()).expect("a receiver");
        sender.close().expect("close");
        child.join();
        assert!(dropped >= COUNT / 4, "{dropped} were dropped");
    });
}

/// Nobody waits for the wake here: the next future comes at once, or later than the message.
#[test]
fn futures_that_are_given_up_at_once_lose_nothing() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let child = child_that_sends_one_by_one(&name);
        let mut found = Message::new();
        let mut number = 0;
        let mut given_up = 0_u64;
        while number < COUNT {
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
                    if given_up.is_multiple_of(16) {
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
