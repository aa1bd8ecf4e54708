//! What every benchmark of two processes needs: where they run, when they send, what time it is,
//! and a picture.
//!
//! Here lives what `shm bench` and the package `benches` have in common. What only one of them
//! needs, and everything that knows a mailbox, stays there: nothing here may import from the
//! command.

pub mod clock;
pub mod machine;
pub mod number;
pub mod peer;
pub mod phase;
pub mod placement;
pub mod plot;
pub mod units;
