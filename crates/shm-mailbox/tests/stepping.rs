//! Endpoints under `ptrace(2)`: stopped after every machine instruction, killed there, or robbed of
//! a word.
//!
//! Nothing here knows how the next slot is chosen. What a state is worth is asked of the public
//! interface alone: the bytes are copied to another object, a new sender and a new receiver attach
//! to the copy, and the messages they find must be exactly those of before the call, or those of
//! after it.
//!
//! The offsets of the single fields are those of docs/protocol.md. With `SHM_TORTURE=1` the tests
//! take minutes instead of seconds and leave no gap out. Every test prints how many points it
//! looked at.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod stepping {
    mod adversary; //     a peer rewrites any shared word between any two instructions
    mod attaching; //     the object after every instruction of creating, attaching and closing
    mod bells; //         the bell rings, whatever happens in between
    mod bus; //           all of this for a bus, on which endpoints attach and leave
    mod console; //       what the traced child and the test say to each other
    mod errnos; //        every system call fails, once, with each error that it may have
    mod gaps; //          a correct peer acts between any two instructions of a call
    mod kills; //         SIGKILL after every instruction of a send and of a receive
    mod lifecycle; //     the ways to create, attach and close
    mod notes; //         the sender's note after every instruction of writing it
    mod object; //        the object as the test sees it
    mod operation; //     the calls under test, and what each leaves behind
    mod path; //          the way of a call through the code, to stop anywhere on it
    mod queue; //         what a mailbox is to hold
    mod restart; //       both roles start again on a copy of the bytes
    mod scenario; //      a mailbox brought into a certain state
    mod snapshots; //     the shared bytes after every instruction: before the call, or after it
    mod system_calls; //  SIGKILL at the entry and at the end of every system call
    mod tracee; //        a forked child under ptrace
    mod victim; //        the child whose memory is rewritten under its hands
    mod watch; //         judges every state that the shared memory passes through
    mod word; //          the words in shared memory, and what an adversary writes into them
}
