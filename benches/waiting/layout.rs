//! What a layout has to offer to be measured.

use shm_mailbox::{Message, Wait};

/// A layout of shared memory that carries messages one way.
pub trait Layout {
    /// Before the name of each benchmark.
    const PREFIX: &'static str;
    /// The longest message.
    const LONGEST: usize;
    /// How many messages can lie in it.
    const CAPACITY: u64;
    /// Strategies by name, `STRATEGY` or `STRATEGY/INTERVAL`.
    const STRATEGIES: &'static [(&'static str, Wait)];
    /// The sending end.
    type Sender;
    /// The receiving end.
    type Receiver;

    /// Attaches, and creates the object if need be.
    fn sender(name: &str, wait: Wait) -> Self::Sender;
    /// Attaches; `None` if the object is not there and a receiver cannot create it.
    fn receiver(name: &str, wait: Wait) -> Option<Self::Receiver>;
    /// Sends; `None` if there is nobody to send to any more.
    fn send(sender: &mut Self::Sender, message: &[u8]) -> Option<()>;
    /// Receives; `None` if there is nobody to receive from any more.
    fn receive(receiver: &mut Self::Receiver, message: &mut Message) -> Option<()>;
}
