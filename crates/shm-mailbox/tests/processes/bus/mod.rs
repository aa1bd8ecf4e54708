//! Several processes on a bus, and its promises while any of them is killed or stopped.
//!
//! Tests with one process are in `endpoints`, and attacks on its memory in `stepping`.

mod chaos; //         any process killed at random while verified messages flow
mod deaths; //        how soon a sender continues that a killed receiver held back
mod ends; //          receivers and senders for the tests, here and in children
mod promises; //      which receivers count, are kept, or are dropped
mod scribbler; //     a process that writes nonsense between living endpoints
mod stops; //         a stopped process holds up only those that it must
