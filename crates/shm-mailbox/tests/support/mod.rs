//! What the test programs of this crate share: names that make endpoints, raw words of the shared
//! memory, conditions to wait for, and the checks of messages.
//!
//! What the tests of other crates need as well is in `test-support`.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test program uses its own part of this"
)]

pub(crate) mod bus;
pub(crate) mod c_peer;
pub(crate) mod freezer;
pub(crate) mod leaks;
mod name;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod raw;
mod seen;

use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use shm_mailbox::{Bell, Message, Receiver, RecvError, Wait};

pub(crate) use freezer::{Freezer, Frozen};
pub(crate) use name::{Name, die};
pub(crate) use process::{Child, Shared, fork};
pub(crate) use random::Random;
pub(crate) use raw::Raw;
pub(crate) use seen::{looked_at, seen};
pub(crate) use test_support::{LIMIT, assert_matches, both_cores as turn, is_torture, until};

/// How long it may take until a wait tells what it finds out once in a slice: half a millisecond
/// for who is awake, 100 ms for who sleeps.
pub(crate) const NOTICE: Duration = Duration::from_millis(1100);

/// The time-out of a call that should be told something within [`NOTICE`]: a mistake then fails the
/// test instead of hanging it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// One of each wait strategy.
pub(crate) const WAITS: [Wait; 7] = [
    Wait::Spin,
    Wait::Yield,
    Wait::Poll(Duration::from_micros(100)),
    Wait::Backoff,
    Wait::Block,
    Wait::Bell,
    Wait::Adaptive,
];

/// Does the work with each strategy, side by side.
pub(crate) fn with_each_wait(work: impl Fn(Wait) + Sync) {
    thread::scope(|scope| {
        for wait in WAITS {
            let work = &work;
            scope.spawn(move || work(wait));
        }
    });
}

/// Receives the next message: its number and bytes.
#[track_caller]
pub(crate) fn take(receiver: &mut Receiver) -> (u64, Vec<u8>) {
    let mut message = Message::new();
    let result = receiver.recv_timeout(&mut message, LIMIT);
    assert!(result.is_ok(), "{result:?}");
    (message.sequence(), message.as_bytes().to_vec())
}

/// Whether the bell has rung and was not answered; waits for it for at most `pause`.
pub(crate) fn is_rung(bell: &Bell, pause: Duration) -> bool {
    let pause = PollTimeout::try_from(pause).expect("some seconds");
    let mut descriptors = [PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut descriptors, pause) {
            Err(Errno::EINTR) => {}
            ready => return ready.expect("poll") > 0,
        }
    }
}

/// What a receiver is told that waits in vain.
pub(crate) fn told(receiver: &mut Receiver) -> Result<(), RecvError> {
    receiver.recv_timeout(&mut Message::new(), PATIENCE)
}

/// Fails unless there is no message.
#[track_caller]
pub(crate) fn assert_empty(receiver: &mut Receiver) {
    let result = receiver.try_recv(&mut Message::new());
    assert_matches!(result, Err(RecvError::Empty));
}

/// Fails unless the peer has closed, and has left no message.
#[track_caller]
pub(crate) fn assert_closed(receiver: &mut Receiver) {
    assert_matches!(told(receiver), Err(RecvError::Closed { .. }));
}

/// The content that message `number` has in the tests: 0 to 1024 bytes that depend on nothing else.
pub(crate) fn content(number: u64, buffer: &mut [u8; 1024]) -> &[u8] {
    let mut state = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // Mostly short, as messages are, with every length there is among them.
    let length = match number % 16 {
        0 => state >> 32,
        _ => state >> 58,
    };
    let length = usize::try_from(length % 1025).expect("at most 1024");
    for word in buffer[..length].chunks_mut(8) {
        word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
        state = state.rotate_left(13).wrapping_add(number);
    }
    &buffer[..length]
}

/// Fails unless this is message `number`, whole.
#[track_caller]
pub(crate) fn assert_content(message: &Message, number: u64) {
    assert_eq!(message.sequence(), number);
    let mut buffer = [0; 1024];
    // Not `assert_eq`: a million of these are compared without optimisation.
    assert!(
        message.as_bytes() == content(number, &mut buffer),
        "message {number} is torn"
    );
}
