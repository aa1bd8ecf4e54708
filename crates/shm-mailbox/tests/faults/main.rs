//! What the system takes away: memory, room, descriptors, and time. Nothing is pretended: objects are cut
//! off and punched, file systems are full, limits are set, clocks differ.

#![cfg(not(loom))]

#[path = "../support/mod.rs"]
mod support;

mod leaks;
mod memory;
mod mounts;
