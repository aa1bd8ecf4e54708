//! Several senders and receivers of one bus, in tasks and in other processes.

use std::io::{self, Read as _, Write as _};
use std::thread;
use std::time::Duration;

use futures_lite::StreamExt as _;
use shm_mailbox::bus::{self, Bus};
use shm_mailbox::{Message, Options, RecvError, SendError};
use shm_tokio::{AsyncReceiver, AsyncSender};
use test_support::{Child, Name, assert_matches};
use tokio::time::timeout;

use crate::support::{assert_is, has_bells, in_each_runtime, message};

fn options(name: &Name, slots: u32) -> Options<Bus> {
    Bus::options(name.as_str()).slots(slots)
}

async fn receiver(options: Options<Bus>) -> AsyncReceiver<Bus> {
    let receiver = AsyncReceiver::attach(options).await.expect("a place");
    assert_eq!(receiver.bell_error().is_none(), has_bells());
    receiver
}

async fn sender(options: Options<Bus>) -> AsyncSender<Bus> {
    let sender = AsyncSender::attach(options).await.expect("a lane");
    assert_eq!(sender.bell_error().is_none(), has_bells());
    sender
}

/// Another process that has a place, and takes no messages.
fn idle_receiver(options: impl FnOnce() -> Options<Bus>) -> Child {
    let (mut attached, mut tell) = io::pipe().expect("a pipe");
    let child = Child::fork(|| {
        let _receiver = options().receiver().expect("a place");
        tell.write_all(b"!").expect("tell");
        loop {
            thread::park();
        }
    });
    attached.read_exact(&mut [0]).expect("it attaches");
    child
}

#[test]
fn each_task_receives_all_that_another_sends() {
    const COUNT: u64 = 300;
    in_each_runtime(|| async {
        let name = Name::new();
        let mut sender = sender(options(&name, 2)).await;
        let mut tasks = Vec::new();
        for _ in 0..2 {
            let mut receiver = receiver(options(&name, 2)).await;
            tasks.push(tokio::spawn(async move {
                let mut found = Message::new();
                for number in 0..COUNT {
                    receiver.recv(&mut found).await.expect("a message");
                    assert_is(&found, number);
                }
                let end = receiver.recv(&mut found).await;
                assert_matches!(end, Err(RecvError::Closed { .. }));
            }));
        }
        for number in 0..COUNT {
            sender.send(message(number)).await.expect("room");
        }
        sender.drain().await.expect("receivers");
        sender.close().expect("close");
        for task in tasks {
            task.await.expect("it received all");
        }
        assert!(!name.exists());
    });
}

#[test]
fn a_task_receives_what_tasks_and_processes_send() {
    const COUNT: u64 = 200;
    in_each_runtime(|| async {
        let name = Name::new();
        let options = || options(&name, 2).senders(2).receivers(1);
        let receiver = receiver(options()).await;
        let mut sender = sender(options()).await;
        let child = Child::fork(|| {
            let mut sender = options().sender().expect("a lane");
            for number in 0..COUNT {
                sender.send(message(number)).expect("room");
            }
            sender.close().expect("close");
        });
        let sending = tokio::spawn(async move {
            for number in 0..COUNT {
                sender.send(message(number)).await.expect("room");
            }
            sender
        });
        let mut next = [0; 2];
        let mut messages = receiver.into_messages();
        while next != [COUNT; 2] {
            let found = messages.next().await.expect("more").expect("a message");
            let lane = usize::try_from(found.lane()).expect("0 or 1");
            assert_is(&found, next[lane]);
            next[lane] += 1;
        }
        child.join();
        // Only now, because the other process might have attached after the end.
        let sender = sending.await.expect("it sent all");
        sender.close().expect("close");
        assert!(messages.next().await.is_none());
    });
}

#[test]
fn a_killed_receiver_lets_the_sender_go_on() {
    in_each_runtime(|| async {
        let name = Name::new();
        let options = || options(&name, 2);
        let mut sender = sender(options()).await;
        let mut receiver = receiver(options()).await;
        let child = idle_receiver(options);
        let mut found = Message::new();
        for number in 0..2 {
            sender.send(message(number)).await.expect("room");
            receiver.recv(&mut found).await.expect("a message");
        }
        let places = sender.get_mut().places().expect("of this bus");
        assert!(places[1].holds_back && !places[0].holds_back, "{places:?}");
        let (sent, ()) = tokio::join!(sender.send(message(2)), async { child.kill() });
        sent.expect("room");
        receiver.recv(&mut found).await.expect("a message");
        assert_is(&found, 2);
    });
}

#[test]
fn a_killed_receiver_with_a_label_holds_the_sender_back_until_it_returns() {
    in_each_runtime(|| async {
        let name = Name::new();
        let options = || options(&name, 2);
        let mut sender = sender(options()).await;
        let mut receiver = receiver(options()).await;
        let child = idle_receiver(|| options().label("billing"));
        let mut found = Message::new();
        for number in 0..2 {
            sender.send(message(number)).await.expect("room");
            receiver.recv(&mut found).await.expect("a message");
        }
        let (held, ()) = tokio::join!(sender.send(message(2)), async { child.kill() });
        match held {
            Err(SendError::HeldBack { label, .. }) => assert_eq!(label.as_str(), "billing"),
            other => panic!("{other:?}"),
        }
        let billing = options().label("billing");
        let mut billing = self::receiver(billing).await;
        let (sent, ()) = tokio::join!(sender.send(message(2)), async {
            for number in 0..3 {
                billing.recv(&mut found).await.expect("it was kept");
                assert_is(&found, number);
            }
        });
        sent.expect("room");
        let billing: bus::Receiver = billing.into_inner();
        billing.forget().expect("close");
    });
}

/// Also if a thread has the receiver while it waits.
#[test]
fn a_wait_that_is_given_up_shows_nothing_of_any_lane() {
    in_each_runtime(|| async {
        let name = Name::new();
        let options = || options(&name, 4).senders(2);
        let mut receiver = receiver(options()).await;
        let mut senders = [sender(options()).await, sender(options()).await];
        let mut found = Message::new();
        let mut shown = 0;
        for sender in &mut senders {
            for number in 0..2 {
                sender.send(message(number)).await.expect("room");
            }
            receiver.peek(&mut found).await.expect("a message");
            shown += 1;
        }
        // A wait for the fifth begins, and ends with it.
        while shown < 4 {
            receiver.peek(&mut found).await.expect("a message");
            shown += 1;
        }
        let pause = Duration::from_millis(5);
        let waited = timeout(pause, receiver.peek(&mut found)).await;
        assert!(waited.is_err(), "there is no fifth message");
        senders[0].send(message(2)).await.expect("room");
        receiver.ack().expect("four were shown");
        assert_eq!(receiver.get_mut().queued(), 1);
        receiver.recv(&mut found).await.expect("the fifth");
        assert_eq!((found.lane(), found.sequence()), (0, 2));
    });
}
