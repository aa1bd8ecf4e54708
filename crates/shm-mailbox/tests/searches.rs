//! Three small models of the protocol, and every state that they can reach.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod searches {
    mod engine; //        the breadth-first search
    mod lifecycle; //     attaching, closing, dying and removing over one name
    mod protocol; //      the ring, both sides killed between any two accesses to memory
    mod tap; //           an observer that copies messages while their slots are used again
}
