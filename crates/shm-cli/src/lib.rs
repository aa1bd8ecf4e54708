//! What `shm bench` measures with, for the benchmarks of the workspace.
//!
//! `shm` is a command. Nothing in this library is promised to anybody, and any version may change it.

#[doc(hidden)]
pub mod measure;
