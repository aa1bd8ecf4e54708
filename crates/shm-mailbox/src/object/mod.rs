//! From a name to an endpoint of a mailbox or a bus, and back: making, attaching, checking the
//! peer, closing, removing.
//!
//! Whatever asks the system about an object lives here; what the words in its memory mean is
//! `protocol`'s.

pub(crate) mod attach;
pub(crate) mod bell;
mod bus;
pub(crate) mod channel;
pub(crate) mod claim;
pub(crate) mod close;
pub(crate) mod fences;
pub(crate) mod image;
pub mod observe;
pub mod peek;
pub(crate) mod remove;
pub(crate) mod seat;
pub(crate) mod sleep;
pub mod tap;
mod track;
