//! What the system takes away: memory, room, descriptors, and the certainty of who is who. Nothing is pretended:
//! objects are cut off and punched, file systems are full, limits are set, numbers are used again.

#![cfg(not(shm_mailbox_loom))]

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod identity;
mod leaks;
mod limits;
mod memory;
mod mounts;
