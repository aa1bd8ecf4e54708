//! ipc-channel, the channel for bytes, which serialises nothing. It has no other wait than sleeping
//! in the kernel.
//!
//! A received message is a new vector, and is copied out of it as all others are: what its user
//! would hold is the vector, but a copy of 1 KiB does not count beside it.

use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};

pub(crate) struct IpcChannel;

impl Peer for IpcChannel {
    const NAME: &'static str = "ipc-channel";
    const SLEEPS: bool = true;
    type Sender<const L: usize> = IpcBytesSender;
    type Receiver<const L: usize> = IpcBytesReceiver;

    fn channel<const L: usize>(_slots: usize) -> ChannelOf<Self, L> {
        let (sender, receiver) = ipc::bytes_channel().expect("make a channel");
        Channel::new(|| sender, || receiver)
    }
}

impl<const L: usize> Outgoing<L> for IpcBytesSender {
    fn send(&mut self, message: &[u8; L]) {
        IpcBytesSender::send(self, message).expect("send");
    }
}

impl<const L: usize> Incoming<L> for IpcBytesReceiver {
    fn receive(&mut self, message: &mut [u8; L]) {
        let bytes = self.recv().expect("receive");
        message.copy_from_slice(&bytes);
    }
}
