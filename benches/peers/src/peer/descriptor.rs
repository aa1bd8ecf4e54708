//! Ends that are file descriptors: `write` copies a message in, `read` copies it out.

use std::fs::File;
use std::hint::spin_loop;
use std::io::{Error, ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use super::{Channel, Incoming, Outgoing};

/// An end that messages are written to.
pub(crate) struct Writing(File);

/// An end that messages are read from.
pub(crate) struct Reading(File);

/// The channel of two descriptors. A polled one never sleeps in the kernel, but asks again.
pub(super) fn channel(
    reading: impl Into<OwnedFd>,
    writing: impl Into<OwnedFd>,
    polled: bool,
) -> Channel<Writing, Reading> {
    let [reading, writing] = [reading.into(), writing.into()];
    if polled {
        unblock(&reading);
        unblock(&writing);
    }
    Channel::new(
        || Writing(File::from(writing)),
        || Reading(File::from(reading)),
    )
}

fn unblock(descriptor: &OwnedFd) {
    // SAFETY: sets a flag of a file that is open.
    let result = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    assert_eq!(result, 0, "fcntl: {}", Error::last_os_error());
}

impl<const L: usize> Outgoing<L> for Writing {
    fn send(&mut self, message: &[u8; L]) {
        let mut rest = &message[..];
        while !rest.is_empty() {
            let written = until_done("write", || self.0.write(rest));
            rest = &rest[written..];
        }
    }
}

impl<const L: usize> Incoming<L> for Reading {
    fn receive(&mut self, message: &mut [u8; L]) {
        let mut rest = &mut message[..];
        while !rest.is_empty() {
            let read = until_done("read", || self.0.read(rest));
            rest = &mut rest[read..];
        }
    }
}

#[inline]
fn until_done(call: &str, mut attempt: impl FnMut() -> Result<usize, Error>) -> usize {
    loop {
        match attempt() {
            Ok(0) => panic!("{call}: the other end is gone"),
            Ok(count) => return count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => spin_loop(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{call}: {error}"),
        }
    }
}
