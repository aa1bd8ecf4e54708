//! The command's own documentation: its manual pages and its completions.
//!
//! Here lives what is generated from the definitions of the command line in `args`. The texts that
//! stand there, and what a command prints of objects, do not belong here.

pub(crate) mod completions;
pub(crate) mod manual;
