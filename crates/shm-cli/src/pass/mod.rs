//! Messages from standard input to an object and from an object to standard output.
//!
//! Here live `shm writer`, `shm reader` and what only they need, for both layouts: which one an
//! object has is known to `link`, `sink` and `source` alone. What looks at objects from outside
//! belongs to `operators`.

mod framing;
mod input;
mod link;
pub(crate) mod output;
pub(crate) mod reader;
mod sink;
mod source;
mod stats;
pub(crate) mod writer;
