//! Both ends in the test's own process: what they pass, refuse, and find in an object.
//!
//! No test here forks or starts a program, and none changes the state of the whole process.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod endpoints {
    mod allocations; //   passing messages allocates nothing
    mod attaching; //     who creates, with which mode and slots, and what is refused
    mod awaiting; //      a receiver that goes over to the next sender's object
    mod bells; //         when bells ring, what arming says, and to whom they belong
    mod buses; //         several senders and receivers: members, messages and verdicts
    mod classic; //       the classic layout: two ends of ours, and one beside a C program
    mod closing; //       closing, keeping, draining, and what is left in `/dev/shm`
    mod corrupt; //       values that no correct peer writes: an error that stays, or no harm
    mod drafts; //        messages written in place
    mod foreign; //       objects that are no finished mailbox, and the bytes of one that is
    mod iterating; //     a receiver as an iterator
    mod labels; //        forgetting a label, and acknowledging one lane
    mod leftovers; //     what the next end makes of a mailbox that others have left
    mod limits; //        durations, deadlines, and whatever can be sent
    mod notes; //         what a sender leaves for the next one
    mod numbers; //       the counts that a restart relies on, and the last message number
    mod observing; //     what an observer sees of each kind of object
    mod overlooking; //   what an observer sees of a bus, and when it may remove the bus
    mod pair; //          both ends of a mailbox without a name
    mod passing; //       order, lengths, batches, peeking and acknowledging
    mod peeking; //       the queued messages, as an observer sees them
    mod removing; //      an object is removed only if no process uses it
    mod selecting; //     waiting for any of several endpoints
    mod surface; //       each type in a signature has a public name
    mod tapping; //       the messages that pass, as an observer sees them
    mod texts; //         what the errors say
    mod vanishing; //     an object that loses its name under the endpoints that use it
    mod waiting; //       time-outs, interruption and wake-ups, with every wait strategy
}
