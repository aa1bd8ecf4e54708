//! ZeroMQ over its `ipc` transport: push and pull, with the default of 1000 messages at each
//! socket.
//!
//! Each process has a thread of the library's besides, on the same core when pinned. The endpoint
//! is in the abstract name space, where nothing is left behind.

use std::sync::OnceLock;

use zmq::{Context, Socket, SocketType};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};
use crate::scratch;

pub(crate) struct ZeroMq;

impl Peer for ZeroMq {
    const NAME: &'static str = "ZeroMQ ipc";
    const SLEEPS: bool = true;
    type Sender<const L: usize> = Socket;
    type Receiver<const L: usize> = Socket;

    fn channel<const L: usize>(_slots: usize) -> ChannelOf<Self, L> {
        let endpoint = format!("ipc://@{}", scratch::unique_name());
        let same = endpoint.clone();
        Channel::new(
            move || {
                let socket = socket(SocketType::PUSH);
                socket.bind(&endpoint).expect("bind");
                socket
            },
            move || {
                let socket = socket(SocketType::PULL);
                socket.connect(&same).expect("connect");
                socket
            },
        )
    }
}

fn socket(kind: SocketType) -> Socket {
    // One for each process; made after the fork, since it has a thread.
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    let socket = CONTEXT.get_or_init(Context::new).socket(kind);
    let socket = socket.expect("make a socket");
    // The other process has ended when this is closed: there is nothing to wait for.
    socket.set_linger(0).expect("set ZMQ_LINGER");
    socket
}

impl<const L: usize> Outgoing<L> for Socket {
    fn send(&mut self, message: &[u8; L]) {
        Socket::send(self, &message[..], 0).expect("send");
    }
}

impl<const L: usize> Incoming<L> for Socket {
    fn receive(&mut self, message: &mut [u8; L]) {
        let length = self.recv_into(message, 0).expect("receive");
        assert_eq!(length, L, "all have this length");
    }
}
