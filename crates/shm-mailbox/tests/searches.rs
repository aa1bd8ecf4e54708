//! Four small models of the protocol, and every state that they can reach.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod searches {
    mod engine; //        the breadth-first search
    mod lifecycle; //     attaching, closing, dying and removing over one name
    mod places; //        joining, leaving and dying at the places of a bus, and its senders
    mod protocol; //      the ring, both sides killed between any two accesses to memory
    mod tap; //           an observer that copies messages while their slots are used again
}
