//! What a handle holds: an endpoint of a mailbox, or of a bus.

use shm_mailbox::bus::{self, Bus};
use shm_mailbox::{Draft, Receiver, Selectable, Sender};

/// An endpoint of either kind. A program knows the kind from its options; the functions do not.
#[derive(Debug)]
pub enum Either<M, B> {
    /// A mailbox's.
    Mailbox(M),
    /// A bus's.
    Bus(B),
}

/// A sender of a mailbox or a bus.
pub type AnySender = Either<Sender, bus::Sender>;
/// A receiver of a mailbox or a bus.
pub type AnyReceiver = Either<Receiver, bus::Receiver>;
/// A message that is written in a slot of a mailbox or a bus.
pub type AnyDraft<'a> = Either<Draft<'a>, Draft<'a, Bus>>;

/// Evaluates the same expression for either kind.
macro_rules! either {
    ($either:expr, $it:ident => $work:expr) => {
        match $either {
            $crate::either::Either::Mailbox($it) => $work,
            $crate::either::Either::Bus($it) => $work,
        }
    };
}

pub(crate) use either;

impl<M: Selectable, B: Selectable> Either<M, B> {
    pub(crate) fn selectable(&mut self) -> &mut dyn Selectable {
        either!(self, end => end)
    }
}
