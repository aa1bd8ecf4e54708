//! What a task sends, another task or process receives; and other tasks have their turns.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use shm_mailbox::{AttachError, Mailbox, Message, RecvError, SendError};
use shm_tokio::{AsyncReceiver, AsyncSender};
use test_support::{Child, Name, assert_matches};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::support::{
    assert_is, in_each_runtime, message, options, receiver, receiving_child, sender, sending_child,
};

#[test]
fn a_task_receives_what_another_sends() {
    const COUNT: u64 = 500;
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 1)).await;
        let mut sender = sender(options(&name, 1)).await;
        let sending = tokio::spawn(async move {
            for number in 0..COUNT {
                sender.send(message(number)).await.expect("room");
            }
            sender.drain().await.expect("a receiver");
            assert_eq!(sender.get_mut().queued(), 0);
            sender.close().expect("close");
        });
        let mut found = Message::new();
        for number in 0..COUNT {
            receiver.recv(&mut found).await.expect("a message");
            assert_is(&found, number);
        }
        sending.await.expect("it sent all");
        receiver.close().expect("close");
        assert!(!name.exists());
    });
}

#[test]
fn a_task_receives_what_another_process_sends() {
    in_each_runtime(|| async {
        let name = Name::new();
        let child = sending_child(&name, 4, 5_000);
        let mut receiver = receiver(options(&name, 4)).await;
        let mut found = Message::new();
        for number in 0..5_000 {
            receiver.recv(&mut found).await.expect("a message");
            assert_is(&found, number);
        }
        child.join();
    });
}

#[test]
fn another_process_receives_what_a_task_sends() {
    in_each_runtime(|| async {
        let name = Name::new();
        let child = receiving_child(&name, 4, 5_000);
        let mut sender = sender(options(&name, 4)).await;
        for number in 0..5_000 {
            sender.send(message(number)).await.expect("room");
        }
        sender.drain().await.expect("a receiver");
        sender.close().expect("close");
        child.join();
    });
}

#[test]
fn messages_stay_until_they_are_acknowledged() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 4)).await;
        let mut sender = sender(options(&name, 4)).await;
        let mut found = Message::new();
        for number in 0..3 {
            sender.send(message(number)).await.expect("room");
            receiver.peek(&mut found).await.expect("a message");
            assert_is(&found, number);
        }
        // A wait that is given up shows nothing, and acknowledges nothing.
        let pause = Duration::from_millis(5);
        let waited = timeout(pause, receiver.peek(&mut found)).await;
        assert!(waited.is_err(), "there is no fourth message");
        assert_eq!(receiver.get_mut().queued(), 3);
        assert_matches!(timeout(pause, sender.drain()).await, Err(_));

        receiver.rewind();
        for number in 0..2 {
            receiver.peek(&mut found).await.expect("shown again");
            assert_is(&found, number);
        }
        receiver.ack().expect("two were shown");
        assert_eq!(sender.get_mut().queued(), 1);
        receiver.recv(&mut found).await.expect("the third");
        assert_is(&found, 2);
        sender.drain().await.expect("all are acknowledged");
    });
}

/// A wait without a bell looks by showing: what was shown before has to stay as it was.
#[test]
fn a_message_that_ends_an_abandoned_wait_is_not_acknowledged() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 8)).await;
        let mut sender = sender(options(&name, 8)).await;
        let mut found = Message::new();
        for number in 0..3 {
            sender.send(message(number)).await.expect("room");
            receiver.peek(&mut found).await.expect("a message");
        }
        let waited = timeout(Duration::from_millis(5), receiver.peek(&mut found)).await;
        assert!(waited.is_err(), "there is no fourth message");
        sender.send(message(3)).await.expect("room");
        // Long enough for the helper, which waits without a bell, to find it.
        tokio::time::sleep(Duration::from_millis(50)).await;
        receiver.ack().expect("three were shown");
        assert_eq!(receiver.get_mut().acknowledged(), 3);
        receiver.recv(&mut found).await.expect("the fourth");
        assert_is(&found, 3);
    });
}

/// A call that waits in this thread takes back what the wait before it has announced.
#[test]
fn a_call_that_blocks_in_between_does_not_make_the_task_deaf() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let mut sender = sender(options(&name, 2)).await;
        let mut found = Message::new();
        for number in 0..5 {
            let waited = timeout(Duration::from_millis(1), receiver.recv(&mut found)).await;
            assert!(waited.is_err(), "nothing was sent");
            let pause = Duration::from_millis(1);
            let waited = receiver.get_mut().recv_timeout(&mut found, pause);
            assert_matches!(waited, Err(RecvError::TimedOut));
            let sending = async {
                yield_now().await;
                sender.send(message(number)).await
            };
            let (received, sent) = tokio::join!(receiver.recv(&mut found), sending);
            sent.expect("room");
            received.expect("a message");
            assert_is(&found, number);
        }
    });
}

