//! The kinds of object that endpoints attach to, as parameters of the endpoints' types.

use crate::endpoint::End;
use crate::error::RecvError;
use crate::memory::bus::BusRegion;
use crate::memory::region::Region;
use crate::object::seat::Seats;
use crate::protocol::{BusReceiveCursor, ReceiveCursor, Receiving, SendRing};

/// A kind of object: [`Mailbox`](crate::Mailbox) or [`Bus`](crate::bus::Bus).
///
/// Code that works with both takes a [`Sender<K>`](crate::Sender) or
/// [`Receiver<K>`](crate::Receiver) for any `K: Kind`. No other type can implement it.
#[expect(private_bounds, reason = "so that no other type can implement it")]
pub trait Kind: Sealed + Clone + std::fmt::Debug {}

/// What the endpoints need from a kind.
pub(crate) trait Sealed: Sized + 'static {
    /// The view of its memory, with what a sender does there.
    type Region: SendRing<Look: Send> + Seats<Watches: Send> + Send;
    /// The position of a receiver.
    type Receiving: Receiving<Region = Self::Region> + End<Error = RecvError> + Send;
}

impl Kind for crate::Mailbox {}
impl Sealed for crate::Mailbox {
    type Region = Region;
    type Receiving = ReceiveCursor;
}

impl Kind for crate::bus::Bus {}
impl Sealed for crate::bus::Bus {
    type Region = BusRegion;
    type Receiving = BusReceiveCursor;
}
