//! Unix sockets, of streams and of packets; the former also polled, so that nobody has to be woken.
//!
//! Their buffers are as the system has them (208 KiB), which is more than most messages here need.

use std::os::unix::net::UnixStream;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

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
        let kind = SockType::SeqPacket;
        let pair = socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC);
        let (one, other) = pair.expect("make a pair of sockets");
        descriptor::channel(one, other, false)
    }
}
