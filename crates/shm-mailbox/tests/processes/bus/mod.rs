//! Several processes on a bus: what it promises while any of them is killed or stopped.
//!
//! What one process can show of a bus is in `endpoints`; its memory is attacked in `stepping`.

mod chaos; //     any process killed at random while verified messages flow
