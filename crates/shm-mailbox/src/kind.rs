//! The kinds of object that endpoints attach to, as the endpoints' types tell them apart.

use crate::endpoint::End;
use crate::error::{RecvError, SendError};
use crate::memory::bus::BusRegion;
use crate::memory::region::Region;
use crate::object::seat::Seated;
use crate::protocol::{BusReceiveCursor, ReceiveCursor, Receiving, SendCursor, SendRing};

/// A kind of object: [`Mailbox`](crate::Mailbox) or [`Bus`](crate::bus::Bus).
///
/// Code that works with both takes a [`Sender<K>`](crate::Sender) or
/// [`Receiver<K>`](crate::Receiver) for any `K: Kind`. No other type can implement it.
#[expect(private_bounds, reason = "so that no other type can implement it")]
pub trait Kind: Sealed {}

/// What the endpoints need of a kind.
pub(crate) trait Sealed: Sized + 'static {
    type Region: SendRing;
    type Sending: Seated<Region = Self::Region> + End<Error = SendError>;
    type Receiving: Seated<Region = Self::Region> + Receiving + End<Error = RecvError>;
}

impl Kind for crate::Mailbox {}
impl Sealed for crate::Mailbox {
    type Region = Region;
    type Sending = SendCursor;
    type Receiving = ReceiveCursor;
}

impl Kind for crate::bus::Bus {}
impl Sealed for crate::bus::Bus {
    type Region = BusRegion;
    type Sending = SendCursor<BusRegion>;
    type Receiving = BusReceiveCursor;
}
