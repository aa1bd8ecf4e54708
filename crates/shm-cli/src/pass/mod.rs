//! Messages from standard input to an object and from an object to standard output.
//!
//! Here live `shm writer`, `shm reader` and what only they need. Whether an object is a mailbox, a
//! bus, or has the classic layout is known to `link`, `sink` and `source` alone. What looks at
//! objects from outside belongs to `operators`.

mod framing;
mod input;
mod lines;
mod link;
pub(crate) mod output;
pub(crate) mod reader;
mod sink;
mod source;
mod stats;
pub(crate) mod writer;
