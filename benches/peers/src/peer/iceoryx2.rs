//! iceoryx2: publish and subscribe, polled in a loop. It drops nothing: a publisher retries while
//! the subscriber's buffer is full.
//!
//! Its strength is that a message need not be copied. Here it is, in and out, since that is what is
//! compared: a message that its sender has elsewhere, and its receiver wants to keep.

use std::hint::spin_loop;

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::{
    BackpressureStrategy, Config, LogLevel, Node, NodeBuilder, SignalHandlingMode, ipc,
    set_log_level,
};
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};
use crate::scratch;

/// With several subscribers, all of which receive every message.
pub(crate) struct Iceoryx2<const SUBSCRIBERS: usize>;

impl<const SUBSCRIBERS: usize> Peer for Iceoryx2<SUBSCRIBERS> {
    const NAME: &'static str = "iceoryx2";
    type Sender<const L: usize> = Sending<L>;
    type Receiver<const L: usize> = Receiving<L, SUBSCRIBERS>;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let name = scratch::unique_name();
        let same = name.clone();
        Channel::new(
            move || Sending::open(&name, slots, SUBSCRIBERS),
            move || Receiving::open(&same, slots),
        )
    }
}

/// A node, with its files in a known folder that is removed again, and a service of exactly one
/// publisher and this many subscribers.
fn service<const L: usize>(
    name: &str,
    slots: usize,
    subscribers: usize,
) -> (Node<ipc::Service>, PortFactory<ipc::Service, [u8; L], ()>) {
    set_log_level(LogLevel::Error);
    let mut config = Config::default();
    let root = format!("{}/", scratch::directory().display());
    config
        .global
        .set_root_path(&root.as_str().try_into().expect("a path"));
    let prefix = format!("{}_", scratch::prefix());
    config.global.prefix = prefix.as_str().try_into().expect("a file name");
    let node = NodeBuilder::new()
        .config(&config)
        .signal_handling_mode(SignalHandlingMode::Disabled)
        .create::<ipc::Service>()
        .expect("make a node");
    let service = node
        .service_builder(&name.try_into().expect("a name"))
        .publish_subscribe::<[u8; L]>()
        .max_publishers(1)
        .max_subscribers(subscribers)
        .history_size(0)
        .subscriber_max_buffer_size(slots)
        .subscriber_max_borrowed_samples(1)
        .enable_safe_overflow(false)
        .open_or_create()
        .expect("open the service");
    (node, service)
}

pub(crate) struct Sending<const L: usize> {
    publisher: Publisher<ipc::Service, [u8; L], ()>,
    _node: Node<ipc::Service>,
}

impl<const L: usize> Sending<L> {
    fn open(name: &str, slots: usize, subscribers: usize) -> Self {
        let (node, service) = service(name, slots, subscribers);
        let publisher = service
            .publisher_builder()
            .max_loaned_samples(1)
            .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
            .create()
            .expect("make a publisher");
        Self {
            publisher,
            _node: node,
        }
    }
}

impl<const L: usize> Outgoing<L> for Sending<L> {
    fn send(&mut self, message: &[u8; L]) {
        let mut sample = self.publisher.loan_uninit().expect("borrow a sample");
        sample.payload_mut().write(*message);
        // SAFETY: written just now.
        let sample = unsafe { sample.assume_init() };
        sample.send().expect("send");
    }
}

pub(crate) struct Receiving<const L: usize, const SUBSCRIBERS: usize> {
    subscribers: [Subscriber<ipc::Service, [u8; L], ()>; SUBSCRIBERS],
    _node: Node<ipc::Service>,
}

impl<const L: usize, const SUBSCRIBERS: usize> Receiving<L, SUBSCRIBERS> {
    fn open(name: &str, slots: usize) -> Self {
        let (node, service) = service(name, slots, SUBSCRIBERS);
        let subscriber = |_| service.subscriber_builder().create();
        Self {
            subscribers: std::array::from_fn(|at| subscriber(at).expect("make a subscriber")),
            _node: node,
        }
    }
}

impl<const L: usize, const SUBSCRIBERS: usize> Incoming<L> for Receiving<L, SUBSCRIBERS> {
    fn receive(&mut self, message: &mut [u8; L]) {
        for subscriber in &self.subscribers {
            loop {
                if let Some(sample) = subscriber.receive().expect("receive") {
                    message.copy_from_slice(sample.payload());
                    break;
                }
                spin_loop();
            }
        }
    }
}
