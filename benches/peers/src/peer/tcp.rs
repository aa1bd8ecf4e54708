//! TCP over the loopback interface, without Nagle's delay.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::descriptor::{self, Reading, Writing};
use super::{ChannelOf, Peer};

pub(crate) struct Tcp;

impl Peer for Tcp {
    const NAME: &'static str = "TCP loopback";
    const SLEEPS: bool = true;
    type Sender<const L: usize> = Writing;
    type Receiver<const L: usize> = Reading;

    fn channel<const L: usize>(_slots: usize) -> ChannelOf<Self, L> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listen on loopback");
        let address = listener.local_addr().expect("it has one");
        let sending = TcpStream::connect(address).expect("connect");
        let (receiving, _) = listener.accept().expect("accept");
        sending.set_nodelay(true).expect("set TCP_NODELAY");
        receiving.set_nodelay(true).expect("set TCP_NODELAY");
        descriptor::channel(receiving, sending, false)
    }
}
