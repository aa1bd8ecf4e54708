//! What `shm bench` measures with, for the benchmarks of the workspace.
//!
//! `shm` is a command. This library makes no promises, and any version may change it.

#[doc(hidden)]
pub mod measure;
