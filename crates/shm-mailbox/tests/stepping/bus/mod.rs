//! A bus under `ptrace(2)`: joining, leaving, dropping, sending to several places and receiving
//! from several lanes.
//!
//! As in the modules around it, a state is judged by ends that attach to a copy of the bytes.

mod adversary; //     somebody rewrites the words of a bus between any two instructions
mod bench; //         a bus with ends in the test, in a state that a step wants
mod copy; //          all ends start again on a copy of the bytes
mod kills; //         SIGKILL after every instruction of a step, and the others go on
mod snapshots; //     the shared bytes after every instruction of a step
mod state; //         what a bus is to hold
mod step; //          the calls under test, and what each leaves behind
mod victim; //        the child whose memory is rewritten under its hands
