//! Ends that are file descriptors: `write` copies a message in, `read` copies it out.

use std::fs::File;
use std::hint::spin_loop;
use std::io::{Error, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

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
        for descriptor in [&reading, &writing] {
            fcntl(descriptor, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("F_SETFL");
        }
    }
    Channel::new(
        || Writing(File::from(writing)),
        || Reading(File::from(reading)),
    )
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