#[test]
fn too_long_a_message_is_refused_at_once() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut sender = sender(options(&name, 1)).await;
        let refused = sender.send(vec![0; 1025]).await;
        assert_matches!(refused, Err(SendError::TooLong { excess: 1, .. }));
        assert_eq!(sender.get_mut().committed(), 0);
    });
}

#[test]
fn a_role_that_is_taken_is_an_error() {
    in_each_runtime(|| async {
        let name = Name::new();
        let _first = receiver(options(&name, 1)).await;
        let second = options(&name, 1).attach_timeout(Duration::ZERO);
        let second = AsyncReceiver::attach(second).await;
        assert_matches!(second, Err(AttachError::RoleTaken { .. }));
    });
}

#[test]
fn an_endpoint_can_be_taken_out_of_the_runtime_and_back() {
    in_each_runtime(|| async {
        let (mut sender, receiver) = Mailbox::pair().expect("a mailbox");
        let mut receiver = AsyncReceiver::new(receiver);
        let mut found = Message::new();
        let waited = timeout(Duration::from_millis(1), receiver.recv(&mut found)).await;
        assert!(waited.is_err(), "nothing was sent");
        let mut receiver = receiver.into_inner();
        sender.send(message(0)).expect("room");
        receiver.recv(&mut found).expect("a message");
        assert_is(&found, 0);
        let mut receiver = AsyncReceiver::new(receiver);
        let mut sender = AsyncSender::new(sender);
        let (sent, received) = tokio::join!(sender.send(message(1)), receiver.recv(&mut found));
        sent.expect("room");
        received.expect("a message");
        assert_is(&found, 1);
    });
}

#[test]
fn one_thread_waits_for_many_mailboxes() {
    const MAILBOXES: usize = 12;
    const EACH: u64 = 20;
    in_each_runtime(|| async {
        let names: Vec<_> = (0..MAILBOXES).map(|_| Name::new()).collect();
        let mut tasks = JoinSet::new();
        for name in &names {
            let mut receiver = receiver(options(name, 2)).await;
            tasks.spawn(async move {
                let mut found = Message::new();
                for number in 0..EACH {
                    receiver.recv(&mut found).await.expect("a message");
                    assert_is(&found, number);
                }
            });
        }
        let child = Child::fork(|| {
            let attach = |name| options(name, 2).sender().expect("attach");
            let mut senders: Vec<_> = names.iter().map(attach).collect();
            for number in 0..EACH {
                for sender in &mut senders {
                    sender.send(message(number)).expect("room");
                }
            }
            for sender in &mut senders {
                sender.drain(None).expect("a receiver");
            }
        });
        while let Some(done) = tasks.join_next().await {
            done.expect("all messages in order");
        }
        child.join();
    });
}

#[test]
fn a_mailbox_that_is_never_empty_leaves_other_tasks_their_turns() {
    const COUNT: u64 = 4096;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let name = Name::new();
        let mut sender = sender(options(&name, 4096)).await;
        let mut receiver = receiver(options(&name, 4096)).await;
        let turns = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                counter.fetch_add(1, Ordering::Relaxed);
                yield_now().await;
            }
        });
        // A task of its own, since the budget is one of tasks.
        let busy = tokio::spawn(async move {
            for number in 0..COUNT {
                sender.send(number.to_le_bytes()).await.expect("room");
            }
            let mut found = Message::new();
            for _ in 0..COUNT {
                receiver.recv(&mut found).await.expect("a message");
            }
        });
        busy.await.expect("all were there");
        other.abort();
        // A budget is 128 operations.
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns >= 2 * COUNT / 128, "{turns} turns");
    });
}

#[test]
fn a_task_that_waits_is_not_polled_again_and_again() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let mut sender = sender(options(&name, 2)).await;
        let mut found = Message::new();
        for number in 0..2 {
            // A ring has ended the first wait.
            let (sent, received) = tokio::join!(
                async {
                    yield_now().await;
                    sender.send(message(number)).await
                },
                receiver.recv(&mut found)
            );
            sent.expect("room");
            received.expect("a message");
        }
        let mut polls = 0;
        let mut recv = pin!(receiver.recv(&mut found));
        let counted = poll_fn(|cx| {
            polls += 1;
            recv.as_mut().poll(cx)
        });
        let waited = timeout(Duration::from_millis(100), counted).await;
        assert!(waited.is_err(), "nothing was sent");
        // A new bell makes the endpoint look by itself now and then.
        assert!(polls < 50, "{polls} polls");
    });
}
