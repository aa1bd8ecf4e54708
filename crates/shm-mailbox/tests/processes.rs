//! Several processes: children that are really killed, stopped, frozen, or short of what they need.
//!
//! A child has copies of all descriptors that the other threads hold when it is forked. So what
//! needs no child is in `endpoints`.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod processes {
    mod bells; //       bells where the system has none, and in forked children
    mod bus; //           what a bus promises, with its processes killed and stopped
    mod chaos; //         both ends killed at random while verified messages flow
    mod classic; //       the classic layout in two processes, one of which is killed
    mod deaths; //        what the other end is told of a process that is killed or stopped
    mod faults; //        memory, room and descriptors that the system takes away
    mod forks; //         a child cannot use its parent's endpoints, and does them no harm
    mod kills; //         what killed processes leave for the next end, and for an observer
    mod races; //         two processes that attach at the same moment, and one that is stopped then
    mod scribbler; //     a third process that writes nonsense between two living ends
    mod stops; //         an end that stands still is alive
    mod traffic; //       a million verified messages from each strategy to each
    mod truncating; //    an object that is cut off under an endpoint that sleeps
}
