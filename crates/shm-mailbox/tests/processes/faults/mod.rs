//! What the system takes away: memory, room, descriptors. Nothing is pretended: objects are cut off
//! and punched, file systems are full, limits are set, numbers are used again.
//!
//! What changes a whole process, such as a limit or the guard, is a child's here.

mod calls; //     the calls of both ends, and what they say
mod damage; //    what can happen to the memory of an object
mod identity; //  ends in processes that start programs
mod limits; //    descriptors, address space, sizes of files, a full `/dev/shm`
mod memory; //    memory that goes away before a call, and during a wait
