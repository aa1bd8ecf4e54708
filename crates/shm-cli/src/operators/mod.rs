//! The operators' commands: `shm ls`, `stat`, `peek`, `tap`, `top`, `rm`, `forget` and `doctor`.
//!
//! Here lives what is seen of an object from outside, and how it is shown. An operator takes no
//! message, and only `forget` takes a role, to give it up. What sends or receives belongs in
//! `pass`.

mod bus;
mod columns;
pub(crate) mod doctor;
mod entry;
pub(crate) mod forget;
mod holder;
pub(crate) mod ls;
mod objects;
pub(crate) mod peek;
pub(crate) mod rm;
pub(crate) mod stat;
pub(crate) mod tap;
pub(crate) mod top;
