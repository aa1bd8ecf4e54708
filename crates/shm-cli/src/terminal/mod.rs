//! The terminal, the three standard streams and the signals, as this process got them.
//!
//! Here lives what the command may show and what may interrupt it. Nothing here knows of objects,
//! commands or failures: errors are the system's.

pub(crate) mod escape;
pub(crate) mod locale;
pub(crate) mod progress;
pub(crate) mod screen;
pub(crate) mod signals;
pub(crate) mod stdio;
