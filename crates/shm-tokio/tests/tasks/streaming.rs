//! Messages as a stream: each is acknowledged when the next is asked for.

use futures_core::FusedStream as _;
use futures_lite::StreamExt as _;
use shm_mailbox::{Message, RecvError};
use test_support::{Child, Name, assert_matches};

use crate::support::{
    assert_is, in_each_runtime, message, options, receiver, sender, sending_child,
};

#[test]
fn a_stream_ends_when_the_sender_has_closed() {
    in_each_runtime(|| async {
        let name = Name::new();
        let child = sending_child(&name, 2, 1_000);
        let mut messages = receiver(options(&name, 2)).await.into_messages();
        let mut number = 0;
        while let Some(found) = messages.next().await {
            assert_is(&found.expect("a message"), number);
            number += 1;
        }
        assert_eq!(number, 1_000);
        assert!(messages.is_terminated());
        assert!(messages.next().await.is_none());
        child.join();
    });
}

#[test]
fn a_stream_acknowledges_a_message_when_the_next_is_asked_for() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 4)).await;
        let mut sender = sender(options(&name, 4)).await;
        for number in 0..3 {
            sender.send(message(number)).await.expect("room");
        }
        let mut messages = receiver.messages();
        for number in 0..2 {
            assert_is(
                &messages.next().await.expect("one").expect("a message"),
                number,
            );
        }
        drop(messages);
        assert_eq!(sender.get_mut().queued(), 2);
        // The second comes again.
        let mut messages = receiver.messages();
        assert_is(&messages.next().await.expect("one").expect("a message"), 1);
        drop(messages);
        receiver.ack().expect("one was shown");
        let mut found = Message::new();
        receiver.recv(&mut found).await.expect("the third");
        assert_is(&found, 2);
    });
}

#[test]
fn a_stream_tells_of_a_death_once() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 4)).await;
        let child = Child::fork(|| {
            let mut sender = options(&name, 4).sender().expect("attach");
            sender.send(message(0)).expect("room");
            loop {
                std::thread::park();
            }
        });
        let mut messages = receiver.messages();
        assert_is(&messages.next().await.expect("one").expect("a message"), 0);
        let (end, ()) = tokio::join!(messages.next(), async { child.kill() });
        assert_matches!(end, Some(Err(RecvError::PeerDied { .. })));
        assert!(messages.next().await.is_none());
    });
}
