//! What the tests of all crates share: names that are removed afterwards, children and programs
//! that are killed with their test, scratch folders, and conditions to wait for instead of
//! sleeping.
//!
//! Only tests and the conformance kit depend on this crate, and it depends on nothing above
//! shm-core. What only one crate's tests need belongs beside them.

pub mod c;
mod child;
mod ended;
mod name;
mod needs;
mod place;
mod process;
mod scratch;
pub mod shm;
mod stream;
mod terminal;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;

pub use child::{Child, End, in_child};
pub use ended::{Ended, assert_same};
pub use name::{Name, unique};
pub use needs::{
    can_mount, has, has_mount_namespaces, has_other_users, has_strace, is_root, is_torture, skip,
};
pub use nix::sys::signal::Signal;
pub use place::{NOBODY, become_user, own_dev_shm};
pub use process::Process;
pub use scratch::Scratch;
pub use terminal::{Terminal, shown};

/// How long anything may take, also where each process gets a twentieth of one core: it guards what
/// takes a second or two on a machine with nothing else to do.
pub const LIMIT: Duration = Duration::from_secs(600);

/// Waits until the condition holds, and fails the test when it takes longer than [`LIMIT`].
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < LIMIT,
            "waited {LIMIT:?} in vain until {what}"
        );
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// One test of a program at a time: held by tests that keep both cores busy.
pub fn both_cores() -> MutexGuard<'static, ()> {
    static BUSY: Mutex<()> = Mutex::new(());
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `count` numbered lines, most of them short, some close to 1 KiB; the same for the same seed.
pub fn lines(count: usize, seed: u64) -> Vec<u8> {
    let mut random = Rng::with_seed(seed);
    let mut text = Vec::new();
    for number in 0..count {
        text.extend_from_slice(format!("{number:08} ").as_bytes());
        let len = if random.usize(..16) == 0 {
            random.usize(..1000)
        } else {
            random.usize(..40)
        };
        text.extend((0..len).map(|_| b"abcdefghijklmnopqrstuvwxyz      "[random.usize(..32)]));
        text.push(b'\n');
    }
    text
}

/// Fails unless the value has this pattern; shows it, and what was being tried.
#[macro_export]
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
