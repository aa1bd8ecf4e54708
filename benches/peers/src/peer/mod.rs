//! What a peer of the mailbox is to the comparison: a channel with a sending and a receiving end;
//! and all peers.
//!
//! Messages are sent and received one at a time, since that is what the mailbox is compared for.
//! Batches, which several peers and the mailbox have, and messages that are used where they lie,
//! are other questions.
//!
//! Here lives one file for each peer, which knows that peer alone; how it is measured, and for
//! what, is not its matter.

pub(crate) mod busy_event;
pub(crate) mod cloudtoid;
pub(crate) mod crossbeam;
mod descriptor;
pub(crate) mod disruptor;
pub(crate) mod iceoryx2;
pub(crate) mod ipc_channel;
pub(crate) mod mq;
pub(crate) mod pipe;
pub(crate) mod rtrb;
pub(crate) mod shmem_ipc;
pub(crate) mod tcp;
pub(crate) mod unix;
#[cfg(feature = "zmq")]
pub(crate) mod zeromq;

/// The sender of a channel for messages of `L` bytes.
pub(crate) trait Outgoing<const L: usize> {
    /// Copies the message in, and waits for room first if there is none, as this peer does.
    fn send(&mut self, message: &[u8; L]);
}

/// The receiver of a channel for messages of `L` bytes.
pub(crate) trait Incoming<const L: usize> {
    /// Waits for the next message, as this peer does, and copies it out.
    fn receive(&mut self, message: &mut [u8; L]);
}

/// A channel before its sender and receiver are in their processes.
///
/// It is made before the other process is forked, so that both have the descriptors and the
/// mappings that were made with it. Sender and receiver are each made in their own process, or
/// their own thread.
pub(crate) struct Channel<S, R> {
    pub(crate) sender: Box<dyn FnOnce() -> S + Send>,
    pub(crate) receiver: Box<dyn FnOnce() -> R + Send>,
    /// What has a name in `/dev/shm` that must go once sender and receiver exist.
    pub(crate) objects: Vec<String>,
}

impl<S: 'static, R: 'static> Channel<S, R> {
    pub(crate) fn new(
        sender: impl FnOnce() -> S + Send + 'static,
        receiver: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        Self {
            sender: Box::new(sender),
            receiver: Box::new(receiver),
            objects: Vec::new(),
        }
    }
}

/// A channel that carries messages of `L` bytes for `P`.
pub(crate) type ChannelOf<P, const L: usize> =
    Channel<<P as Peer>::Sender<L>, <P as Peer>::Receiver<L>>;

/// Something that people would use instead of the mailbox. What cannot be had on this machine
/// panics, and says why.
pub(crate) trait Peer: 'static {
    /// As the table calls it.
    const NAME: &'static str;
    /// Whether it connects two threads of one process, and nothing else.
    const IN_ONE_PROCESS: bool = false;
    /// Whether it holds more than one message.
    const QUEUES: bool = true;
    /// Whether who waits sleeps in the kernel.
    const SLEEPS: bool = false;

    type Sender<const L: usize>: Outgoing<L> + 'static;
    type Receiver<const L: usize>: Incoming<L> + 'static;

    /// A channel that holds about `slots` messages, if that can be chosen.
    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L>
    where
        Self: Sized;

    /// Both directions.
    fn both_ways<const L: usize>(slots: usize) -> [ChannelOf<Self, L>; 2]
    where
        Self: Sized,
    {
        [Self::channel(slots), Self::channel(slots)]
    }
}
