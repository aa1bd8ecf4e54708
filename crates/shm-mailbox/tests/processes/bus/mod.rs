//! Several processes on a bus: what it promises while any of them is killed or stopped.
//!
//! What one process can show of a bus is in `endpoints`; its memory is attacked in `stepping`.

mod chaos; //         any process killed at random while verified messages flow
mod deaths; //        how soon a sender goes on that a killed receiver has held back
mod ends; //          receivers and senders for the tests, here and in children
mod promises; //      who counts, who is kept, and who is dropped
mod scribbler; //     a process that writes nonsense between living ends
mod stops; //         a process that stands still holds up nobody it need not
