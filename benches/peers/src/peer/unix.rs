//! Unix sockets, of streams and of packets; the former also polled, so that nobody has to be woken.
//!
//! Their buffers are as the system has them (208 KiB), which is more than most messages here need.

use std::io::Error;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use super::descriptor::{self, Reading, Writing};
use super::{ChannelOf, Peer};

pub(crate) struct Stream<const POLLED: bool>;

impl<const POLLED: bool> Peer for Stream<POLLED> {
    const NAME: &'static str = if POLLED {
        "Unix stream, polled"
    } else {
        "Unix stream"
    };
    const SLEEPS: bool = !POLLED;
    type Sender<const L: usize> = Writing;
    type Receiver<const L: usize> = Reading;

    fn channel<const L: usize>(_slots: usize) -> ChannelOf<Self, L> {
        let (one, other) = UnixStream::pair().expect("make a pair of sockets");
        descriptor::channel(one, other, POLLED)
    }
}

pub(crate) struct SeqPacket;

impl Peer for SeqPacket {
    const NAME: &'static str = "Unix seqpacket";
    const SLEEPS: bool = true;
    type Sender<const L: usize> = Writing;
    type Receiver<const L: usize> = Reading;

    fn channel<const L: usize>(_slots: usize) -> ChannelOf<Self, L> {
        let mut pair = [0; 2];
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        // SAFETY: `pair` is where two descriptors go.
        let result = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) };
        assert_eq!(result, 0, "socketpair: {}", Error::last_os_error());
        let [one, other] = pair.map(|descriptor| {
            // SAFETY: just opened, and nobody else's.
            unsafe { OwnedFd::from_raw_fd(descriptor) }
        });
        descriptor::channel(one, other, false)
    }
}
