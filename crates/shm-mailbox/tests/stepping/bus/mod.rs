//! A bus under `ptrace(2)`: joining, leaving, dropping, sending to several places and receiving
//! from several lanes.
//!
//! As in the modules around it, endpoints that attach to a copy of the bytes judge a state.

mod adversary; //     another process rewrites the words between any two instructions
mod bench; //         a bus with endpoints in the test, in the state that a step needs
mod copy; //          all endpoints start again on a copy of the bytes
mod kills; //         SIGKILL after every instruction of a step, and the others continue
mod snapshots; //     the shared bytes after every instruction of a step
mod state; //         what a bus should hold
mod step; //          the calls under test, and what each leaves behind
mod victim; //        the child whose memory is rewritten under its hands
