//! disruptor between two threads: one producer, and an event poller that is asked again and again.

use std::hint::spin_loop;

use disruptor::{
    BusySpin, EventPoller, Polling, Producer, SingleConsumerBarrier, SingleProducer,
    SingleProducerBarrier, build_single_producer,
};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};

pub(crate) struct Disruptor;

impl Peer for Disruptor {
    const NAME: &'static str = "disruptor";
    const IN_ONE_PROCESS: bool = true;
    type Sender<const L: usize> = SingleProducer<[u8; L], SingleConsumerBarrier>;
    type Receiver<const L: usize> = EventPoller<[u8; L], SingleProducerBarrier>;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let builder = build_single_producer(slots, || [0; L], BusySpin);
        let (poller, builder) = builder.new_event_poller();
        let producer = builder.build();
        Channel::new(|| producer, || poller)
    }
}

impl<const L: usize> Outgoing<L> for SingleProducer<[u8; L], SingleConsumerBarrier> {
    fn send(&mut self, message: &[u8; L]) {
        self.publish(|event| *event = *message);
    }
}

impl<const L: usize> Incoming<L> for EventPoller<[u8; L], SingleProducerBarrier> {
    fn receive(&mut self, message: &mut [u8; L]) {
        loop {
            match self.take(1) {
                Ok(mut events) => {
                    *message = *(&mut events).next().expect("one event");
                    return;
                }
                Err(Polling::NoEvents) => spin_loop(),
                Err(Polling::Shutdown) => panic!("the producer is gone"),
            }
        }
    }
}
