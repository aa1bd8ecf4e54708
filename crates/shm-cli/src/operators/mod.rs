//! The operators' commands: `shm ls`, `stat`, `peek`, `tap`, `top`, `rm` and `doctor`.
//!
//! Here lives what is seen of an object from outside, and how it is shown. An operator takes no
//! role and no message: what sends or receives belongs to `pass`.

mod columns;
pub(crate) mod doctor;
mod entry;
mod holder;
pub(crate) mod ls;
mod objects;
pub(crate) mod peek;
pub(crate) mod rm;
pub(crate) mod stat;
pub(crate) mod tap;
pub(crate) mod top;
