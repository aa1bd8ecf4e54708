//! Benchmarks between two real processes.
//!
//! ```text
//! cargo bench -p benches                                  all of them, some minutes
//! cargo bench -p benches -- --quick                       less exactly, in about three
//! cargo bench -p benches -- --test                        each once, to see that it works
//! cargo bench -p benches --bench intervals -- round_trip  what a way of waiting costs
//! cargo bench -p benches --bench ratios -- --json FILE    the mailbox beside raw baselines
//! cargo bench -p benches --bench tasks                    100 mailboxes in one tokio program
//! ```
//!
//! Two kinds. `intervals` compares ways of waiting with criterion, in absolute times:
//! `QUANTITY/STRATEGY/INTERVAL` for the mailbox, `classic_QUANTITY/…` for the classic layout.
//! `ratios` and `scaling` compare the mailbox with [`baseline`]s, in ratios: a virtual machine
//! moves its cores about, and a cache line takes 54, 100 or 450 ns for a round trip from one second
//! to the next, so only what was measured within the same milliseconds can be compared.

pub mod baseline;
pub mod growth;
pub mod harness;
pub mod library;
