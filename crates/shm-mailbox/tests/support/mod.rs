//! What the tests share: names that are gone afterwards, processes that are really killed, raw words of
//! the shared memory, and conditions to wait for instead of sleeping.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test file uses its own part of this"
)]

pub(crate) mod freezer;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod raw;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shm_core::ShmName;
use shm_mailbox::{Mailbox, Message, Options, Receiver, RecvError, Sender, Wait};

pub(crate) use freezer::{Freezer, Frozen};
pub(crate) use process::{Child, Shared, fork};
pub(crate) use random::Random;
pub(crate) use raw::Raw;

/// How long anything may take that should take no time at all, also where each process gets a twentieth of a
/// processor.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// How long it may take until a wait tells what it finds out once in a slice: 50 ms for who is awake, 100 ms for who
/// sleeps.
pub(crate) const NOTICE: Duration = Duration::from_millis(1100);

/// The time-out of a call that should be told something within [`NOTICE`]: a mistake then fails the test
/// instead of hanging it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// One of each wait strategy.
pub(crate) const WAITS: [Wait; 6] = [
    Wait::Spin,
    Wait::Yield,
    Wait::Poll(Duration::from_micros(100)),
    Wait::Backoff,
    Wait::Block,
    Wait::Adaptive,
];

/// The name of an object that no other test uses, and that is gone when this is dropped.
pub(crate) struct Name {
    name: String,
    /// A forked child drops a copy, which must not unlink anything.
    owner: u32,
}

impl Name {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let owner = std::process::id();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mailbox-test-{owner}-{number}");
        Self { name, owner }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.name
    }

    pub(crate) fn shm_name(&self) -> ShmName {
        ShmName::new(&self.name).expect("a valid name")
    }

    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(&self.name)
    }

    pub(crate) fn exists(&self) -> bool {
        self.path().exists()
    }

    pub(crate) fn unlink(&self) {
        shm_core::unlink(&self.shm_name()).expect("the object has a name");
    }

    pub(crate) fn options(&self) -> Options {
        Mailbox::options(&self.name)
    }

    pub(crate) fn sender(&self) -> Sender {
        self.options().sender().expect("the sender's role")
    }

    pub(crate) fn receiver(&self) -> Receiver {
        self.options().receiver().expect("the receiver's role")
    }

    /// Both ends of a mailbox with this many slots, in this process.
    pub(crate) fn pair(&self, slots: u32) -> (Sender, Receiver) {
        let sender = self.options().slots(slots).sender();
        (sender.expect("the sender's role"), self.receiver())
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if self.owner == std::process::id() {
            // Most tests have closed the mailbox by now, and there is no such object any more.
            let _ = shm_core::unlink(&self.shm_name());
        }
    }
}

/// Whether the long form of the tests was asked for.
pub(crate) fn is_torture() -> bool {
    std::env::var_os("SHM_TORTURE").is_some_and(|value| value == "1")
}

/// One test of a file at a time: a forked child holds copies of everything that is open in the other threads.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the condition holds, and fails the test when it takes longer than [`LIMIT`].
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < LIMIT,
            "waited {LIMIT:?} in vain until {what}"
        );
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Fails unless the value has this pattern; shows it, and what was being tried.
macro_rules! assert_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)? $(, $($context:tt)+)?) => {
        match $value {
            $pattern $(if $guard)? => {}
            ref found => panic!(
                "{}expected {}, found {found:?}",
                String::new() $(+ &format!($($context)+) + ": ")?,
                concat!(stringify!($pattern) $(, " if ", stringify!($guard))?),
            ),
        }
    };
}
pub(crate) use assert_matches;

/// Receives the next message: its number and bytes.
#[track_caller]
pub(crate) fn take(receiver: &mut Receiver) -> (u64, Vec<u8>) {
    let mut message = Message::new();
    let result = receiver.recv_timeout(&mut message, LIMIT);
    assert!(result.is_ok(), "{result:?}");
    (message.sequence(), message.as_bytes().to_vec())
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
    let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
    assert_matches!(result, Err(RecvError::Closed { .. }));
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
