//! What stands where in the shared memory, and the private copies of it. Nouns only.
//!
//! No ordering is decided here, and nothing waits: that is `protocol`'s and `wait`'s.

pub(crate) mod bus;
pub(crate) mod geometry;
mod hold;
pub(crate) mod id;
pub(crate) mod label;
pub(crate) mod layout;
pub(crate) mod message;
pub(crate) mod note;
pub(crate) mod payload;
pub(crate) mod region;
pub(crate) mod ring;
pub(crate) mod role;
pub(crate) mod sync;
#[cfg(any(test, shm_mailbox_loom, fuzzing))]
mod zeroed;
