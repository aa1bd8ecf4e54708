//! Messages from standard input to an object and from an object to standard output.
//!
//! `shm writer`, `shm reader` and what only they need belong here. Only `link`, `sink` and `source`
//! know whether an object is a mailbox, a bus, or has the classic layout. Commands that only
//! observe objects belong in `operators`.

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
