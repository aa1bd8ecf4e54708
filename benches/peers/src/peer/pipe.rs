//! A pipe, as a shell makes it; or polled, so that nobody has to be woken.
//!
//! A pipe has 64 KiB by default, and its size is a number of bytes. It gets what the slots come to
//! if that is more.

use std::io;

use nix::fcntl::{FcntlArg, fcntl};

use super::descriptor::{self, Reading, Writing};
use super::{ChannelOf, Peer};

pub(crate) struct Pipe<const POLLED: bool>;

impl<const POLLED: bool> Peer for Pipe<POLLED> {
    const NAME: &'static str = if POLLED { "pipe, polled" } else { "pipe" };
    const SLEEPS: bool = !POLLED;
    type Sender<const L: usize> = Writing;
    type Receiver<const L: usize> = Reading;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let (reading, writing) = io::pipe().expect("make a pipe");
        if slots * L > 64 << 10 {
            let bytes = i32::try_from(slots * L).expect("256 KiB at most");
            let room = fcntl(&writing, FcntlArg::F_SETPIPE_SZ(bytes)).expect("F_SETPIPE_SZ");
            assert!(room >= bytes, "a pipe of {room} bytes");
        }
        descriptor::channel(reading, writing, POLLED)
    }
}
