//! What the command asks the machine: who its users are, who has an object open, where objects
//! live.
//!
//! Here live questions whose answers are files and system calls. What an answer means to the user,
//! and which exit status it is, does not belong here.

pub(crate) mod people;
pub(crate) mod place;
pub(crate) mod procfs;
