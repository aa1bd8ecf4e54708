//! Benchmarks between two real processes.
//!
//! ```text
//! cargo bench -p benches                                all of them, some minutes
//! cargo bench -p benches -- --quick                     less exactly, in about three
//! cargo bench -p benches -- --test                      each once, to see that it works
//! cargo bench -p benches --bench mailbox -- round_trip  what a way of waiting costs
//! cargo bench -p benches --bench ratios -- --json FILE  the mailbox beside raw baselines
//! ```
//!
//! Two kinds. [`waiting`] compares ways of waiting with criterion, in absolute times: `QUANTITY/STRATEGY/INTERVAL` for
//! the mailbox, `classic_QUANTITY/…` for the lesson's layout. [`paired`] compares the mailbox with [`baseline`]s, in
//! ratios: a virtual machine moves its cores about, and a cache line takes 54, 100 or 450 ns there and back from
//! one second to the next, so only what was measured within the same milliseconds can be compared.

pub mod baseline;
pub mod clock;
pub mod library;
// The one that `shm bench` has.
#[path = "../crates/shm-cli/src/bench/machine.rs"]
pub mod machine;
pub mod paired;
pub mod payload;
pub mod peer;
pub mod phase;
pub mod statistics;
pub mod waiting;
