//! Peers that close, are killed, or come again, and objects that are cut off, while a task waits.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::sync::mpsc;
use std::thread;

use shm_mailbox::{Message, RecvError, SendError, guard};
use test_support::{Child, Name, assert_matches};
use tokio::runtime::Builder;

use crate::support::{
    assert_is, has_bells, in_each_runtime, message, options, receiver, sender, until,
};

/// Another process that stays what it is until it is killed.
fn idle_sender(name: &Name) -> Child {
    idle(|| options(name, 2).sender().expect("attach"))
}

fn idle_receiver(name: &Name) -> Child {
    idle(|| options(name, 2).receiver().expect("attach"))
}

/// A process that has attached, and sits there. One that is killed while it attaches was never
/// there.
fn idle<T>(attach: impl FnOnce() -> T) -> Child {
    let (mut attached, mut tell) = io::pipe().expect("a pipe");
    let child = Child::fork(|| {
        let _end = attach();
        tell.write_all(b"!").expect("tell");
        loop {
            thread::park();
        }
    });
    attached.read_exact(&mut [0]).expect("it attaches");
    child
}

#[test]
fn a_task_is_told_that_the_sender_was_killed() {
    in_each_runtime(|| async {
        for _ in 0..10 {
            let name = Name::new();
            let mut receiver = receiver(options(&name, 2)).await;
            let child = idle_sender(&name);
            let mut found = Message::new();
            let (end, ()) = tokio::join!(receiver.recv(&mut found), async { child.kill() });
            assert_matches!(end, Err(RecvError::PeerDied { .. }));
            let again = receiver.recv(&mut found).await;
            assert_matches!(again, Err(RecvError::PeerDied { .. }));
        }
    });
}

#[test]
fn a_task_is_told_that_the_receiver_was_killed() {
    in_each_runtime(|| async {
        for _ in 0..10 {
            let name = Name::new();
            let mut sender = sender(options(&name, 2)).await;
            let child = idle_receiver(&name);
            for number in 0..2 {
                sender.send(message(number)).await.expect("room");
            }
            let (end, ()) = tokio::join!(sender.send(message(2)), async { child.kill() });
            assert_matches!(end, Err(SendError::PeerDied { .. }));
            assert_matches!(sender.drain().await, Err(SendError::PeerDied { .. }));
            // The next one finds two messages, and makes room.
            let mut receiver = receiver(options(&name, 2)).await;
            let mut found = Message::new();
            for number in 0..3 {
                let (sent, received) = tokio::join!(
                    async {
                        match number {
                            0 => sender.send(message(2)).await,
                            _ => Ok(()),
                        }
                    },
                    receiver.recv(&mut found)
                );
                sent.expect("room again");
                received.expect("a message");
                assert_is(&found, number);
            }
        }
    });
}

#[test]
fn a_task_is_told_that_its_peer_has_closed() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 1)).await;
        let sender = sender(options(&name, 1)).await;
        let mut found = Message::new();
        let close = async { sender.close().expect("close") };
        let (end, _) = tokio::join!(receiver.recv(&mut found), close);
        assert_matches!(end, Err(RecvError::Closed { .. }));
    });
    in_each_runtime(|| async {
        let name = Name::new();
        let receiver = receiver(options(&name, 1)).await;
        let mut sender = sender(options(&name, 1)).await;
        sender.send(message(0)).await.expect("room");
        let close = async { receiver.close().expect("close") };
        let (end, _) = tokio::join!(sender.send(message(1)), close);
        assert_matches!(end, Err(SendError::Closed { .. }));
        assert_eq!(sender.get_mut().committed(), 1);
    });
}

#[test]
fn a_task_is_told_that_the_stream_was_cut_off() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 1)).await;
        let sender = sender(options(&name, 1)).await;
        let mut found = Message::new();
        let abort = async { sender.abort().expect("abort") };
        let (end, _) = tokio::join!(receiver.recv(&mut found), abort);
        assert_matches!(end, Err(RecvError::PeerDied { .. }));
    });
}

#[test]
fn a_sender_that_keeps_the_object_leaves_it() {
    in_each_runtime(|| async {
        let name = Name::new();
        let sender = sender(options(&name, 1)).await;
        sender.keep().expect("keep");
        assert!(name.exists());
    });
}

#[test]
fn an_object_that_is_cut_off_is_an_error_of_the_task_that_waits() {
    if !has_bells() {
        // A thread looks now and then by itself. With a bell, the check comes before each look.
        guard::install().expect("a handler");
    }
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2)).await;
        let _sender = sender(options(&name, 2)).await;
        let mut found = Message::new();
        let cut = async { name.resize(0) };
        let (end, ()) = tokio::join!(receiver.recv(&mut found), cut);
        assert_matches!(end, Err(RecvError::Truncated { found: 0, .. }));
        let again = receiver.recv(&mut found).await;
        assert_matches!(again, Err(RecvError::Truncated { .. }));
    });
}

#[test]
fn a_task_that_awaits_the_next_sender_goes_over_to_its_object() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2).await_peer(true)).await;
        let mut found = Message::new();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let mut sender = sender(options(&name, 2)).await;
            let (sent, received) = tokio::join!(
                async { sender.send(message(0)).await.and(sender.drain().await) },
                receiver.recv(&mut found)
            );
            sent.expect("room, and a receiver");
            received.expect("a message");
            assert_is(&found, 0);
            ids.push(receiver.get_mut().id());
            // The object goes while the receiver waits, who makes the next one.
            let inode = || fs::metadata(name.path()).map(|object| object.ino()).ok();
            let before = inode();
            let closing = async {
                sender.close().expect("close");
                until(|| inode() != before && name.exists()).await;
            };
            tokio::select! {
                end = receiver.recv(&mut found) => panic!("{end:?}"),
                () = closing => {}
            }
        }
        ids.sort_by_key(ToString::to_string);
        ids.dedup();
        assert_eq!(ids.len(), 3, "three mailboxes");
    });
}

#[test]
fn a_sender_is_waited_for_across_its_restarts() {
    in_each_runtime(|| async {
        let name = Name::new();
        let mut receiver = receiver(options(&name, 2).await_peer(true)).await;
        let mut found = Message::new();
        for number in 0..10 {
            let child = Child::fork(|| {
                let mut sender = options(&name, 2).sender().expect("attach");
                assert_eq!(sender.committed(), number);
                sender.send(message(number)).expect("room");
                loop {
                    thread::park();
                }
            });
            receiver.recv(&mut found).await.expect("a message");
            assert_is(&found, number);
            child.kill();
        }
    });
}

/// The runtime that an endpoint waits in has ended, and its future goes on in another.
#[test]
fn a_wait_fails_when_its_runtime_is_gone() {
    if !has_bells() {
        // A helper knows no runtime.
        return;
    }
    let build = || {
        Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let name = Name::new();
    let first = build();
    let mut receiver = first.block_on(receiver(options(&name, 2)));
    let (ready, is_ready) = mpsc::channel();
    let waiting = thread::spawn(move || {
        build().block_on(async {
            let mut found = Message::new();
            let mut receiving = std::pin::pin!(receiver.recv(&mut found));
            let pending = futures_lite::future::poll_once(&mut receiving).await;
            assert!(pending.is_none());
            ready.send(()).expect("the test goes on");
            receiving.await
        })
    });
    is_ready.recv().expect("it waits");
    drop(first);
    let end = waiting.join().expect("no panic");
    assert_matches!(end, Err(RecvError::System(_)));
}
