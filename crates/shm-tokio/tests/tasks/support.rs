//! Runtimes, peers in other processes, and what is asked of each message.

use std::future::Future;
use std::time::Duration;

use shm_mailbox::{Mailbox, Message, Options};
use shm_tokio::{AsyncReceiver, AsyncSender};
use test_support::{Child, LIMIT, Name};
use tokio::runtime::Builder;
use tokio::time::timeout;

/// Set where the whole program runs without bells.
pub(crate) const NO_BELLS: &str = "SHM_TEST_WITHOUT_BELLS";

/// Whether the system has bells for the tests.
pub(crate) fn has_bells() -> bool {
    std::env::var_os(NO_BELLS).is_none()
}

/// Does the work in a runtime of one thread, and in one of two.
#[track_caller]
pub(crate) fn in_each_runtime<F: Future>(work: impl Fn() -> F) {
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.worker_threads(2).enable_all().build();
        let done = runtime
            .expect("a runtime")
            .block_on(async { timeout(LIMIT, work()).await });
        done.expect("nobody waits for ever");
    }
}

/// The options of both ends: as few slots as make both wait.
pub(crate) fn options(name: &Name, slots: u32) -> Options {
    Mailbox::options(name.as_str()).slots(slots)
}

pub(crate) async fn receiver(options: Options) -> AsyncReceiver {
    let receiver = AsyncReceiver::attach(options).await.expect("attach");
    assert_eq!(receiver.bell_error().is_none(), has_bells());
    receiver
}

pub(crate) async fn sender(options: Options) -> AsyncSender {
    let sender = AsyncSender::attach(options).await.expect("attach");
    assert_eq!(sender.bell_error().is_none(), has_bells());
    sender
}

/// Message `number` of a test: its number, and as many bytes as that says.
pub(crate) fn message(number: u64) -> Vec<u8> {
    let length = usize::try_from(number * 37 % 1017).expect("a small number");
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(8 + length, number.to_le_bytes()[0]);
    bytes
}

#[track_caller]
pub(crate) fn assert_is(found: &Message, number: u64) {
    assert_eq!(found.sequence(), number);
    assert_eq!(found.as_bytes(), message(number), "message {number}");
}

/// Another process that sends `count` messages, one as soon as there is room, and closes.
pub(crate) fn sending_child(name: &Name, slots: u32, count: u64) -> Child {
    Child::fork(|| {
        let mut sender = options(name, slots).sender().expect("attach");
        for number in 0..count {
            sender.send(message(number)).expect("a receiver, or room");
        }
        // Else it could have closed before the receiver has come, who would then make another one.
        sender.drain(LIMIT).expect("a receiver");
        sender.close().expect("close");
    })
}

/// Another process that receives `count` messages, compares each, and then the end.
pub(crate) fn receiving_child(name: &Name, slots: u32, count: u64) -> Child {
    Child::fork(|| {
        let mut receiver = options(name, slots).receiver().expect("attach");
        let mut found = Message::new();
        for number in 0..count {
            receiver.recv_timeout(&mut found, LIMIT).expect("a message");
            assert_is(&found, number);
        }
        let end = receiver.recv_timeout(&mut found, LIMIT);
        assert!(
            matches!(end, Err(shm_mailbox::RecvError::Closed { .. })),
            "{end:?}"
        );
    })
}

/// Waits for what another process does.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
