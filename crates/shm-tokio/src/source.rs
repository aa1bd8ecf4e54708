//! Descriptors in the runtime's event loop.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Lets the runtime wait until the descriptor is readable.
///
/// # Panics
///
/// Outside of a runtime, and in one without I/O.
#[expect(
    deprecated,
    reason = "its successor differs by being unsafe, for types whose descriptor may change or close"
)]
#[track_caller]
pub(crate) fn readable<T: AsFd + AsRawFd>(source: T) -> io::Result<AsyncFd<T>> {
    // A bell and an `OwnedFd` have one descriptor, which is open for as long as they are there.
    AsyncFd::with_interest(source, Interest::READABLE)
}
